"""Random bytes as scripts: `make fuzz`."""
