"""The resilience layer for trading bots on Interactive Brokers."""

__version__ = "0.1.0"
