"""Prices: a seeded synthetic market, or replay of recordings. Reads files only to load."""

from ibelay.gateway.market.replay.lean.market import lean
from ibelay.gateway.market.synthetic import synthetic

__all__ = ["lean", "synthetic"]
