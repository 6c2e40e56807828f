"""Processes that run the user's Python. Knows no algorithm and no engine."""
