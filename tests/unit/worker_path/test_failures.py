"""Exceptions as data: the user's frames, never ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_sdk import failures, script


def report(tmp_path: Path, text: str) -> dict[str, object]:
    path = tmp_path / "user.py"
    path.write_text(text, encoding="utf-8")
    import sys

    main, argv, folders = sys.modules["__main__"], sys.argv, list(sys.path)
    try:
        script.execute(str(path))
    except BaseException as error:  # noqa: BLE001 - any failure of the script is what is described
        # As in a worker, where the first frames are ours: this one is left out.
        trace = error.__traceback__
        return failures.describe(error.with_traceback(trace.tb_next if trace else None))
    finally:
        sys.modules["__main__"], sys.argv = main, argv
        sys.path[:] = folders
    raise AssertionError("the script did not fail")


def test_exception_with_its_cause(tmp_path: Path) -> None:
    found = report(
        tmp_path,
        "def f():\n try:\n  1/0\n except ZeroDivisionError as e:\n  raise KeyError('k') from e\nf()\n",
    )
    path = str(tmp_path / "user.py")
    expected = {
        "reason": "exception",
        "type": "KeyError",
        "message": "'k'",
        "file": path,
        "line": 5,
        "function": "f",
    }
    assert {key: found[key] for key in expected} == expected
    trace = str(found["traceback"])
    assert "ZeroDivisionError: division by zero" in trace
    assert trace.endswith("KeyError: 'k'\n")
    assert "mlsql_sdk" not in trace


def test_an_error_inside_a_library_names_the_last_frame_outside_of_us(tmp_path: Path) -> None:
    found = report(tmp_path, "import json\njson.loads('{')\n")
    assert found["type"] == "JSONDecodeError"
    assert str(found["traceback"]).startswith(
        f'Traceback (most recent call last):\n  File "{tmp_path}/user.py", line 2'
    )


def test_syntax_error(tmp_path: Path) -> None:
    found = report(tmp_path, "x = 1\ny = (\n")
    assert (found["type"], found["line"], found["message"]) == ("SyntaxError", 2, "'(' was never closed")


@pytest.mark.parametrize(("code", "status", "message"), [("3", 3, ""), ("None", 0, ""), ("'why'", 1, "why")])
def test_exits(tmp_path: Path, code: str, status: int, message: str) -> None:
    found = report(tmp_path, f"raise SystemExit({code})")
    assert found == {"reason": "exit", "type": "SystemExit", "message": message, "status": status}


def test_contract_error_has_no_traceback() -> None:
    error = failures.ContractError("wrong", "do it right")
    assert failures.describe(error) == {
        "reason": "contract",
        "type": "ContractError",
        "message": "wrong",
        "hint": "do it right",
    }
