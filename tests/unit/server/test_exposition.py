"""The text of the metrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsql_engine.server.exposition import _buckets, model_label

ROOTS = (Path("/home/me/project"), Path("/home/me/other"))


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("/home/me/project/models/m", "models/m"),
        ("/home/me/other/m", "m"),
        ("s3://bucket/m", "s3://bucket/m"),
        ("", ""),
        ("m", "m"),
    ],
)
def test_label_of_a_model(model: str, label: str) -> None:
    assert model_label(model, ROOTS) == label


def test_models_elsewhere_are_told_apart() -> None:
    one, other = (model_label(f"/home/{name}/m", ROOTS) for name in ("a", "b"))
    assert one != other
    assert [label.partition(" (")[0] for label in (one, other)] == ["m", "m"]


def test_buckets_add_up() -> None:
    assert _buckets((0.5, 1), [1, 2, 3]) == [("0.5", 1), ("1.0", 3), ("+Inf", 6)]
