"""The proxy that stands between any client and any gateway, and breaks the line."""
