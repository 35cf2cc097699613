"""The line of a client: what goes wrong with messages between a server and its socket. Pure."""
