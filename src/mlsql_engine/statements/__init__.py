"""What each statement does: one file per statement, whose docstring is its manual page."""
