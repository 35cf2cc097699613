"""What happens to orders: each act a few functions on a turn of the pit. Pure."""
