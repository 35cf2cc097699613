"""The pure exchange: one account, its orders, matching against quotes. Pure."""
