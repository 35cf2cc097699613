"""What exists to be traded: instruments of every kind, made of a list of words. Pure."""
