"""What each command does to a gateway, and what a control port shows of it. Pure."""
