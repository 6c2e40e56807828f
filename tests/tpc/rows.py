"""Small tables for the queries of TPC-H and TPC-DS: drawn with a fixed seed, from the words that they look for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from tpc.schemas import tables

_COMPARED = re.compile(r"(\w+)\s*(?:=|<>|>=|<=|>|<)\s*('[^']*'|\d+)")
_AMONG = re.compile(
    r"(?:substr(?:ing)?\()?(\w+)(?:\s*,\s*1\s*,\s*\d+\s*\))?\s+in\s*\(((?:\s*(?:'[^']*'|\d+)\s*,?)+)\)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"(\w+)\s+between\s+(\d+)\s+and\s+(\d+)", re.IGNORECASE)
_VALUE = re.compile(r"'([^']*)'|(\d+)")
_RETURNED = (
    ("store_returns", "store_sales", "sr_item_sk=ss_item_sk sr_ticket_number=ss_ticket_number "
     "sr_customer_sk=ss_customer_sk sr_cdemo_sk=ss_cdemo_sk sr_store_sk=ss_store_sk"),
    ("catalog_returns", "catalog_sales", "cr_item_sk=cs_item_sk cr_order_number=cs_order_number "
     "cr_returning_customer_sk=cs_bill_customer_sk cr_refunded_customer_sk=cs_bill_customer_sk"),
    ("web_returns", "web_sales", "wr_item_sk=ws_item_sk wr_order_number=ws_order_number "
     "wr_returning_customer_sk=ws_bill_customer_sk wr_web_page_sk=ws_web_page_sk"),
)  # fmt: skip
"""Tables of returns, of sales, and the columns in which they are of one thing."""

FIRST_DAY = date(1998, 1, 1)


def wanted_words(queries: Iterable[str]) -> dict[str, list[str]]:
    """By column, the constants that the queries compare it with."""
    found: dict[str, set[str]] = defaultdict(set)
    for query in queries:
        for column, value in _COMPARED.findall(query):
            found[column.lower()].add(value.strip("'"))
        for column, values in _AMONG.findall(query):
            found[column.lower()].update(text or digits for text, digits in _VALUE.findall(values))
        for column, low, high in _BETWEEN.findall(query):
            found[column.lower()].update(map(str, range(int(low), min(int(high), int(low) + 20) + 1)))
    return {column: sorted(values) for column, values in found.items()}


def write_tables(schema: str, queries: Iterable[str], folder: Path, *, seed: int = 7) -> list[str]:
    """Write every table of the schema as parquet into the folder; the tables' names come back."""
    all_tables = tables(schema)
    words = wanted_words(queries)
    made: dict[str, pa.Table] = {}
    counts = {name: count for name, (count, _) in all_tables.items()}
    for name, (count, columns) in all_tables.items():
        random = Random(f"{seed} {name}")
        columns_of = {
            column: _column(random, (column, kind), count, counts, words.get(column, []))
            for column, kind in columns.items()
        }
        if name == "date_dim":
            columns_of.update(_calendar(count))
        if name == "time_dim":
            columns_of.update(_clock(count))
        if name == "income_band":
            lower = [index * 10_000 + (index > 0) for index in range(count)]
            columns_of["ib_lower_bound"] = pa.array(lower, pa.int32())
            columns_of["ib_upper_bound"] = pa.array([(index + 1) * 10_000 for index in range(count)], pa.int32())
        made[name] = pa.table(columns_of)
    for returns, sales, pairs in _RETURNED:
        if returns in made:
            made[returns] = _returned(Random(f"{seed} {returns}"), made[returns], made[sales], pairs)
    for name, table in made.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return list(made)


def _returned(random: Random, returns: pa.Table, sales: pa.Table, pairs: str) -> pa.Table:
    """Most returns are of something that was sold."""
    chosen = pa.array([random.randrange(sales.num_rows) for _ in range(returns.num_rows)])
    for pair in pairs.split():
        returned, sold = pair.split("=")
        place = returns.column_names.index(returned)
        returns = returns.set_column(place, returned, sales.column(sold).take(chosen))
    return returns


def _column(random: Random, of: tuple[str, str], count: int, counts: dict[str, int], wanted: list[str]) -> pa.Array:
    """The values of a column, which is given by its name and its kind."""
    name, kind = of
    match kind:
        case "key":
            return pa.array(range(1, count + 1), pa.int32())
        case "i":
            numbers = [int(word) for word in wanted if word.isdigit()] + [1, 2, 3, 5, 8, 20]
            top = 60 if "order_number" in name or "ticket_number" in name else 0
            return pa.array(
                [random.randint(1, count // 3) if top else random.choice(numbers) for _ in range(count)], pa.int32()
            )
        case "m":
            cents = [Decimal(_cents(random, name)).scaleb(-2) for _ in range(count)]
            return pa.array(cents, pa.decimal128(15, 2))
        case "d":
            days = [FIRST_DAY + timedelta(random.randrange(1827)) for _ in range(count)]
            return pa.array(days, pa.date32())
        case "s":
            choices = [word for word in wanted if word] or [f"{name} {index}" for index in range(5)]
            if name.endswith("_id"):
                choices = [f"{name[:6].upper()}{index:010d}" for index in range(max(count // 2, 1))]
            return pa.array([random.choice(choices) for _ in range(count)], pa.string())
    # A few foreign keys lead nowhere: they are NULL.
    keys = [random.randint(1, counts[kind]) if random.random() > 0.02 else None for _ in range(count)]
    return pa.array(keys, pa.int32())


def _cents(random: Random, name: str) -> int:
    if "gmt_offset" in name:
        return random.choice((-500, -600, -700))
    if "discount" in name and name.startswith("l_"):
        return random.randrange(11)
    if "tax" in name:
        return random.randrange(9)
    if "quantity" in name:
        return random.randrange(1, 51) * 100
    return int(random.random() * 20_000) + 100


def _calendar(count: int) -> dict[str, pa.Array]:
    days = [FIRST_DAY + timedelta(index) for index in range(count)]
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    numbers = {
        "d_month_seq": [(day.year - 1900) * 12 + day.month - 1 for day in days],
        "d_week_seq": [(day.toordinal() + 1) // 7 - 98_992 for day in days],
        "d_quarter_seq": [(day.year - 1900) * 4 + (day.month - 1) // 3 for day in days],
        "d_year": [day.year for day in days],
        "d_fy_year": [day.year for day in days],
        "d_dow": [day.isoweekday() % 7 for day in days],
        "d_moy": [day.month for day in days],
        "d_dom": [day.day for day in days],
        "d_qoy": [(day.month + 2) // 3 for day in days],
    }
    return {
        "d_date": pa.array(days, pa.date32()),
        "d_day_name": pa.array([names[day.weekday()] for day in days]),
        "d_quarter_name": pa.array([f"{day.year}Q{(day.month + 2) // 3}" for day in days]),
        **{column: pa.array(values, pa.int32()) for column, values in numbers.items()},
    }


def _clock(count: int) -> dict[str, pa.Array]:
    seconds = [index * 86_400 // count for index in range(count)]
    meals = {7: "breakfast", 8: "breakfast", 12: "lunch", 18: "dinner", 19: "dinner"}
    numbers = {
        "t_time": seconds,
        "t_hour": [second // 3600 for second in seconds],
        "t_minute": [second % 3600 // 60 for second in seconds],
        "t_second": [second % 60 for second in seconds],
    }
    return {
        "t_meal_time": pa.array([meals.get(second // 3600) for second in seconds], pa.string()),
        "t_am_pm": pa.array(["AM" if second < 43_200 else "PM" for second in seconds]),
        **{column: pa.array(values, pa.int32()) for column, values in numbers.items()},
    }
