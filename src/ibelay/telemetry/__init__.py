"""Logs (metrics and alerts come later)."""
