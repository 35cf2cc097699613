"""What the commands do that gateway and proxy have in common. Pure but for whose they are."""
