"""Values of the trading world, in IB's own terms. Pure: frozen, no clock, no I/O."""
