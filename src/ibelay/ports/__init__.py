"""Protocols: what the runtime needs from the outside world. No code that runs."""
