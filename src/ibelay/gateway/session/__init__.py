"""One client of the gateway: bytes in, bytes out. Pure."""
