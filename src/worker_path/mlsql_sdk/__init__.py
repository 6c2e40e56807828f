"""What runs beside a user's script inside a worker. Standard library only, until data asks for more."""
