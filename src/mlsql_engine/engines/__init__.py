"""Where tables live and SQL runs. `base` says what an engine is; each engine is a folder of its own."""
