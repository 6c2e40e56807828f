"""Measure: `python -m benchmarks [name …] [--rows N] [--quick]`. Without names, all that can run here.

Prints the figures as a Markdown table; a whole run at full size also writes benchmarks/results/<date>.md. Exit
status 1 when a figure misses its bar.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from datetime import date
from importlib import import_module
from pathlib import Path

from benchmarks import predict_spark, report, serving, wrk
from benchmarks.measuring import Figure
from benchmarks.workspace import Workspace

NAMES = (
    "run_start",
    "train_start",
    "libsvm_load",
    "arrow_handover",
    "json_handover",
    "predict_channel",
    "predict_sql",
    "predict_by_hand",
    "predict_spark",
    "predict_memory",
    "one_row",
    "contracts",
    "first_prediction",
    "language",
    "load_data",
    "trainer",
    "groups",
    "environments",
    "serving",
    "serving_overload",
    "serving_soak",
)
_FULL, _QUICK = 1_000_000, 100_000


def main() -> int:
    listed = "\n".join(f"  {name:17} {_title(name)}" for name in NAMES)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__}\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", choices=[*NAMES, []], help="which; all unless given")
    parser.add_argument("--rows", type=int, help=f"rows of the large tables ({_FULL:,}; quick: {_QUICK:,})")
    parser.add_argument("--repeats", type=int, default=3, help="counted runs of each (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="small and rough, to see that everything runs")
    options = parser.parse_args()
    rows = options.rows or (_QUICK if options.quick else _FULL)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="mlsql-bench-") as folder:
        workspace = Workspace(Path(folder), rows, options.repeats, options.quick)
        workspace.cache_bytecode()
        for name in options.names or _present(workspace):
            workspace.told(f"{name}: {_title(name)}")
            figures += import_module(f"benchmarks.{name}").run(workspace)
    print(report.table(figures))
    if not options.names and rows == _FULL:
        command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
        results = Path(__file__).parent / "results" / f"{date.today().isoformat()}.md"  # noqa: DTZ011
        results.parent.mkdir(exist_ok=True)
        results.write_text(report.document(figures, command, rows, options.repeats), encoding="utf-8")
    return 1 if any(figure.passed is False for figure in figures) else 0


def _present(workspace: Workspace) -> list[str]:
    """All but those that need what is not installed here; which those are is told."""
    absent = {
        "predict_spark": predict_spark.absent(),
        "serving": serving.absent(),
        "serving_overload": wrk.absent(),
        "serving_soak": wrk.absent(),
    }
    for name, problem in absent.items():
        if problem is not None:
            workspace.told(f"{name} is left out: {problem}")
    return [name for name in NAMES if absent.get(name) is None]


def _title(name: str) -> str:
    documentation = import_module(f"benchmarks.{name}").__doc__ or ""
    return documentation.split("\n", 1)[0].rstrip(":,.")


if __name__ == "__main__":
    sys.exit(main())
