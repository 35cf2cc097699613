"""The desks of the account: figures, positions, profit, each family one desk. Pure."""
