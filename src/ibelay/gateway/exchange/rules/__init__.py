"""What may be asked of an order, and IB's answers where it may not. Pure."""
