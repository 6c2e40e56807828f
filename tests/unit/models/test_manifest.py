"""Manifests: written, read back, without secrets, and refused when damaged."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models.manifest import GroupRecord, Manifest, read, without_secrets

START = datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=UTC)

GROUP = GroupRecord(
    alg_index=1,
    alg="train",
    model_path="model/1",
    status="success",
    message="epoch 1\nepoch 2 ✓",
    start_time=START,
    end_time=START + timedelta(minutes=2),
    score=0.25,
    metrics={"score": 0.25, "f1": 1.0},
    train_params={"alpha": "0.1"},
    exec_desc="train.py on Python 3.11",
    python_version="3.11.7",
    python_path="/usr/bin/python3",
)
FAILED = GroupRecord(0, "train", "model/0", "fail", "out of memory", START, START)
MANIFEST = Manifest(
    algorithm="PythonAlg",
    created_at=START,
    created_by="Zoë",
    mlsql_version="0.1.0",
    schema=(("label", "double"), ("features", "struct<type: int8>")),
    groups=(FAILED, GROUP),
    version=7,
)


def written(folder: Path, text: str) -> Path:
    path = folder / "manifest.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    assert read(written(tmp_path, MANIFEST.to_json())) == MANIFEST


def test_times_keep_their_zone(tmp_path: Path) -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    moved = replace(MANIFEST, created_at=START.astimezone(there))
    found = read(written(tmp_path, moved.to_json()))
    assert found.created_at.utcoffset() == timedelta(hours=5, minutes=30)
    assert found.created_at == START


def test_a_score_that_is_not_a_number_survives(tmp_path: Path) -> None:
    odd = replace(MANIFEST, groups=(replace(GROUP, score=math.inf, metrics={"loss": -math.inf}),))
    (found,) = read(written(tmp_path, odd.to_json())).groups
    assert (found.score, found.metrics) == (math.inf, {"loss": -math.inf})


def test_the_text_is_json_with_a_format(tmp_path: Path) -> None:
    content = json.loads(MANIFEST.to_json())
    assert content["format"] == 1
    assert content["version"] == 7
    assert content["created_at"] == "2024-02-29T12:30:15.123456+00:00"
    assert content["schema"] == [["label", "double"], ["features", "struct<type: int8>"]]
    assert [group["alg_index"] for group in content["groups"]] == [0, 1]


SECRETS = [
    "password",
    "PASSWD",
    "pass",
    "dbPassword",
    "fitParam.secretKey",
    "token",
    "hf_TOKEN",
    "credentials",
    "apiKey",
    "api_key",
    "accessKey",
    "aws_access_key",
]


@pytest.mark.parametrize("name", ["maxTokens", "passthrough", "tokenizer", "keyColumn", "compass", "alpha"])
def test_other_names_are_not_secrets(name: str) -> None:
    assert without_secrets({name: "value"}) == {name: "value"}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_masked(name: str) -> None:
    assert without_secrets({name: "hunter2", "alpha": "0.1"}) == {name: "***", "alpha": "0.1"}


@pytest.mark.parametrize("name", ["alpha", "key", "maxDepth", "monkey", "labelCol", "random_state"])
def test_other_parameters_are_not(name: str) -> None:
    assert without_secrets({name: "v"}) == {name: "v"}


def test_no_secret_gets_into_the_file() -> None:
    secret = replace(MANIFEST, groups=(replace(GROUP, train_params={"dbPassword": "hunter2", "alpha": "0.1"}),))
    text = secret.to_json()
    assert "hunter2" not in text
    assert json.loads(text)["groups"][0]["train_params"] == {"dbPassword": "***", "alpha": "0.1"}
    # The manifest in memory is as it was.
    assert secret.groups[0].train_params["dbPassword"] == "hunter2"


def changed(**changes: Any) -> str:
    """The manifest's text with these entries changed, or left out where they are None."""
    content = {**json.loads(MANIFEST.to_json()), **changes}
    return json.dumps({key: value for key, value in content.items() if value is not None})


def in_group(**changes: Any) -> list[dict[str, Any]]:
    record = {**json.loads(MANIFEST.to_json())["groups"][0], **changes}
    return [{key: value for key, value in record.items() if value != ...}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"text"',
        "{}",
        changed(format=2),
        changed(format=None),
        changed(groups=None),
        changed(groups={"a": 1}),
        changed(groups=[[]]),
        changed(groups=in_group(alg_index=...)),
        changed(groups=in_group(start_time="yesterday")),
        changed(groups=in_group(start_time=12)),
        changed(groups=in_group(novel="entry")),
        changed(created_at="today"),
        changed(created_at=None),
        changed(schema=[["a"]]),
        changed(schema=5),
        changed(novel="entry"),
        changed(algorithm=None),
        MANIFEST.to_json()[:-20],
    ],
)
def test_a_damaged_manifest(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ModelProblem) as caught:
        read(path)
    assert caught.value.message.startswith(f"the manifest {path} cannot be read: ")
    assert caught.value.code == "MODEL"
    assert caught.value.hint == "the model was written by another version of mlsql, or damaged: train it again"
    assert caught.value.__cause__ is not None


def test_a_manifest_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(b'{"format": "\xff"}')
    with pytest.raises(ModelProblem, match="cannot be read"):
        read(path)


def test_a_manifest_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem, match="cannot be read"):
        read(tmp_path / "manifest.json")
