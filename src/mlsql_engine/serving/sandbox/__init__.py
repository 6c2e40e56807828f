"""Queries of requests that need an engine: in a process that holds the rows of one request and nothing else."""
