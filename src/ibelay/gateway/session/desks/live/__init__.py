"""Prices as they come: quotes, ticks, depth, bars. Pure."""
