"""The board: what is shown of each instrument, and the ticks by which it changes. Pure."""
