"""DuckDB inside the process: the engine of a laptop."""
