"""The formats of load and save."""
