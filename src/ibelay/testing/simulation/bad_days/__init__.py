"""Bad days: what goes wrong in a run, drawn from its seed before it begins. Pure."""
