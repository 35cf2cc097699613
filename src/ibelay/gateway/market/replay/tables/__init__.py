"""Replay of one table in a CSV or Parquet file: its columns, and how each is read."""
