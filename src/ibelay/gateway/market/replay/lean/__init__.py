"""Replay of LEAN data folders: the files there are, their contracts, their rows."""
