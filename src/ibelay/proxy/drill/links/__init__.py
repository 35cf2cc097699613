"""Connections as the judge sees them: lost, noticed, made again, and what flows on them. Pure."""
