"""How synthetic prices are made: paths of minutes, then seconds, quotes and prints. Pure."""
