from __future__ import annotations

import pytest

from mlsql_engine.core.errors import MlsqlError
from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.scoring import arguments, csv_text
from unit.serving.described import model, rows_of, script

WORDS = script(("word", "string"), ("n", "bigint"))


def rows(inputs: Inputs, text: str) -> object:
    return rows_of(arguments.part(csv_text.read(text.encode(), inputs), inputs))


def test_columns_go_by_their_names() -> None:
    assert rows(model(2, "a", "b"), "b,a,c\n2,1.5,x\n4,3,y\n") == {"a": [1.5, 3.0], "b": [2, 4]}
    assert rows(model(2), "b,a\n2,1.5\n") == {"b": [2], "a": [1.5]}


def test_text_stays_text() -> None:
    assert rows(WORDS, 'n,word\n1,007\n2,"a,\nb"\n3,\n') == {"arg0": ["007", "a,\nb", ""], "arg1": [1, 2, 3]}


def test_what_is_empty_is_null() -> None:
    assert rows(model(2, "a", "b"), "a,b\n1,\n,2\n") == {"a": [1, None], "b": [None, 2]}


def test_only_a_header() -> None:
    assert rows(WORDS, "word,n\n") == {"arg0": [], "arg1": []}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "the body is no CSV: Empty CSV file"),
        (b"a,a\n1,2\n", "the column 'a' is given twice"),
        (b"a,b\n1\n", "the body is no CSV: CSV parse error: Row #2: Expected 2 columns, got 1: 1"),
    ],
)
def test_what_is_no_csv(text: bytes, told: str) -> None:
    with pytest.raises(MlsqlError) as caught:
        csv_text.read(text, model(2))
    assert (caught.value.code, caught.value.message) == ("REQUEST", told)
