"""The adapter to ib_async: one fresh client per connection, raw callbacks to our events."""
