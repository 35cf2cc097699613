"""The HTTP API and the status page; reads status, sends commands."""
