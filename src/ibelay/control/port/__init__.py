"""The control port: HTTP on loopback, JSON only, with a token. Pure but listener, token, remote."""
