"""Records, hash chain and the ledger, which is a fold over records. Pure."""
