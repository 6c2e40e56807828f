"""`!if` … `!fi` as a tree, and what is said of words in the wrong places. (The messages: tests/scripts/errors.)"""

from __future__ import annotations

import pytest

from mlsql_engine.core.errors import SyntaxProblem
from mlsql_engine.core.span import Source
from mlsql_engine.language import ast
from mlsql_engine.language.blocks import DEEPEST
from mlsql_engine.language.parser import parse, parse_leniently


def outline(statements: tuple[ast.Statement, ...]) -> list[object]:
    """Statements by their words; a block as a list of (condition, outline)."""
    return [
        [(branch.condition and branch.condition.value, outline(branch.statements)) for branch in statement.branches]
        if isinstance(statement, ast.IfStatement)
        else statement.span.text
        for statement in statements
    ]


def tree(text: str) -> list[object]:
    return outline(parse(Source("s", text)).statements)


def leniently(text: str) -> tuple[list[object], list[str]]:
    script, problems = parse_leniently(Source("s", text))
    return outline(script.statements), [problem.message for problem in problems]


def test_no_blocks() -> None:
    assert tree("!a; !b;") == ["!a", "!b"]


def test_all_branches() -> None:
    text = "!x; !if '''1'''; !a; !b; !elif '''2'''; !c; !elif '''3'''; !else; !d; !fi; !y;"
    assert tree(text) == ["!x", [("1", ["!a", "!b"]), ("2", ["!c"]), ("3", []), (None, ["!d"])], "!y"]


def test_blocks_in_blocks() -> None:
    text = "!if '1'; !if '2'; !a; !else; !b; !fi; !c; !else; !if '3'; !fi; !fi;"
    assert tree(text) == [[("1", [[("2", ["!a"]), (None, ["!b"])], "!c"]), (None, [[("3", [])]])]]


def test_then_is_no_statement_and_words_are_in_any_case() -> None:
    assert tree("!IF '1'; !Then; !a; !ELIF '2'; !THEN; !b; !Else; !c; !FI;") == [
        [("1", ["!a"]), ("2", ["!b"]), (None, ["!c"])]
    ]


def test_the_place_of_a_block_is_that_of_its_if() -> None:
    (block,) = parse(Source("s", "!if '1'; !a;\n!fi;")).statements
    assert block.span.text == "!if '1'"


def test_a_command_whose_name_only_begins_like_a_word() -> None:
    assert tree("!iffy '1'; !final;") == ["!iffy '1'", "!final"]


def test_depth() -> None:
    deep = "!if '1'; " * DEEPEST + "!fi; " * DEEPEST
    parse(Source("s", deep))
    with pytest.raises(SyntaxProblem) as caught:
        parse(Source("s", "!if '1'; " + deep + "!fi;"))
    assert caught.value.message == "blocks are nested more than 100 deep"
    assert caught.value.span is not None
    assert caught.value.span.start == 9 * DEEPEST


@pytest.mark.parametrize(
    ("text", "kept", "problems"),
    [
        ("!if; !a; !fi; !b;", [[(None, ["!a"])], "!b"], ["!if needs a condition"]),
        ("!if '1' '2'; !a; !fi;", [[(None, ["!a"])]], ["!if takes one condition"]),
        ("!if '1'; !a; !elif; !b; !fi;", [[("1", ["!a"]), (None, ["!b"])]], ["!elif needs a condition"]),
        ("!else; !a; !fi; !b;", [[(None, ["!a"])], "!b"], ["!else has no !if before it"]),
        ("!elif '1'; !a; !fi;", [[("1", ["!a"])]], ["!elif has no !if before it"]),
        ("!a; !fi; !b;", ["!a", "!b"], ["!fi has no !if before it"]),
        ("!then; !b;", ["!b"], ["!then has no !if before it"]),
        ("!if '1'; !a; !fi '2'; !b;", [[("1", ["!a"])], "!b"], ["!fi takes nothing after it"]),
        ("!if '1'; !else; !a; !else; !b; !fi;", None, ["!else comes after !else"]),
        ("!if '1'; !else; !elif '2'; !b; !fi;", None, ["!elif comes after !else"]),
        ("!if '1'; !if '2'; !a;", [[("1", [[("2", ["!a"])]])]], ["this !if has no !fi"]),
        ("!if '1'; !a; !then; !b; !fi;", [[("1", ["!a", "!b"])]], ["!then stands right after !if or !elif"]),
    ],
)
def test_one_mistake_is_told_once_and_the_rest_is_kept(
    text: str, kept: list[object] | None, problems: list[str]
) -> None:
    found, told = leniently(text)
    assert told == problems
    if kept is not None:
        assert found == kept
    with pytest.raises(SyntaxProblem) as caught:
        parse(Source("s", text))
    assert caught.value.message == problems[0]
