"""The order desk: a client's orders, and what it may see of others'. Pure."""

from ibelay.gateway.session.desks.orders.desk import OrderDesk

__all__ = ["OrderDesk"]
