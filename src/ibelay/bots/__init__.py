"""Reference strategies, on the public API only."""
