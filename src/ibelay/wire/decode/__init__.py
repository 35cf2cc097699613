"""Client bytes to requests: one table of readers per family of requests. Pure."""

from ibelay.wire.decode.message import decode

__all__ = ["decode"]
