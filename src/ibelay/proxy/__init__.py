"""The proxies that stand between any client and any gateway, and break the line."""
