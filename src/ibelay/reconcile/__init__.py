"""(ledger, broker snapshot, policy) to plan. Pure."""
