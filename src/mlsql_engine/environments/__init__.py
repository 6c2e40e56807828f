"""Which Python runs the user's scripts."""
