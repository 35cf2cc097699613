"""placeOrder, read in three steps: its layout, its lists, its meaning. Pure."""

from ibelay.wire.decode.order.place import read_place_order

__all__ = ["read_place_order"]
