"""What each command does that the proxy does otherwise than a gateway. Pure."""
