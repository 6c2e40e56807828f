"""The command `mlsql`."""
