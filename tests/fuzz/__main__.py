"""Fuzz the language with atheris, guided by coverage.

    PYTHONPATH=tests python -m fuzz [--seconds 600] [--target NAME]

Ends with status 0 when nothing but MlsqlError was raised, else with the input that raised it. What is found becomes
a case of tests/unit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["mlsql_engine"]):
    from fuzz import targets

SEEDS = Path(__file__).parent.parent / "scripts"


def main() -> None:
    """Parse the command line and hand over to atheris, which ends the process."""
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--target", choices=[target.__name__ for target in targets.TARGETS])
    options = parser.parse_args()
    chosen = [target for target in targets.TARGETS if options.target in (None, target.__name__)]

    def one(data: bytes) -> None:
        target = chosen[data[0] % len(chosen)] if data else chosen[0]
        targets.run(target, data[1:].decode("utf-8", "replace"))

    with tempfile.TemporaryDirectory(prefix="mlsql-fuzz-") as folder:
        corpus = Path(folder)
        for index, script in enumerate(sorted(SEEDS.glob("*/*.mlsql"))):
            (corpus / f"seed-{index}").write_bytes(bytes([index % 256]) + script.read_bytes()[:4000])
        limits = [f"-max_total_time={options.seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=4096"]
        arguments = [*limits, f"-artifact_prefix={folder}/", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *arguments, str(corpus)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
