"""One client's side of the gateway: bytes in, bytes out, and the floor they share. Pure."""
