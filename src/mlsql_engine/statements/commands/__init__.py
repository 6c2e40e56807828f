"""The !commands: one file per command, whose docstring is its manual page."""
