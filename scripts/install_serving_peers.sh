#!/bin/sh
# Put what `python -m benchmarks serving` measures with and against beside this project: the command wrk, MLflow in
# .venv/mlflow and MLServer in .venv/mlserver (1.5 GB). Nothing is done where they are.
set -eu
cd "$(dirname "$0")/.."
if ! .venv/bin/python -m uv --version >/dev/null 2>&1; then
    echo "uv is not in .venv: run make test first, or scripts/install.sh test" >&2
    exit 1
fi
scripts/need_command.sh wrk wrk
sklearn=$(grep '^scikit-learn==' constraints.txt)

# A folder of .venv, and what belongs into it.
install() {
    target=.venv/$1
    shift
    if [ "$(cat "$target/installed" 2>/dev/null)" = "$*" ]; then
        return
    fi
    rm -rf "$target"
    .venv/bin/python -m uv venv --quiet --python .venv/bin/python "$target"
    .venv/bin/python -m uv pip install --quiet --python "$target/bin/python" "$@"
    echo "$*" >"$target/installed"
}
install mlflow mlflow==3.17.2 uvicorn==0.54.0 uvloop==0.23.0 httptools==0.9.0 "$sklearn"
install mlserver mlserver==1.7.1 mlserver-sklearn==1.7.1 "$sklearn"
