"""The pure exchange: accounts, working orders, matching. Pure."""
