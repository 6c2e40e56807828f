# The commands of this project. Everything they need goes into .venv; nothing else on the machine is touched.
PYTHON ?= python3
export PYTHON
BIN = .venv/bin
INPUTS = pyproject.toml constraints.txt scripts/install.sh

.PHONY: help demo test test-all check bench docs fuzz clean

help:
	@echo "make demo      set up, train and predict: the quickstart"
	@echo "make test      set up, run the tests of the core"
	@echo "make test-all  the same, and the tests of the heavy extras"
	@echo "make check     lint, types, layers"
	@echo "make bench     speed, against the bare libraries"
	@echo "make fuzz      random bytes as scripts, for ten minutes"
	@echo "make docs      write the pages of docs/ that the source tells"
	@echo "make clean     remove .venv and what the examples made"

demo: .venv/installed-demo
	$(BIN)/python examples/quickstart/make_data.py
	$(BIN)/mlsql run examples/quickstart/quickstart.mlsql

test: .venv/installed-test
	$(BIN)/python -m pytest -m "not heavy"

test-all: .venv/installed-heavy
	scripts/need_command.sh pypy3 pypy3
	scripts/install_kafka.sh
	$(BIN)/python -m pytest

check: .venv/installed-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-test
	$(BIN)/python -m benchmarks

fuzz: .venv/installed-fuzz
	cd tests && PYTHONPATH=. ../$(BIN)/python -m fuzz

docs: .venv/installed-test
	$(BIN)/python scripts/generate_docs.py

clean:
	rm -rf .venv examples/*/data examples/*/model

.venv/installed-demo: $(INPUTS)
	scripts/install.sh sklearn
	@touch $@

.venv/installed-test: $(INPUTS)
	scripts/install.sh test
	@touch $@

.venv/installed-heavy: $(INPUTS)
	scripts/install.sh test,heavy
	@touch $@

.venv/installed-check: $(INPUTS)
	scripts/install.sh test,check
	@touch $@

.venv/installed-fuzz: $(INPUTS)
	scripts/install.sh test,fuzz
	@touch $@
