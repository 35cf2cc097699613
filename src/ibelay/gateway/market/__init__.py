"""Prices: a seeded synthetic market, or replay of LEAN-format data. Reads files only to load."""
