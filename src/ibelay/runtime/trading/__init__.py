"""One turn of the strategy: facts, decisions, protection, books, and what leaves."""
