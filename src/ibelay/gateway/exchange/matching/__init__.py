"""What an order sees of the market: hours, prices, triggers, conditions. Pure."""
