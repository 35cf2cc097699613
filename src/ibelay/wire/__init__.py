"""TWS bytes to messages and back. Pure: no sockets here."""
