"""Which files and addresses a script may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.reach import Reach, check_address, check_path
from mlsql_engine.core.settings import Settings
from mlsql_engine.core.span import Source, Span


def test_a_folder_holds_what_is_in_it_after_links(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "out").symlink_to(tmp_path)
    (tmp_path / "in").symlink_to(inside)
    reach = Reach.of((tmp_path / "in",))
    assert reach.folders == (inside,)
    assert reach.holds(inside)
    assert reach.holds(tmp_path / "in" / "a" / "b.csv")
    assert not reach.holds(tmp_path)
    assert not reach.holds(f"{inside}-2/a.csv")
    assert not reach.holds(inside / "out" / "a.csv")
    assert not reach.holds(inside / "*" / ".." / ".." / "a.csv")


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("s3://models", True),
        ("s3://models/a", True),
        ("S3://Models/a", True),
        ("s3://models-of-others/a", False),
        ("jdbc:postgresql://db:5432/shop", True),
        ("jdbc:postgresql://db.evil/shop", False),
        ("gs://any/thing", True),
        ("kafka://broker:9092", True),
        ("kafka://broker:90921", False),
    ],
)
def test_addresses_are_told_by_how_they_begin(address: str, *, allowed: bool) -> None:
    reach = Reach((), ("s3://models", "jdbc:postgresql://db", "gs://", "kafka://broker:9092"))
    if allowed:
        reach.check_address(address, None)
        return
    with pytest.raises(MlsqlError) as caught:
        reach.check_address(address, None)
    assert (caught.value.code, caught.value.message) == ("NOT_ALLOWED", f"scripts may not reach {address} here")
    assert caught.value.hint == ("they may reach: s3://models, jdbc:postgresql://db, gs://, kafka://broker:9092")


def test_a_script_without_a_reach_may_name_anything() -> None:
    assert Settings().reach is None
    source = Source("s", "x")
    check_path("/etc/passwd", Span(source, 0, 1))
    check_path("/etc/passwd", None)
    check_address("s3://b", Span(source, 0, 1))


def test_the_error_stands_at_the_place(tmp_path: Path) -> None:
    span = Span(Source("s", "abc", reach=Settings(roots=(tmp_path,)).reach), 1, 2)
    with pytest.raises(MlsqlError) as caught:
        check_path("/etc/passwd", span)
    assert caught.value.span is span
    assert caught.value.message == "scripts may not touch this path here"
    with pytest.raises(MlsqlError) as caught:
        check_address("s3://b", span)
    assert caught.value.hint == "whoever runs the server can allow addresses: mlsql serve --reach ADDRESS"
