"""What must never be seen in any run (I1-I16), checked one observation at a time. Pure."""
