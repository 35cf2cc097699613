"""The pure machines: connection, liveness, back-off, broker clock, order life. Pure."""
