"""insert: add rows to a table that create made.

    insert into [table] name [(column, …)] values (…), …;
    insert into [table] name [(column, …)] select …;
    insert overwrite [table] name select …;

Handed to the engine, in Spark SQL. All rows are added or none; `overwrite` puts them in the place of those that
were there. Columns that are not named get NULL. What a select, a load or a view made is no table to insert into:
create table name as select * from it first.

    create table sales (product string, amount int);
    insert into sales values ('tea', 3);
    insert into sales (product) select 'milk';
"""

from mlsql_engine.statements.create import execute

__all__ = ["execute"]
