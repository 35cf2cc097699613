"""Recorded prices: LEAN folders, CSV and Parquet files. Reads files only to load a market."""
