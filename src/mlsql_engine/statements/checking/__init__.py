"""mlsql check: everything that can be known to be wrong with a script without running it."""
