"""A market for simulations: few quotes, so that years of it can be played. Pure."""
