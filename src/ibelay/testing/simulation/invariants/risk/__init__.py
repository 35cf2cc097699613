"""What is at risk at the broker: positions without a stop, and more of them than there may be."""
