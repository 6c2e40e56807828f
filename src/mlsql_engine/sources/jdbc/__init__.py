"""The format jdbc: tables of databases, read and written through their ADBC drivers as Arrow."""

from mlsql_engine.sources.jdbc.source import JdbcSource

__all__ = ["JdbcSource"]
