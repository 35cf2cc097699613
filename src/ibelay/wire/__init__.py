"""TWS bytes to messages and back, for server versions 157 to 178. Pure."""
