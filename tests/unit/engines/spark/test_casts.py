"""Spark's functions of casts, types, NULLs and structs on DuckDB: the values that Spark 4.3 gives with its ANSI mode off."""

# ruff: noqa: DTZ001, E501
from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from unit.engines.duckdb.sessions import EngineSession
from unit.engines.spark.values import same

VALUES: list[tuple[str, Any]] = [
    ("cast('3.7' as int)", 3),
    ("cast('abc' as int)", None),
    ("cast(' 12 ' as int)", 12),
    ("cast('' as int)", None),
    ("cast(1e10 as string)", "1.0E10"),
    ("cast(1.0 as string)", "1.0"),
    ("cast(true as string)", "true"),
    ("cast(1.5 as decimal)", Decimal("2")),
    ("cast('1.555' as decimal(5,2))", Decimal("1.56")),
    ("cast(100000 as decimal(3,0))", None),
    ("cast('yes' as boolean)", True),
    ("cast('n' as boolean)", False),
    ("cast('x' as boolean)", None),
    ("cast(0 as boolean)", False),
    ("cast(3.99 as bigint)", 3),
    ("nanvl(cast('nan' as double),1.0D)", 1.0),
    ("isnull(null)", True),
    ("isnotnull(1)", True),
    ("nvl(null,1)", 1),
    ("nvl2(null,1,2)", 2),
    ("ifnull(null,3)", 3),
    ("nullif(1,1)", None),
    ("coalesce(null,2)", 2),
    ("if(null,1,2)", 2),
    ("greatest(1,null,3)", 3),
    ("least(null,2)", 2),
    ("typeof(1)", "int"),
    ("typeof(1L)", "bigint"),
    ("typeof('a')", "string"),
    ("typeof(1.5)", "decimal(2,1)"),
    ("typeof(1.5D)", "double"),
    ("typeof(struct(1,'a'))", "struct<col1:int,col2:string>"),
    ("typeof(null)", "void"),
    ("1 <=> null", False),
    ("null <=> null", True),
    ("named_struct('a',1).a", 1),
    ("struct(1,2).col1", 1),
    ("cast('1e3' as int)", None),
    ("cast('12abc' as bigint)", None),
    ("cast('9999999999' as int)", None),
    ("cast('true' as boolean)", True),
    ("cast('t' as boolean)", True),
    ("cast(null as string)", None),
    ("cast(1 as boolean)", True),
    ("cast(12.75 as int)", 12),
    ("cast(-12.75D as bigint)", -12),
    ("cast(0.00001D as string)", "1.0E-5"),
    ("cast(123456789.0D as string)", "1.23456789E8"),
    ("cast(1.10 as string)", "1.10"),
    ("cast('1.5' as double)", 1.5),
    ("cast('abc' as double)", None),
    ("cast('1.256' as decimal(4, 2))", Decimal("1.26")),
    ("cast(12345 as decimal(4, 2))", None),
    ("cast('abc' as binary)", b"abc"),
    ("try_cast('x' as int)", None),
    ("int('7')", 7),
    ("string(5)", "5"),
    ("double('2.5')", 2.5),
    ("boolean('no')", False),
    ("bigint(3.9)", 3),
    ("decimal('3.7')", Decimal("4")),
    ("date('2020-01-01')", date(2020, 1, 1)),
    ("timestamp('2020-01-01')", datetime(2020, 1, 1, 0, 0)),
    ("cast(true as int)", 1),
    ("cast('  5' as double)", 5.0),
    ("'5' + 1", 6.0),
    ("'5' * '2'", 10.0),
    ("typeof(cast(1 as smallint))", "smallint"),
    ("typeof(1.0F)", "float"),
    ("typeof(timestamp '2020-01-01 00:00:00')", "timestamp"),
    ("typeof(true)", "boolean"),
    ("coalesce(null, null)", None),
    ("nvl('a', 'b')", "a"),
    ("if(1 > 2, 'a', 'b')", "b"),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_value(session: EngineSession, expression: str, value: Any) -> None:
    ((found,),) = session.rows(f"select {expression}")
    same(found, value)
