"""How appends become commits: in a thread of its own, or called back by a simulation."""
