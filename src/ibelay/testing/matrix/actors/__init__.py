"""Who goes through a scenario: a bot of ibelay, and what people run instead."""
