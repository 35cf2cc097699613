"""The bad half-hour that a drill plays, and how much of it. Pure but for the file it ships."""
