"""What derived instruments are worth: options, futures, bonds. Pure functions of floats."""
