"""The doors: commands. Everything heavy is imported inside a command."""
