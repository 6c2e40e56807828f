"""Cutting a script at its semicolons."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lines_run import lines_run
from mlsql_engine.core.errors import SyntaxProblem
from mlsql_engine.core.span import Source
from mlsql_engine.language.scanner import Chunk, chunks


def cut(text: str) -> list[Chunk]:
    return list(chunks(Source("s", text)))


def texts(text: str) -> list[str]:
    return [chunk.text for chunk in cut(text)]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (" \n\t", []),
        (";", []),
        (" ;; ; ", []),
        ("-- nothing", []),
        ("/* nothing; */ -- at all;", []),
        ("a;", ["a"]),
        (" a ;\n b c\n;", ["a", "b c"]),
        ("a;;b;", ["a", "b"]),
        ("a ';' b; c;", ["a ';' b", "c"]),
        ('a ";" b; c;', ['a ";" b', "c"]),
        ("a `;` b; c;", ["a `;` b", "c"]),
        ("a '''x;'y''z''' b; c;", ["a '''x;'y''z''' b", "c"]),
        ('a """x;"y""z""" b; c;', ['a """x;"y""z""" b', "c"]),
        (r"a '\';' b; c;", [r"a '\';' b", "c"]),
        (r"a '\\'; b;", [r"a '\\'", "b"]),
        (r"a '''\''';''' b;", [r"a '''\''';''' b"]),
        ("a ''; b;", ["a ''", "b"]),
        ("a '' ''; b;", ["a '' ''", "b"]),
        ("a ''''''; b;", ["a ''''''", "b"]),
        ("a 'x\n;y'; b;", ["a 'x\n;y'", "b"]),
        ("a -- x; y\n b; c;", ["a -- x; y\n b", "c"]),
        ("a /* x; \n y */ b; c;", ["a /* x; \n y */ b", "c"]),
        ("a /* x; /* y */ b; c;", ["a /* x; /* y */ b", "c"]),
        ("a /***/ b; c;", ["a /***/ b", "c"]),
        ("-- x'\na; /* ' */ b; -- `", ["a", "b"]),
        ("a '--'; b '/*'; c;", ["a '--'", "b '/*'", "c"]),
        ("a `'`; b;", ["a `'`", "b"]),
        ("a '`'; b;", ["a '`'", "b"]),
        ("a - - b; c / * d;", ["a - - b", "c / * d"]),
        ("a; -- the end", ["a"]),
        ("/* x */ a /* y */;", ["a"]),
    ],
)
def test_cut_at_every_semicolon_that_is_code(text: str, statements: list[str]) -> None:
    assert texts(text) == statements


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a 'b' c;", "a \0\0\0 c"),
        ("a -- b\n c;", "a     \n c"),
        ("a /* 'b */ `'c'` d;", "a " + " " * 8 + " `'c'` d"),
        ('x """y\n""";', "x " + "\0" * 8),
        ("'a' b 'c';", "\0\0\0 b \0\0\0"),
    ],
)
def test_masked_shows_only_code_in_the_same_places(text: str, masked: str) -> None:
    (chunk,) = cut(text)
    assert chunk.masked == masked
    assert len(chunk.masked) == len(chunk.text)


@pytest.mark.parametrize(
    ("text", "message", "at", "length", "hint"),
    [
        ("a 'b;", "a string starts here and never ends", 2, 1, "close it with '"),
        ('a "b;', "a string starts here and never ends", 2, 1, 'close it with "'),
        ("a '''b'';", "a block string starts here and never ends", 2, 3, "close it with '''"),
        ('a """b";', "a block string starts here and never ends", 2, 3, 'close it with """'),
        ("a `b;", "a quoted name starts here and never ends", 2, 1, "close it with `"),
        ("a; /* b; *", "a comment starts here and never ends", 3, 2, "close it with */"),
        (r"a '\';", "a string starts here and never ends", 2, 1, "close it with '"),
        ("a /*/;", "a comment starts here and never ends", 2, 2, "close it with */"),
        ("a; b", "the last statement has no ';'", 3, 1, "every statement ends with ';'"),
        ("a; b cd  -- e", "the last statement has no ';'", 6, 1, "every statement ends with ';'"),
    ],
)
def test_what_never_ends(text: str, message: str, at: int, length: int, hint: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        cut(text)
    error = caught.value
    assert (error.message, error.hint) == (message, hint)
    assert error.span is not None
    assert (error.span.start, error.span.end) == (at, at + length)


def test_statements_before_a_broken_one_are_given_first() -> None:
    found = chunks(Source("s", "a; b 'c"))
    assert next(found).text == "a"
    with pytest.raises(SyntaxProblem):
        next(found)


# Each piece is whole in itself, so that a script of them has exactly the semicolons that stand alone.
PIECES = st.sampled_from(
    [
        ";",
        " ",
        "\n",
        "a",
        "é",
        "-",
        "/",
        "*",
        "'x'",
        "';'",
        "''",
        '"; -- /*"',
        "'''a;'b'''",
        '"""`;`"""',
        r"'\';'",
        "`;'`",
        "-- it's; `\n",
        "/* it's; ` */",
    ]
)


@given(st.lists(PIECES, max_size=30))
def test_scripts_of_whole_pieces_are_cut_between_them(pieces: list[str]) -> None:
    expected: list[str] = []
    statement: list[str] = []
    for piece in [*pieces, ";"]:
        if piece != ";":
            statement.append(piece)
            continue
        # What is blank or a comment at either end is not part of the statement.
        while statement and _is_nothing(statement[0]):
            del statement[0]
        while statement and _is_nothing(statement[-1]):
            del statement[-1]
        if statement:
            expected.append(" ".join(statement))
        statement = []
    # The blanks keep pieces from growing together into other tokens.
    assert texts(" ".join([*pieces, ";"])) == expected


def _is_nothing(piece: str) -> bool:
    return not piece.strip() or piece.startswith(("--", "/*"))


@given(st.text(alphabet="a;'\"`-/*\\\n ", max_size=60))
def test_chunks_are_in_order_and_code_from_end_to_end(text: str) -> None:
    found: list[Chunk] = []
    problem: SyntaxProblem | None = None
    try:
        found.extend(chunks(Source("s", text)))
    except SyntaxProblem as error:
        problem = error
    position = 0
    for chunk in found:
        assert position <= chunk.span.start < chunk.span.end < len(text)
        assert len(chunk.masked) == len(chunk.text)
        assert chunk.masked == chunk.masked.strip()
        assert all(mask in (char, " ", "\0") for mask, char in zip(chunk.masked, chunk.text, strict=True))
        # A semicolon that is left stands in a quoted name.
        assert ";" not in "".join(chunk.masked.split("`")[::2])
        position = chunk.span.end + 1
    if problem is not None:
        assert problem.span is not None
        assert 0 <= problem.span.start < problem.span.end <= len(text)


@pytest.mark.parametrize(
    "piece",
    ["a ", "'' ", "'x' ", "'''x''' ", "'''x'y''z''' ", r"'\\' ", "-- x\n", "/* x */", "/*", "-", "`a` ", ";", "a;"],
)
def test_the_work_grows_with_the_length(piece: str) -> None:
    tail = "*/;" if piece == "/*" else ";"
    small, large = (lines_run(partial(cut, piece * count + tail)) for count in (200, 400))
    assert large <= 2 * small


@pytest.mark.parametrize(
    "text",
    [
        "'" + "x''" * 300_000,
        "'" + "\\'" * 300_000,
        "'''" + "''x" * 300_000,
        "/*" + "*" * 300_000,
        "/*" + "/*" * 300_000,
        "`" + "x" * 300_000,
    ],
)
def test_what_never_ends_in_a_long_text_is_found_at_once(text: str) -> None:
    # Were the scan not linear, this would take minutes.
    with pytest.raises(SyntaxProblem):
        cut(text)
