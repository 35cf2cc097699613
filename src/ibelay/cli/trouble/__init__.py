"""Commands that make things go wrong: chaos, its control, drills and simulation."""
