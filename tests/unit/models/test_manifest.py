"""Manifests: written, read back, without secrets, and refused when damaged."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models.manifest import GroupRecord, Manifest, parse, without_secrets

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


PLACE = "/m/_model_7/meta/manifest.json"


def test_what_is_written_is_read_back() -> None:
    assert parse(MANIFEST.to_json(), PLACE) == MANIFEST


def test_times_keep_their_zone() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    moved = replace(MANIFEST, created_at=START.astimezone(there))
    found = parse(moved.to_json(), PLACE)
    assert found.created_at.utcoffset() == timedelta(hours=5, minutes=30)
    assert found.created_at == START


def test_a_score_that_is_not_a_number_survives() -> None:
    odd = replace(MANIFEST, groups=(replace(GROUP, score=math.inf, metrics={"loss": -math.inf}),))
    (found,) = parse(odd.to_json(), PLACE).groups
    assert (found.score, found.metrics) == (math.inf, {"loss": -math.inf})


def test_the_text_is_json_with_a_format() -> None:
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


def test_the_password_of_an_address_is_masked() -> None:
    assert without_secrets({"source": "postgres://u:hunter2@h/d?x=1"}) == {"source": "postgres://u:*******@h/d?x=1"}


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
def test_a_damaged_manifest(text: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        parse(text, PLACE)
    assert caught.value.message.startswith(f"the manifest {PLACE} cannot be read: ")
    assert caught.value.code == "MODEL"
    assert caught.value.hint == (
        "the version was written by another version of mlsql, or damaged: name another by modelVersion, "
        "or remove it"
    )
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (changed(groups=None), "it has no 'groups'"),
        (changed(format=2), "another format"),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    with pytest.raises(ModelProblem) as caught:
        parse(text, PLACE)
    assert caught.value.message == f"the manifest {PLACE} cannot be read: {reason}"


FIRST = """{
  "format": 1, "algorithm": "PythonAlg", "created_at": "2024-02-29T12:30:15.123456+00:00", "created_by": "ann",
  "mlsql_version": "0.1.0", "schema": [["label", "double"]], "version": 3,
  "groups": [{"alg_index": 0, "alg": "train", "model_path": "model/0", "status": "success", "message": "",
              "start_time": "2024-02-29T12:30:15.123456+00:00", "end_time": "2024-02-29T12:32:15.123456+00:00",
              "score": null, "metrics": {}, "train_params": {"alpha": "1"}, "exec_desc": "",
              "python_version": "3.11"}]
}"""


def test_a_manifest_of_the_first_mlsql_is_read() -> None:
    found = parse(FIRST, PLACE)
    assert (found.version, found.query, found.code, found.options, found.platform) == (3, "", {}, {}, "")
    (group,) = found.groups
    assert (group.python_path, group.libraries, group.evaluations, group.log) == ("python", {}, {}, "")
