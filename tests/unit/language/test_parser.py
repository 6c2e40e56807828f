"""Text to statements: every form, where each word was written, and that nothing else is ever raised."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines_run import lines_run
from mlsql_engine.core.errors import MlsqlError, SyntaxProblem
from mlsql_engine.core.span import Source
from mlsql_engine.core.text import Text
from mlsql_engine.language import ast
from mlsql_engine.language.parser import parse

FOLDER = Path("/scripts")


def statements(text: str) -> tuple[ast.Statement, ...]:
    return parse(Source("s", text, FOLDER)).statements


def statement(text: str) -> ast.Statement:
    (only,) = statements(text)
    return only


def plain(node: Any) -> Any:
    """A part of a statement without its places: texts as their values, in quotes where they were quoted."""
    match node:
        case Text():
            return ("quoted", node.value) if node.quoted else node.value
        case ast.Option():
            return (plain(node.key), plain(node.value))
        case ast.Target():
            return (plain(node.name), plain(node.path))
        case tuple():
            return [plain(item) for item in node]
    return node


def parts(node: ast.Statement) -> dict[str, Any]:
    return {field.name: plain(getattr(node, field.name)) for field in fields(node) if field.name != "span"}


def q(value: str) -> tuple[str, str]:
    return ("quoted", value)


LOAD = {"source": ("csv", q("a.csv")), "options": [], "table": "t"}
SAVE = {"mode": "errorIfExists", "table": "t", "target": ("csv", q("o")), "options": [], "partition_by": []}
TRAIN = {"table": "t", "algorithm": ("PythonAlg", q("m")), "options": [], "result": None}
REGISTER = {"algorithm": ("PythonAlg", q("m")), "function": "f", "options": []}


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("load csv.`a.csv` as t;", ast.LoadStatement, LOAD),
        ("LOAD csv . `a.csv` AS t;", ast.LoadStatement, LOAD),
        ("load csv.`a.csv` as `my t`;", ast.LoadStatement, {**LOAD, "table": q("my t")}),
        ("load csv.`a.csv` as load;", ast.LoadStatement, {**LOAD, "table": "load"}),
        ("load csv.`a.csv` as where;", ast.LoadStatement, {**LOAD, "table": "where"}),
        ("load csv.`a.csv` as 表;", ast.LoadStatement, {**LOAD, "table": "表"}),
        ("load csv.`${dir}/a;b.csv` as ${p}_t;", ast.LoadStatement, {
            **LOAD, "source": ("csv", q("${dir}/a;b.csv")), "table": "${p}_t"}),
        ("load a.b.c.`` as t;", ast.LoadStatement, {**LOAD, "source": ("a.b.c", q(""))}),
        ('load csv.`a.csv` where header="true" as t;', ast.LoadStatement, {
            **LOAD, "options": [("header", q("true"))]}),
        ("load csv.`a.csv` options and header='x' and a.b=1 as t;", ast.LoadStatement, {
            **LOAD, "options": [("header", q("x")), ("a.b", "1")]}),
        ("load csv.`a.csv` where as=1 as t;", ast.LoadStatement, {**LOAD, "options": [("as", "1")]}),
        ("load csv.`a.csv` where `fitParam.0.a`=-1.5e3 and fitParam.0.`b`=True and c=`x` as t;",
         ast.LoadStatement, {**LOAD, "options": [
             ("fitParam.0.a", "-1.5e3"), ("fitParam.0.b", "True"), ("c", q("x"))]}),
        ("load csv.`a.csv` where a='''x 'y' ''' and b=\"\"\"p \"q\" \"\"\" as t;", ast.LoadStatement, {
            **LOAD, "options": [("a", q("x 'y' ")), ("b", q('p "q" '))]}),
        ("select 1 as a as t;", ast.SelectStatement, {"query": "select 1 as a", "table": "t"}),
        ("SELECT 1 AS t;", ast.SelectStatement, {"query": "SELECT 1", "table": "t"}),
        ("select 1 as `a b`;", ast.SelectStatement, {"query": "select 1", "table": q("a b")}),
        ("select a -- as x\n from t /* as y */ as z /* end */;", ast.SelectStatement, {
            "query": "select a -- as x\n from t /* as y */", "table": "z"}),
        ("select 'as x' as t;", ast.SelectStatement, {"query": "select 'as x'", "table": "t"}),
        ("with x as (select 1) select * from x as t;", ast.SelectStatement, {
            "query": "with x as (select 1) select * from x", "table": "t"}),
        ("select ';' as a\n\n as\n ${p};", ast.SelectStatement, {"query": "select ';' as a", "table": "${p}"}),
        ("save t as csv.`o`;", ast.SaveStatement, SAVE),
        ("save OverWrite t as csv.`o`;", ast.SaveStatement, {**SAVE, "mode": "overwrite"}),
        ("save append t as csv.`o`;", ast.SaveStatement, {**SAVE, "mode": "append"}),
        ("save errorifexists t as csv.`o`;", ast.SaveStatement, SAVE),
        ("save ignore t as csv.`o`;", ast.SaveStatement, {**SAVE, "mode": "ignore"}),
        ("save append as csv.`o`;", ast.SaveStatement, {**SAVE, "table": "append"}),
        ("save append append as csv.`o`;", ast.SaveStatement, {**SAVE, "mode": "append", "table": "append"}),
        ("save overwrites as csv.`o`;", ast.SaveStatement, {**SAVE, "table": "overwrites"}),
        ("save t as csv.`o` where header=true partitionBy a, `b c`;", ast.SaveStatement, {
            **SAVE, "options": [("header", "true")], "partition_by": ["a", q("b c")]}),
        ("save t as csv.`o` PARTITIONBY a;", ast.SaveStatement, {**SAVE, "partition_by": ["a"]}),
        ('set a = "b";', ast.SetStatement, {"name": "a", "value": q("b"), "options": []}),
        ("set a = `b`;", ast.SetStatement, {"name": "a", "value": q("b"), "options": []}),
        ("set a='''x\n;y''' where type='text' and scope=\"session\";", ast.SetStatement, {
            "name": "a", "value": q("x\n;y"), "options": [("type", q("text")), ("scope", q("session"))]}),
        ("set set=1;", ast.SetStatement, {"name": "set", "value": "1", "options": []}),
        ("train t as PythonAlg.`m`;", ast.TrainStatement, TRAIN),
        ("run t as PythonAlg.`m` as r;", ast.TrainStatement, {**TRAIN, "result": "r"}),
        ("run command as PythonAlg.`m`;", ast.TrainStatement, {**TRAIN, "table": "command"}),
        ("train t as PythonAlg.`m` where a='1' as r;", ast.TrainStatement, {
            **TRAIN, "options": [("a", q("1"))], "result": "r"}),
        ("predict t as PythonAlg.`m`;", ast.PredictStatement, TRAIN),
        ("predict t as PythonAlg.`m` options a=1 as r;", ast.PredictStatement, {
            **TRAIN, "options": [("a", "1")], "result": "r"}),
        ("register PythonAlg.`m` as f;", ast.RegisterStatement, REGISTER),
        ("register PythonAlg.`m` as predict;", ast.RegisterStatement, {**REGISTER, "function": "predict"}),
        ("register PythonAlg.`m` as f options\npythonScriptPath='p.py'\n;", ast.RegisterStatement, {
            **REGISTER, "options": [("pythonScriptPath", q("p.py"))]}),
        ("!show tables;", ast.CommandStatement, {"name": "show", "arguments": ["tables"]}),
        ("!println 'a b' \"c\" `d` '''e''' f=g --x\n;", ast.CommandStatement, {
            "name": "println", "arguments": [q("a b"), q("c"), q("d"), q("e"), "f=g"]}),
        ("!lastCommand;", ast.CommandStatement, {"name": "lastCommand", "arguments": []}),
    ],
)  # fmt: skip
def test_every_form(text: str, kind: type, expected: dict[str, Any]) -> None:
    found = statement(text)
    assert type(found) is kind
    assert parts(found) == expected


def test_a_script_is_its_statements_in_order() -> None:
    script = "-- first\nselect 1 as a as t;;\n\nsave t as csv.`o`; /* end */"
    assert [item.span.text for item in statements(script)] == ["select 1 as a as t", "save t as csv.`o`"]
    assert statements("") == ()


def test_places_in_a_load_statement() -> None:
    load = statement(' load csv.`a.csv` where `k.x`="v" as `t`;')
    assert isinstance(load, ast.LoadStatement)
    (written,) = load.options
    assert [load.source.name.span.text, load.source.path.span.text, load.table.span.text] == [
        "csv", "`a.csv`", "`t`"]  # fmt: skip
    assert [written.key.span.text, written.value.span.text] == ["`k.x`", '"v"']
    assert load.source.path.place(0, 5).text == "a.csv"
    assert load.table.place(0, 1).text == "t"
    assert written.value.place(0, 1).text == "v"
    assert load.span.source.folder == FOLDER


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r"'a\'b'", "a'b"),
        (r"""'a\"b'""", 'a"b'),
        (r'"a\"b"', 'a"b'),
        (r"'a\nb'", r"a\nb"),
        (r"'C:\new\\x'", r"C:\new\\x"),
        (r"'\\'", r"\\"),
        (r"'\${a}'", r"\${a}"),
        (r"'''a\'''b'''", "a'''b"),
        (r"'\'\''", "''"),
        ("''", ""),
        ("''''''", ""),
    ],
)
def test_strings(written: str, value: str) -> None:
    found = statement(f"set a = {written};")
    assert isinstance(found, ast.SetStatement)
    text = found.value
    assert text.value == value
    assert text.span.text == written
    # Each character stands where it was written; a quote behind the backslash that escaped it.
    assert [text.place(index, index + 1).text for index in range(len(value))] == list(value)


@pytest.mark.parametrize(
    ("text", "message", "place", "hint"),
    [
        ("select 1;", "the select does not name its result", "1", "end it with 'as table;'"),
        ("select 1 as 'a';", "the select does not name its result", "'", "end it with 'as table;'"),
        ("select a as b from t;", "the select does not name its result", "t", "end it with 'as table;'"),
        ("laod csv.`x` as t;", "no statement starts with 'laod'", "laod", "did you mean 'load'?"),
        ("loadcsv.`x` as t;", "no statement starts with 'loadcsv'", "loadcsv", "did you mean 'load'?"),
        ("'load' x;", "no statement starts with 'load'", "'load'", "did you mean 'load'?"),
        ("12;", "no statement starts with '12'", "12", "a statement starts with load, select, with, save, set"),
        ("(select 1 as t);", "no statement starts with '('", "(", "a statement starts with"),
        ("load csv.`a` t;", "'t' is not expected here: expected 'as', 'where' or 'options'", "t", "the statement"),
        ("load csv.`a` as;", "the statement ends too early: expected", ";", "the statement's form is: load FORMAT"),
        ("load csv.`a` as t u;", "'u' is not expected here: expected ';'", "u", "the statement's form is: load"),
        ("load csv.`a` as t.u;", "'.' is not expected here: expected ';'", ".", "the statement's form is: load"),
        ("load csv.`a` where a='1' adn b='2' as t;", "'adn' is not expected here: expected 'as' or 'and'", "adn",
         "did you mean 'and'?"),
        ("load csv.`a` where a=1x as t;", "'1x' is not expected here: expected", "1x", 'write it in quotes: "1x"'),
        ("load csv.`a` where a=as t;", "'as' is not expected here: expected", "as", "the statement's form"),
        ("load csv.data as t;", "'data' is not expected here: expected a `path` in backquotes", "data",
         "the statement's form is: load"),
        ("save overwirte t as json.`a`;", "'t' is not expected here: expected 'as'", "t",
         "did you mean 'overwrite' before it?"),
        ("delete from t;", "no statement starts with 'delete'", "delete", "a statement starts with load"),
        ("save t;", "the statement ends too early: expected 'as'", ";", "the statement's form is: save"),
        ("set a 'b';", "'b' is not expected here: expected '='", "'b'", "the statement's form is: set name ="),
        ("set a = 'b' were type='text';", "'were' is not expected here: expected 'where', 'options' or ';'", "were",
         "did you mean 'where'?"),
        ("train t PythonAlg.`m`;", "'PythonAlg' is not expected here: expected 'as'", "PythonAlg",
         "the statement's form is: train table as"),
        ("run t as PythonAlg;", "the statement ends too early: expected '.'", ";", "the statement's form is: run"),
        ("predict t as PythonAlg.'m';", "'m' is not expected here: expected a `path` in backquotes", "'m'",
         "the statement's form is: predict"),
        ("register f as PythonAlg.`m`;", "'as' is not expected here: expected '.'", "as",
         "the statement's form is: register"),
        ("!;", "'!' is not expected here: expected a command such as !show", "!", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_its_place(text: str, message: str, place: str, hint: str | None) -> None:
    for before in ("", "select 1 as a as t;\n"):
        with pytest.raises(SyntaxProblem) as caught:
            statements(before + text)
        error = caught.value
        assert error.message.startswith(message)
        assert error.span is not None
        assert error.span.text == place
        assert error.span.start >= len(before)
        assert error.hint is None if hint is None else (error.hint or "").startswith(hint)


def test_the_first_wrong_statement_is_told() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        statements("select 1 as a as t; sav t; loud t;")
    assert caught.value.message == "no statement starts with 'sav'"

    """Something to write, and the value of its Text; None for a keyword or sign."""


@dataclass(frozen=True)
class Word:
    """Something to write, and the value that it must have as a Text; None for a keyword or sign."""

    written: str
    value: str | None = None
    quoted: bool = False


PLAIN = st.text(alphabet="abé表_19 ;-/*$\n\\", max_size=6)
IDENTIFIER = st.builds(str.__add__, st.sampled_from("aé表_"), st.text(alphabet="bé表_09", max_size=5))


def keyword(word: str) -> st.SearchStrategy[Word]:
    return st.lists(st.booleans(), min_size=len(word), max_size=len(word)).map(
        lambda upper: Word("".join(c.upper() if up else c for c, up in zip(word, upper, strict=True)))
    )


# Backslashes escape only quotes, of which PLAIN has none but the closing one.
STRING = st.builds(
    lambda text, quote: Word(f"{quote}{text}{quote}", text, quoted=True),
    PLAIN.map(lambda text: text.rstrip("\\")).map(lambda text: text.replace("\\", "\\\\")),
    st.sampled_from(["'", '"', "'''", '"""']),
)
PATH = PLAIN.map(lambda text: Word(f"`{text}`", text, quoted=True))
NAME = IDENTIFIER.map(lambda text: Word(text, text)) | PATH
FORMAT = IDENTIFIER.map(lambda text: Word(text, text))
NUMBER = st.sampled_from(["0", "1", "-2.5", "+3e4", ".5"]).map(lambda text: Word(text, text))
KEY = IDENTIFIER.map(lambda text: Word(text, text)) | IDENTIFIER.map(
    lambda text: Word(f"`{text}`.0.{text}", f"{text}.0.{text}")
)
OPTION = st.tuples(KEY, st.just(Word("=")), STRING | NUMBER | PATH)


@st.composite
def option_words(draw: st.DrawFn) -> list[Word]:
    chosen = draw(st.lists(OPTION, max_size=3))
    words: list[Word] = []
    for index, item in enumerate(chosen):
        words.append(draw(keyword("and" if index else draw(st.sampled_from(["where", "options"])))))
        words.extend(item)
    return words


@st.composite
def written_statement(draw: st.DrawFn) -> list[Word]:
    """The words of a correct statement."""
    target = [draw(FORMAT), Word("."), draw(PATH)]
    as_name = [draw(keyword("as")), draw(NAME)]
    options = draw(option_words())
    match draw(st.sampled_from(["load", "save", "set", "train", "run", "predict", "register", "select"])):
        case "load":
            return [draw(keyword("load")), *target, *options, *as_name]
        case "save":
            return [draw(keyword("save")), draw(NAME), draw(keyword("as")), *target, *options]
        case "set":
            return [draw(keyword("set")), draw(NAME), Word("="), draw(STRING | PATH), *options]
        case "register":
            return [draw(keyword("register")), *target, *as_name, *options]
        case "select":
            query = draw(st.lists(st.sampled_from(["1", "'x;'", "a", ",", "as", "`b`"]), min_size=1, max_size=5))
            text = "select " + " ".join(query)
            return [Word(text, text), *as_name]
        case verb:
            return [draw(keyword(verb)), draw(NAME), draw(keyword("as")), *target, *options, *draw(
                st.sampled_from([[], as_name]))]  # fmt: skip


def texts_in(node: Any) -> list[Text]:
    """All texts of a statement, in the order in which they were written."""
    if isinstance(node, Text):
        return [node]
    if isinstance(node, tuple):
        return [text for item in node for text in texts_in(item)]
    if isinstance(node, ast.Statement | ast.Option | ast.Target):
        found = [text for field in fields(node) for text in texts_in(getattr(node, field.name))]
        return sorted(found, key=lambda text: text.span.start)
    return []


BLANKS = st.sampled_from([" ", "\n", "\t\r\n"])
BETWEEN = st.sampled_from([" ", "\n", "\t ", " /* as x; ' */ ", " -- it's; `\n"])


@given(st.lists(written_statement(), max_size=4), st.data())
def test_spans_cut_out_exactly_what_was_written(script: list[list[Word]], data: st.DataObject) -> None:
    written: list[str] = []
    for words in script:
        # A comment behind a query belongs to it.
        between = BLANKS if words[0].value else BETWEEN
        written.extend(data.draw(between) + word.written for word in words)
        written.append(data.draw(BETWEEN) + ";")
    found = statements("".join(written))
    assert len(found) == len(script)
    for node, words in zip(found, script, strict=True):
        expected = [word for word in words if word.value is not None]
        got = texts_in(node)
        assert [text.span.text for text in got] == [word.written for word in expected]
        assert [text.value for text in got] == [word.value for word in expected]
        assert [text.quoted for text in got] == [word.quoted for word in expected]
        assert node.span.text.startswith(words[0].written)
        assert node.span.text.endswith(words[-1].written)
        for text in got:
            if "`" not in text.span.text or text.quoted:
                assert "".join(text.place(i, i + 1).text for i in range(len(text.value))) == text.value


TOKENS = st.sampled_from(
    [
        "load",
        "select",
        "with",
        "save",
        "set",
        "train",
        "run",
        "predict",
        "register",
        "as",
        "where",
        "options",
        "and",
        "partitionBy",
        "overwrite",
        "append",
        "true",
        "csv",
        "t",
        "a.b",
        "PythonAlg",
        "!show",
        "!",
        ".",
        ",",
        "=",
        ";",
        "(",
        ")",
        "1",
        "-2.5",
        "1x",
        "'a'",
        '"b"',
        "'''c'''",
        '"""d"""',
        "`e`",
        "''",
        "``",
        "${v}",
        "\\${v}",
        "${",
        "}",
        "--",
        "/*",
        "*/",
        "'",
        '"',
        "'''",
        "`",
        "\\",
        "\\'",
        "\n",
        "\t",
        "\r",
        "é",
        "²",
        "\u2028",
        "\x00",
    ]
)


@given(st.lists(TOKENS, max_size=25), st.sampled_from([" ", ""]))
def test_tokens_in_any_order_are_a_script_or_an_mlsql_error(tokens: list[str], between: str) -> None:
    only_mlsql_errors(between.join(tokens))
    only_mlsql_errors(between.join([*tokens, ";"]))


@given(st.text(max_size=80), st.sampled_from(["", "load ", "select ", "!", "set a = "]))
def test_any_text_is_a_script_or_an_mlsql_error(text: str, start: str) -> None:
    only_mlsql_errors(start + text)
    only_mlsql_errors(start + text + ";")


def only_mlsql_errors(text: str) -> None:
    """Parse; an error must stand inside the text, and be shown."""
    found: tuple[ast.Statement, ...] = ()
    problem: MlsqlError | None = None
    try:
        found = statements(text)
    except MlsqlError as error:
        problem = error
    if problem is not None:
        assert problem.code == "SYNTAX"
        assert problem.span is not None
        assert 0 <= problem.span.start <= len(text)
        assert problem.render().startswith(f"error[SYNTAX]: {problem.message}\n")
    for node in found:
        assert node.span.text == node.span.text.strip()
        for text_ in texts_in(node):
            assert node.span.start <= text_.span.start <= text_.span.end <= node.span.end


# --- work ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "piece", "tail"),
    [
        ("", "select 1 as a as t;\n", ""),
        ("", "load csv.`a` where b='c' as t;\n", ""),
        ("load csv.`a` where z=1 ", "and b='c' ", "as t;"),
        ("set a = '", r"\'", "';"),
        ("set a = '", "x", "';"),
        ("!show ", "a ", ";"),
        ("save t as csv.`o` partitionBy a", ", b", ";"),
    ],
)
def test_the_work_grows_with_the_length(head: str, piece: str, tail: str) -> None:
    statements("select 1 as t; load csv.`a` as t;")  # the grammar is read once
    small, large = (lines_run(partial(statements, head + piece * count + tail)) for count in (100, 200))
    assert large <= 2 * small


@pytest.mark.parametrize(
    "text",
    [
        "set a = '" + "x" * 1_000_000 + "';",
        "set a = '''" + "''x" * 300_000 + "''';",
        "select " + "as " * 100_000 + "as t;",
        "select a " + " " * 300_000 + "as t;",
        "select a as " + "b" * 300_000 + ";",
        "select " + "as ${ " * 200_000 + "as t;",
        "set a = " + "1" * 200_000 + ";",
        "load csv.`" + "x" * 1_000_000 + "` as t;",
    ],
)
def test_long_texts_are_read_at_once(text: str) -> None:
    # Were a regular expression not linear here, this would take minutes.
    assert len(statements(text)) == 1


def test_a_long_number_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(SyntaxProblem):
        statements("set a = " + "1" * 300_000 + "x;")
