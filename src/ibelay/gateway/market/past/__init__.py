"""The days before a synthetic market's day, and bars of years of them. Pure."""
