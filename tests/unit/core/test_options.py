"""Options as text, and the dataclass they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest

from mlsql_engine.core.duration import Duration
from mlsql_engine.core.errors import BadValue, MlsqlError, UnknownOption
from mlsql_engine.core.options import (
    FilePath,
    OptionDoc,
    TableName,
    describe,
    option,
    option_problems,
    parse_options,
    referenced_tables,
    texts_of,
)
from mlsql_engine.core.span import Source, Span
from mlsql_engine.core.text import Text


@dataclass(frozen=True)
class Sample:
    """Every kind of option."""

    script_path: FilePath = option(doc="the script", aliases=("scriptFile",))
    header: bool = option(False, doc="a header line")
    many: int = option(3, doc="how many")
    share: float = option(0.5, doc="what share")
    word: str = option("w", doc="a word")
    mode: Literal["Fast", "slow"] = option("Fast", doc="how")
    timeout: Duration | None = option(None, doc="how long")
    count: int | None = option(None, doc="how many at most")
    table: TableName | None = option(None, doc="a table")
    written: Text | None = option(None, name="systemParam.written", doc="as written")
    fit_param: Mapping[str, Text] = option({}, doc="parameters")
    internal: int = field(default=7)


def texts(**options: str) -> list[tuple[Text, Text]]:
    return written([(key.replace("__", "."), value) for key, value in options.items()])


def written(options: list[tuple[str, str]]) -> list[tuple[Text, Text]]:
    """Options as the parser gives them, with their places in a source of one line."""
    source = Source("s", " and ".join(f'{key}="{value}"' for key, value in options))
    result = []
    at = 0
    for key, value in options:
        start = at + len(key) + 1
        name = Text.literal(key, Span(source, at, at + len(key)))
        result.append(
            (name, Text.literal(value, Span(source, start, start + len(value) + 2), start + 1, quoted=True))
        )
        at = start + len(value) + 2 + len(" and ")
    return result


def parse(**options: str) -> Sample:
    return parse_options(Sample, texts(scriptPath="a.py", **options), owner="sample")


def failure(options: list[tuple[str, str]]) -> MlsqlError:
    with pytest.raises(MlsqlError) as caught:
        parse_options(Sample, written(options), owner="sample")
    return caught.value


PATH = ("scriptPath", "a.py")


def test_defaults() -> None:
    sample = parse()
    assert sample.script_path.value == "a.py"
    assert (sample.header, sample.many, sample.share, sample.word, sample.mode) == (False, 3, 0.5, "w", "Fast")
    assert (sample.timeout, sample.count, sample.table, sample.written) == (None, None, None, None)
    assert sample.fit_param == {}
    assert sample.internal == 7


@pytest.mark.parametrize(
    ("key", "value", "field_name", "result"),
    [
        ("header", "true", "header", True),
        ("HEADER", "FALSE", "header", False),
        ("header", " True ", "header", True),
        ("many", "12", "many", 12),
        ("many", "-1", "many", -1),
        ("share", "2", "share", 2.0),
        ("share", "1e-3", "share", 0.001),
        ("word", "", "word", ""),
        ("word", " kept ", "word", " kept "),
        ("mode", "FAST", "mode", "Fast"),
        ("mode", "Slow", "mode", "slow"),
        ("timeout", "2m", "timeout", 120.0),
        ("count", "9", "count", 9),
    ],
)
def test_values_become_what_the_field_is(key: str, value: str, field_name: str, result: object) -> None:
    got = getattr(parse(**{key: value}), field_name)
    assert got == result
    assert type(got) is type(result)


def test_paths_tables_and_texts_keep_their_place() -> None:
    sample = parse(table="t", systemParam__written="w")
    assert sample.table is not None
    assert sample.written is not None
    assert sample.table.span.text == '"t"'
    assert sample.written.value == "w"
    assert sample.script_path.span.text == '"a.py"'


def test_an_alias_is_the_same_option() -> None:
    sample = parse_options(Sample, texts(SCRIPTFILE="b.py"), owner="sample")
    assert sample.script_path.value == "b.py"


def test_a_mapping_takes_the_keys_below_its_name_as_they_were_written() -> None:
    sample = parse(fitParam__0__maxDepth="3", FITPARAM__alpha="0.1")
    assert {key: text.value for key, text in sample.fit_param.items()} == {"0.maxDepth": "3", "alpha": "0.1"}


@pytest.mark.parametrize(
    ("key", "value", "message", "hint"),
    [
        ("header", "yes", "the option 'header' is true or false, not 'yes'", None),
        ("many", "2.0", "the option 'many' is a whole number, not '2.0'", None),
        ("count", "", "the option 'count' is a whole number, not ''", None),
        ("share", "half", "the option 'share' is a number, not 'half'", None),
        ("timeout", "0", "the option 'timeout' is a length of time such as 30s, 10m or 2h, not '0'", None),
        ("mode", "quick", "the option 'mode' cannot be 'quick'", "it is one of: Fast, slow"),
    ],
)
def test_a_value_of_the_wrong_form(key: str, value: str, message: str, hint: str | None) -> None:
    error = failure([PATH, (key, value)])
    assert isinstance(error, BadValue)
    assert (error.message, error.hint) == (message, hint)
    assert error.span is not None
    assert error.span.text == f'"{value}"'


def test_an_unknown_option_is_placed_at_its_name_and_guessed() -> None:
    error = failure([PATH, ("heder", "true")])
    assert isinstance(error, UnknownOption)
    assert error.message == "'heder' is not an option of sample"
    assert error.hint == "did you mean 'header'?"
    assert error.span is not None
    assert error.span.text == "heder"


def test_an_unknown_option_lists_the_public_names() -> None:
    error = failure([PATH, ("zzz", "true")])
    assert error.hint == (
        "known: count, fitParam.…, header, many, mode, scriptPath, share, systemParam.written, table, timeout, word"
    )


@pytest.mark.parametrize("key", ["fitParam", "internal", "script_path", "fitParamX.a"])
def test_these_are_no_options(key: str) -> None:
    assert isinstance(failure([PATH, (key, "1")]), UnknownOption)


@pytest.mark.parametrize(
    ("first", "second"),
    [("header", "Header"), ("scriptPath", "scriptFile"), ("fitParam.0.a", "fitParam.0.a")],
)
def test_an_option_twice(first: str, second: str) -> None:
    options = [(first, "true"), (second, "true")]
    error = failure(options if first == "scriptPath" else [PATH, *options])
    assert isinstance(error, BadValue)
    assert error.message == f"the option '{second}' is given twice"
    assert error.span is not None
    assert error.span.text == second
    assert error.span.start > 0


def test_a_required_option_is_missing() -> None:
    error = failure([("header", "true")])
    assert (error.message, error.hint) == ("sample needs the option 'scriptPath'", "scriptPath: the script")


def test_the_tables_that_options_name() -> None:
    assert referenced_tables(parse()) == {}
    assert {name: text.value for name, text in referenced_tables(parse(table="t")).items()} == {"table": "t"}


def test_what_the_docs_list() -> None:
    assert describe(Sample) == [
        OptionDoc("scriptPath", "a path", "", "the script"),
        OptionDoc("header", "true or false", "false", "a header line"),
        OptionDoc("many", "a whole number", "3", "how many"),
        OptionDoc("share", "a number", "0.5", "what share"),
        OptionDoc("word", "text", "w", "a word"),
        OptionDoc("mode", "Fast | slow", "Fast", "how"),
        OptionDoc("timeout", "a length of time such as 30s, 10m or 2h", "", "how long"),
        OptionDoc("count", "a whole number", "", "how many at most"),
        OptionDoc("table", "a table", "", "a table"),
        OptionDoc("systemParam.written", "text", "", "as written"),
        OptionDoc("fitParam.*", "text", "", "parameters"),
    ]


def problems(unknown: tuple[str, ...] = (), /, **options: str) -> list[str]:
    found = option_problems(Sample, texts(**options), owner="train X", known=lambda text: text.value not in unknown)
    return [problem.message for problem in found]


def test_every_problem_at_once() -> None:
    assert problems(header="x", mny="1", mode="quick", count="1", COUNT="2") == [
        "the option 'header' is true or false, not 'x'",
        "'mny' is not an option of train X",
        "the option 'mode' cannot be 'quick'",
        "the option 'COUNT' is given twice",
    ]


def test_what_is_missing_is_told_where_nothing_else_is_wrong() -> None:
    assert problems(header="true") == ["train X needs the option 'scriptPath'"]
    assert problems(scriptPth="a.py") == ["'scriptPth' is not an option of train X"]
    assert problems(scriptPath="a.py", fitParam__0__a="1") == []


def test_only_the_key_is_looked_at_where_the_value_is_not_known() -> None:
    assert problems(("?",), scriptPath="?", header="?", mode="?") == []
    assert problems(("?",), scriptPath="?", haeder="?") == ["'haeder' is not an option of train X"]
    assert problems(("?",), scriptPath="a", header="?", count="x") == [
        "the option 'count' is a whole number, not 'x'"
    ]


def test_texts_of_a_kind_whatever_else_is_wrong() -> None:
    options = texts(scriptFile="a.py", table="t", header="x", nothing="y", written="z", fitParam__table="u")
    assert [text.value for text in texts_of(Sample, FilePath, options)] == ["a.py"]
    assert [text.value for text in texts_of(Sample, TableName, options)] == ["t"]
    assert texts_of(Sample, TableName, texts(header="true")) == []
