#!/bin/sh
# Put this project and the extras named by the first argument into .venv, which is made if need be.
#   scripts/install.sh sklearn
# PYTHON names the interpreter (default python3; 3.11 or newer). Versions come from constraints.txt.
set -eu
cd "$(dirname "$0")/.."
extras=$1
python=${PYTHON:-python3}
venv=.venv/bin/python

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "mlsql needs Python 3.11 or newer as '$python'; name another: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi

if ! "$venv" -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        # Debian's python3 has no ensurepip unless python3-venv is installed; its pip can step in.
        rm -rf .venv
        "$python" -m venv --without-pip .venv
        if ! "$python" -m pip --python "$venv" install --quiet pip; then
            echo "cannot put pip into .venv: apt-get install python3-venv, then try again" >&2
            exit 1
        fi
    fi
fi

# uv installs in seconds what takes pip a minute; where it cannot be had, pip does the same.
"$venv" -m pip install --quiet --constraint constraints.txt uv || true
if ! "$venv" -m uv pip install --quiet --python "$venv" --constraint constraints.txt --editable ".[$extras]"; then
    "$venv" -m pip install --quiet --constraint constraints.txt --editable ".[$extras]"
fi

# What the tests of scripts that import pyspark put on a worker's path: its Python part, 11 MB. Everything else is
# tested without pyspark, so it stands in a folder of its own.
case $extras in
test*)
    rm -rf .venv/pyspark
    "$venv" -m pip install --quiet --constraint constraints.txt --no-deps --target .venv/pyspark pyspark-client
    ;;
esac
