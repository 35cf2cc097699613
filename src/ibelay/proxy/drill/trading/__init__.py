"""Orders, fills and positions as the judge sees them. Pure."""
