"""Who commands a gateway: commands, scenarios and the control port. Pure but for port and state."""
