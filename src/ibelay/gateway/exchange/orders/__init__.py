"""An order inside the exchange, what holds it to others, and why it is refused. Pure."""
