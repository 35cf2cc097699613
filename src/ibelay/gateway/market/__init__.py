"""Prices: a seeded synthetic market, or replay of LEAN-format data. Reads files only to load."""

from ibelay.gateway.market.lean import lean
from ibelay.gateway.market.synthetic import synthetic

__all__ = ["lean", "synthetic"]
