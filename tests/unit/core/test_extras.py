"""Libraries that only some users have."""

from __future__ import annotations

import json
import sys

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.core.extras import require


def test_what_is_there_is_imported() -> None:
    assert require("json", extra="none", purpose="reading") is json


def test_what_is_missing_is_named_with_the_line_that_installs_it() -> None:
    with pytest.raises(MlsqlError) as caught:
        require("no_such_module", extra="polars", purpose="to_polars")
    assert caught.value.render() == (
        "error[MISSING_EXTRA]: to_polars needs no_such_module, which is not installed\n"
        "  = help: pip install 'mlsql-engine[polars]'"
    )
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_library_that_is_switched_off_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MlsqlError) as caught:
        require("polars", extra="polars", purpose="to_polars")
    assert caught.value.code == "MISSING_EXTRA"
