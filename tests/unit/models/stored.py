"""Models without a training, for tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlsql_engine.core.scratch import Scratch
from mlsql_engine.models.manifest import GroupRecord, Manifest
from mlsql_engine.models.paths import ModelPath
from mlsql_engine.models.store import ModelStore, ModelVersion, Staging
from recorded import RecordedProgress

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def store_at(
    place: Path | str, progress: RecordedProgress | None = None, scratch: Scratch | None = None
) -> ModelStore:
    """The store at a folder or a URL."""
    path = ModelPath(place) if isinstance(place, str) else ModelPath.of_folder(place)
    return ModelStore(path, scratch or Scratch(), progress or RecordedProgress())


def group(index: int = 0, *, score: float | None = None, status: str = "success", **known: Any) -> GroupRecord:
    """A parameter group that was trained, or was not."""
    return GroupRecord(
        alg_index=index,
        alg="train",
        model_path=f"model/{index}",
        status=status,  # type: ignore[arg-type]
        message="",
        start_time=NOON,
        end_time=NOON,
        score=score,
        **known,
    )


def manifest(*groups: GroupRecord, **known: Any) -> Manifest:
    """What is known of a version of these groups, or of one that was trained."""
    return Manifest("PythonAlg", NOON, "ann", "0.1.0", (("label", "double"),), groups or (group(),), **known)


def fill(staging: Staging, text: str, index: int = 0) -> None:
    """The model of a group: a file with a text."""
    (staging.model_folder(index) / "model.pkl").write_text(text)


def publish(store: ModelStore, text: str = "m", *groups: GroupRecord, keep_versions: bool = True) -> ModelVersion:
    """A new version of the model."""
    with store.stage() as staging:
        fill(staging, text)
        return staging.publish(manifest(*groups), keep_versions=keep_versions)


def content(store: ModelStore, version: ModelVersion) -> str:
    """The text of a version's model."""
    return (store.fetch(version, version.group()) / "model.pkl").read_text()
