"""What functions say of themselves, and answers, without workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pyarrow as pa

from mlsql_engine.core.functions import Described
from mlsql_engine.serving.answers import Answers, BatchAnswers
from mlsql_engine.serving.inputs import Inputs
from mlsql_engine.serving.parts import Columns, Numbers, Part
from mlsql_sdk import accepted
from mlsql_sdk.accepted import Accepted, Place


def inputs_of(takes: Accepted | None, form: Literal["model", "udf", "udaf"] = "model") -> Inputs:
    """Those of a function `f` that takes something."""
    names = None
    if form == "model" and takes is not None and takes.places[0].name:
        names = tuple(place.name for place in takes.places)
    return Inputs(Described("test", pa.float64(), names, form, takes, title="function f"))


def model(width: int | None, *names: str) -> Inputs:
    """Those of a model of numbers."""
    return inputs_of(accepted.features(width, names))


def script(*places: tuple[str, str], least: int | None = None) -> Inputs:
    """Those of a function of a script, with the names and the types of its arguments."""
    count = len(places)
    made = Accepted(
        "apply",
        f"the arguments ({', '.join(name for name, _ in places)})",
        tuple(Place(*place) for place in places),
        count if least is None else least,
        count,
        spread=False,
        annotated=True,
    )
    return inputs_of(made, "udf")


def rows_of(part: Part) -> dict[str, Any] | tuple[int, list[float]]:
    """The columns of a part, or the width and the numbers of one of numbers."""
    if isinstance(part, Numbers):
        return part.width, [float(number) for number in part.values]
    assert isinstance(part, Columns)
    return part.columns.to_pydict()  # type: ignore[no-any-return]


def types_of(part: Part) -> list[str]:
    """The types of the columns of a part."""
    assert isinstance(part, Columns)
    return [str(kind) for kind in part.columns.schema.types]


def answers(values: Sequence[Any] | pa.Array, kind: pa.DataType | None = None) -> Answers:
    """Those of a batch of their own, between those of others."""
    array = values if isinstance(values, pa.Array) else pa.array(values, kind)
    around = pa.concat_arrays([array.slice(0, 1), array, array.slice(0, 1)])
    return Answers(BatchAnswers(around, None), min(len(array), 1), min(len(array), 1) + len(array))
