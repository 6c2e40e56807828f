"""refresh: look at a table's files again.

    refresh table name;

Handed to the engine, in Spark SQL. Which files a folder or pattern stands for, their columns and rows that were
kept are found out anew, for the table and for every view of it.

    load csv.`data/*.csv` where header="true" as t;
    refresh table t;
"""

from mlsql_engine.statements.create import execute

__all__ = ["execute"]
