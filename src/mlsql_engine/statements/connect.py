"""connect: give a name to where a format's data are, and how to get there.

    connect FORMAT [where key="value" and …] as name;

Options that many loads would repeat, such as an address and a user, are written once; then
load FORMAT.`name.table` takes them from there, and adds its own. The formats that can be connected to are those
that `!show sources` says so of. A name that is used again stands for the new place from then on. Nothing is opened
before something is loaded.

For jdbc the option url names a sqlite file or a PostgreSQL database: jdbc:sqlite:shop.db,
jdbc:postgresql://host:5432/shop. It needs `pip install 'mlsql-engine[jdbc]'`. A relative path starts from the
folder of the script. The password is shown nowhere; a variable keeps it out of a script: password="${dbPassword}".
sqlite has a type for each value, not for a column: the declaration and the first rows tell it, and a column of text
and numbers is text. It keeps decimals as double, true as 1, and times as text in UTC.

    connect jdbc where url="jdbc:sqlite:shop.db" as shop;
    select 1 as id, 'tea' as item as orders;
    save overwrite orders as jdbc.`shop.orders`;
    load jdbc.`shop.orders` as loaded;
    load jdbc.`shop` where query="select item from orders where id = 1" as tea;
"""

from __future__ import annotations

from typing import Any

from mlsql_engine.language.ast import ConnectStatement
from mlsql_engine.sources.base import Connection
from mlsql_engine.sources.base import options_of as source_options
from mlsql_engine.statements.context import Context, Outcome, options_of


def execute(statement: ConnectStatement, context: Context) -> Outcome:
    """Keep the options. Raises UnknownName for the format, and for one that cannot be connected to."""
    source, options_class = source_options(context.session.sources, statement.format, "connect_options")
    options: Any = options_of(options_class, statement.options, f"connect {source.name}")
    context.session.connections[statement.name.value.lower()] = Connection(source, options)
    return Outcome()
