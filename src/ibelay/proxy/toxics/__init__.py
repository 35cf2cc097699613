"""What happens to bytes, whatever they mean: late, slow, in pieces, not at all. Pure."""
