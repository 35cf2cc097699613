"""Commands of the paper gateway, and its control."""
