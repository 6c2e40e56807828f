"""Versions of a model as tables: what train gives, what modelHistory, modelMetrics … load, what !model tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from mlsql_engine.core.arrow_rows import arrow_table, entries, timestamp
from mlsql_engine.core.errors import ModelProblem
from mlsql_engine.models.manifest import GroupRecord, without_secrets
from mlsql_engine.models.pointers import Pointers
from mlsql_engine.models.store import ModelStore, ModelVersion

if TYPE_CHECKING:
    import pyarrow as pa

Picture = Literal["confusion_matrix", "roc", "residuals"]
SCRIPT: Final = "script"
"""What modelMetrics calls the table of metrics that the training script itself told."""


def result_schema() -> pa.Schema:
    """The columns of train's result; times are UTC, metrics and trainParams are maps."""
    import pyarrow as pa

    time = pa.timestamp("ms")
    return pa.schema(
        [
            ("modelPath", pa.string()),
            ("algIndex", pa.int32()),
            ("alg", pa.string()),
            ("score", pa.float64()),
            ("metrics", pa.map_(pa.string(), pa.float64())),
            ("status", pa.string()),
            ("message", pa.string()),
            ("startTime", time),
            ("endTime", time),
            ("trainParams", pa.map_(pa.string(), pa.string())),
            ("execDesc", pa.string()),
        ]
    )


def result(version: ModelVersion) -> pa.Table:
    """The groups of a version; modelPath is absolute, and NULL where the group failed."""
    return arrow_table([_result_row(version, group) for group in version.manifest.groups], result_schema())


def _result_row(version: ModelVersion, group: GroupRecord) -> dict[str, object]:
    return {
        "modelPath": version.model_path(group) if group.status == "success" else None,
        "algIndex": group.alg_index,
        "alg": group.alg,
        "score": group.score,
        "metrics": entries(group.metrics),
        "status": group.status,
        "message": group.message,
        "startTime": timestamp(group.start_time),
        "endTime": timestamp(group.end_time),
        "trainParams": entries(without_secrets(group.train_params)),
        "execDesc": group.exec_desc,
    }


def history(store: ModelStore, versions: Sequence[ModelVersion], pointers: Pointers) -> pa.Table:
    """A row for each group of each of the versions; `log` is the end of its output, `evaluation` JSON."""
    import pyarrow as pa

    columns = pa.schema(
        [
            ("version", pa.int32()),
            *result_schema(),
            ("createdAt", pa.timestamp("ms")),
            ("createdBy", pa.string()),
            ("pythonVersion", pa.string()),
            ("aliases", pa.list_(pa.string())),
            ("log", pa.string()),
            ("query", pa.string()),
            ("evaluation", pa.string()),
        ]
    )
    rows = [
        {
            "version": version.number,
            **_result_row(version, group),
            "createdAt": timestamp(version.manifest.created_at),
            "createdBy": version.manifest.created_by,
            "pythonVersion": group.python_version,
            "aliases": pointers.of(version.number),
            "log": store.log(version, group),
            "query": version.manifest.query,
            "evaluation": json.dumps(group.evaluations) if group.evaluations else None,
        }
        for version in versions
        for group in version.manifest.groups
    ]
    return arrow_table(rows, columns)


def parameters(version: ModelVersion) -> pa.Table:
    """A row for each parameter of each group of a version."""
    import pyarrow as pa

    columns = pa.schema(
        [("version", pa.int32()), ("algIndex", pa.int32()), ("name", pa.string()), ("value", pa.string())]
    )
    rows = [
        {"version": version.number, "algIndex": group.alg_index, "name": name, "value": value}
        for group in version.manifest.groups
        for name, value in without_secrets(group.train_params).items()
    ]
    return arrow_table(rows, columns)


def metrics(version: ModelVersion) -> pa.Table:
    """A row for each metric of each group of a version, and each table that it was scored on."""
    import pyarrow as pa

    columns = pa.schema(
        [
            ("version", pa.int32()),
            ("algIndex", pa.int32()),
            ("table", pa.string()),
            ("metric", pa.string()),
            ("value", pa.float64()),
        ]
    )
    rows = [
        {"version": version.number, "algIndex": group.alg_index, "table": table, "metric": name, "value": value}
        for group in version.manifest.groups
        for table, values in _metrics_by_table(group)
        for name, value in values.items()
    ]
    return arrow_table(rows, columns)


def _metrics_by_table(group: GroupRecord) -> Iterable[tuple[str, Mapping[str, float]]]:
    """What the script told, which is what no evaluation has, then what each evaluation gave."""
    evaluated = {table: dict(found.get("metrics") or {}) for table, found in group.evaluations.items()}
    told = {
        name: value
        for name, value in group.metrics.items()
        if not any(values.get(name) == value for values in evaluated.values())
    }
    return [(SCRIPT, told), *evaluated.items()]


def picture(version: ModelVersion, what: Picture) -> pa.Table:
    """The points of a picture: cells of confusion matrices, points of ROC curves, or residuals."""
    import pyarrow as pa

    kinds: dict[str, Any] = {
        "confusion_matrix": {"actual": pa.string(), "predicted": pa.string(), "count": pa.int64()},
        "roc": {"label": pa.string(), "fpr": pa.float64(), "tpr": pa.float64(), "threshold": pa.float64()},
        "residuals": {"actual": pa.float64(), "predicted": pa.float64(), "residual": pa.float64()},
    }
    first = {"version": pa.int32(), "algIndex": pa.int32(), "table": pa.string()}
    rows = [
        {"version": version.number, "algIndex": group.alg_index, "table": table, **point}
        for group in version.manifest.groups
        for table, evaluation in group.evaluations.items()
        for point in _POINTS[what](evaluation)
    ]
    return arrow_table(rows, pa.schema([*first.items(), *kinds[what].items()]))


def _confusion(evaluation: Mapping[str, Any]) -> list[dict[str, object]]:
    labels = [_label(label) for label in evaluation.get("labels") or ()]
    matrix = evaluation.get("confusion_matrix") or ()
    return [
        {"actual": actual, "predicted": predicted, "count": count}
        for actual, counts in zip(labels, matrix, strict=False)
        for predicted, count in zip(labels, counts, strict=False)
    ]


def _roc(evaluation: Mapping[str, Any]) -> list[dict[str, object]]:
    return [
        {"label": label, "fpr": fpr, "tpr": tpr, "threshold": threshold}
        for label, curve in (evaluation.get("roc") or {}).items()
        for fpr, tpr, threshold in zip(curve["fpr"], curve["tpr"], curve["thresholds"], strict=False)
    ]


def _residuals(evaluation: Mapping[str, Any]) -> list[dict[str, object]]:
    return [
        {"actual": actual, "predicted": predicted, "residual": actual - predicted}
        for actual, predicted in evaluation.get("residuals") or ()
    ]


_POINTS: Final = {"confusion_matrix": _confusion, "roc": _roc, "residuals": _residuals}


def _label(label: object) -> str:
    return label if isinstance(label, str) else json.dumps(label)


def versions(store: ModelStore) -> pa.Table:
    """A row for each version, newest first, damaged ones among them: is it current, its aliases, its best score."""
    import pyarrow as pa

    columns = pa.schema(
        [
            ("version", pa.int32()),
            ("current", pa.bool_()),
            ("aliases", pa.list_(pa.string())),
            ("status", pa.string()),
            ("score", pa.float64()),
            ("groups", pa.int32()),
            ("trained", pa.int32()),
            ("algorithm", pa.string()),
            ("createdAt", pa.timestamp("ms")),
            ("createdBy", pa.string()),
            ("message", pa.string()),
        ]
    )
    readable, damaged = store.versions()
    pointers, current = store.pointers(), current_number(store)
    rows: dict[int, dict[str, object]] = {
        number: {"status": "damaged", "message": problem.message} for number, problem in damaged.items()
    }
    rows |= {version.number: _version_row(version) for version in readable}
    ordered = [
        {"version": number, "current": number == current, "aliases": pointers.of(number), **rows[number]}
        for number in sorted(rows, reverse=True)
    ]
    return arrow_table(ordered, columns)


def current_number(store: ModelStore) -> int | None:
    """The number of the version that is used where none is asked for; None where there is none that can be."""
    try:
        version = store.resolve()
    except ModelProblem as problem:
        if problem.code == "STORAGE":
            raise
        return None
    return version.number if version.has_model else None


def _version_row(version: ModelVersion) -> dict[str, object]:
    manifest = version.manifest
    trained = [group for group in manifest.groups if group.status == "success"]
    return {
        "status": "success" if trained else "fail",
        "score": version.group().score if trained else None,
        "groups": len(manifest.groups),
        "trained": len(trained),
        "algorithm": manifest.algorithm,
        "createdAt": timestamp(manifest.created_at),
        "createdBy": manifest.created_by,
    }
