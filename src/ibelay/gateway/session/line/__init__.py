"""The line of a client: what goes wrong between its desks and its socket, and IB's pacing. Pure."""
