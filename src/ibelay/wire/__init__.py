"""TWS bytes to messages and back, for server versions 176 to 178. Pure."""
