"""The journal on SQLite, and in memory."""
