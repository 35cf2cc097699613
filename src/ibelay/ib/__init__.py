"""The adapter to ib_async: one fresh client per connection, raw callbacks become our events.

Not pure: owns sockets. Only its codec is ib_async's; no bookkeeping of ib_async runs here.
"""
