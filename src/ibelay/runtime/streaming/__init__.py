"""Streams of quotes and bars: asked for, looked after, and without gaps."""
