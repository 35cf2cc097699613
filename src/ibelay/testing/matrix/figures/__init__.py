"""What a run measured, from observations alone. Pure."""
