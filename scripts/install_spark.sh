#!/bin/sh
# Put Spark and what its workers predict with into .venv/spark, for `python -m benchmarks predict_spark`, which has
# nothing else to do with this project. Nothing is done where it is. It takes 1 GB and needs Java 17.
set -eu
cd "$(dirname "$0")/.."
target=.venv/spark
spark=pyspark==4.3.0

if [ "$(cat "$target/installed" 2>/dev/null)" = "$spark" ]; then
    exit 0
fi
if ! .venv/bin/python -m uv --version >/dev/null 2>&1; then
    echo "uv is not in .venv: run make test first, or scripts/install.sh test" >&2
    exit 1
fi
scripts/need_command.sh java default-jre-headless
rm -rf "$target"
.venv/bin/python -m uv venv --quiet --python .venv/bin/python "$target"
.venv/bin/python -m uv pip install --quiet --python "$target/bin/python" --constraint constraints.txt \
    "$spark" numpy pandas pyarrow scikit-learn
echo "$spark" >"$target/installed"
