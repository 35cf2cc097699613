"""The report for people and machines: on a screen, as Markdown, as JSON. Pure."""
