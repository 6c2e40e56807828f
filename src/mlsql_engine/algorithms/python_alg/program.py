"""What a training runs: a script file, scripts that tables hold, or the built-in trainer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlsql_engine.algorithms.base import existing_script
from mlsql_engine.algorithms.python_alg.groups import ParameterGroup, estimator_name
from mlsql_engine.algorithms.python_alg.options import RunOptions, ScriptOptions, SKLearnOptions
from mlsql_engine.algorithms.scripts import script_of_table
from mlsql_engine.core.options import names_in
from mlsql_engine.core.text import Text
from mlsql_engine.engines.base import Engine, Relation


@dataclass(frozen=True)
class Program:
    """What runs for every group: the script, or None for the built-in trainer.

    `files` are the texts of the script by file name, for the manifest.
    """

    script: Path | None
    files: Mapping[str, bytes] = field(default_factory=dict)

    def title(self, group: ParameterGroup) -> str:
        """What progress and errors call what runs for a group: the script's file, or the estimator's class."""
        return self.alg(group) if self.script is None else self.script.name

    def alg(self, group: ParameterGroup) -> str:
        """What the result calls the algorithm of a group: the script's name, or the estimator's class."""
        if self.script is not None:
            return self.script.stem
        return estimator_name(group.parameters) or "the built-in trainer"

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of every file, in hexadecimal, by its name."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}


def with_algorithm(groups: tuple[ParameterGroup, ...], options: RunOptions) -> tuple[ParameterGroup, ...]:
    """The groups, those that name no estimator with the one that the option `alg` of SKLearn names."""
    if not isinstance(options, SKLearnOptions) or options.alg is None:
        return groups
    return tuple(
        group
        if estimator_name(group.parameters)
        else ParameterGroup(group.index, {**group.parameters, "alg": options.alg.value}, group.resources)
        for group in groups
    )


def program_of(
    options: RunOptions, tables: Mapping[str, Relation], engine: Engine, folder: Path, place: Path
) -> Program:
    """What the options say to run; scripts that tables hold are written into the new folder `place`.

    Raises DataProblem for a script file that is not there, BadValue for a table that holds no script.
    """
    if isinstance(options, ScriptOptions) and options.python_script_path is not None:
        script = existing_script(options.python_script_path, folder)
        return Program(script, {script.name: script.read_bytes()})
    if isinstance(options, ScriptOptions) and options.scripts is not None:
        entry_point = options.entry_point or names_in(options.scripts)[0]
        return _of_tables(names_in(options.scripts), entry_point, tables, engine, place)
    return Program(None)


def _of_tables(
    names: Sequence[Text], entry_point: Text, tables: Mapping[str, Relation], engine: Engine, place: Path
) -> Program:
    place.mkdir()
    files: dict[str, bytes] = {}
    for name in names:
        content = script_of_table(tables[f"scripts.{name.value}"], engine, name).text.encode()
        files[f"{name.value}.py"] = content
        (place / f"{name.value}.py").write_bytes(content)
    script = next(place / file for file in files if file.lower() == f"{entry_point.value}.py".lower())
    return Program(script, files)
