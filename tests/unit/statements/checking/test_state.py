"""What branches leave behind."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from mlsql_engine.core.errors import MlsqlError, SqlProblem
from mlsql_engine.core.span import Source, Span
from mlsql_engine.statements.checking.state import UNKNOWN, Findings, State, Values, in_reading_order


def test_a_copy_is_apart() -> None:
    state = State({"t"}, {"f"}, {"c"}, {"v": "1"}, {Path("/m")})
    copy = state.copy()
    assert copy == state
    copy.tables.add("u")
    copy.functions.clear()
    copy.variables["v"] = None
    copy.anything = copy.any_table = True
    assert state == State({"t"}, {"f"}, {"c"}, {"v": "1"}, {Path("/m")})


def test_branches_are_joined() -> None:
    state = State({"t"})
    first = State({"a"}, {"f"}, variables={"same": "1", "other": "1", "once": "1"}, any_table=True)
    second = State({"b"}, connections={"c"}, variables={"same": "1", "other": "2"}, made={Path("/m")})
    state.join([first, second])
    assert state.tables == {"t", "a", "b"}
    assert (state.functions, state.connections, state.made) == ({"f"}, {"c"}, {Path("/m")})
    assert state.variables == {"same": "1", "other": None, "once": None}
    assert (state.anything, state.any_table) == (False, True)


def test_what_may_be_a_table() -> None:
    assert State({"t"}).may_have_table("t")
    assert not State({"t"}).may_have_table("u")
    assert State(anything=True).may_have_table("u")
    assert State(any_table=True).may_have_table("u")


def test_what_is_made() -> None:
    state = State(made={Path("/a/b")})
    assert [state.is_made(Path(path)) for path in ("/a/b", "/a/b/c", "/a", "/a/c", "/a/bc")] == [
        *(True, True, True, False, False)
    ]


def test_values() -> None:
    values = Values({"known": "1", "unknown": None}, datetime(2026, 1, 1, tzinfo=UTC))
    assert (values["known"], values["unknown"]) == ("1", UNKNOWN)
    assert (list(values), len(values)) == (["known", "unknown"], 2)
    assert ("known" in values, "other" in values) == (True, False)


def test_findings_are_told_once() -> None:
    source = Source("s", "select")
    findings = Findings()
    for start, message in ((0, "a"), (0, "a"), (1, "a"), (0, "b")):
        findings.add(SqlProblem(message, span=Span(source, start, 2)))
    findings.add(SqlProblem("a"))
    findings.add(SqlProblem("a"))
    assert [(problem.message, problem.span and problem.span.start) for problem in findings.problems] == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
        ("a", None),
    ]


def test_problems_are_told_script_by_script_from_the_top() -> None:
    main, other = Source("main", "0123456789"), Source("other", "0123456789")
    spans = [Span(main, 7, 8), Span(other, 3, 4), Span(main, 2, 3), Span(other, 1, 2)]
    problems = [MlsqlError(str(index), span=span) for index, span in enumerate(spans)]
    assert [problem.message for problem in in_reading_order(problems)] == ["2", "0", "3", "1"]
    assert in_reading_order([]) == []
