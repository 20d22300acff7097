# Needs make and Python 3.11 or newer with venv; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PLUGINS := $(wildcard plugins/*)
WORKERS ?= 2
SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz lint docs bench bench-quick fmt lock clean
# pip must not install into one environment twice at a time.
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.local ## charge a synthetic city for fourteen months and explain one bill
	$(BIN)/python tools/demo.py

test: $(VENV)/.test $(VENV)/.local ## all tests, with WORKERS=2 at a time
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

fuzz: $(VENV)/.test $(VENV)/.local ## hold kernels against the interpreter on new cases for SECONDS=60
	$(BIN)/python tools/fuzz.py --seconds $(SECONDS)

lint: $(VENV)/.lint $(VENV)/.local ## style, types, layers, sizes
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/ceilings.py

docs: $(VENV)/.docs $(VENV)/.local ## the pages, into docs/_build/html
	$(BIN)/python -m sphinx -n -W --keep-going -q -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

bench: $(VENV)/.bench $(VENV)/.local ## all benchmarks, peers included, judged against their targets
	$(BIN)/python -m benchmarks

bench-quick: $(VENV)/.bench $(VENV)/.local ## the same on small data, to see that they run
	$(BIN)/python -m benchmarks --quick

fmt: $(VENV)/.lint ## format and repair what can be repaired
	$(BIN)/python -m ruff check --fix-only .
	$(BIN)/python -m ruff format .

lock: ## renew requirements/*.txt (needs uv)
	tools/lock.sh --upgrade

clean: ## remove what make made, the environment too
	rm -rf $(VENV) docs/_build build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find src plugins tests tools benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# One empty file for each step that is done.
$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"kommres needs Python 3.11 or newer; {sys.executable} is {v.major}.{v.minor}. Say which to take: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# Every lock holds the set `run`, so any of them prepares the local packages.
$(VENV)/.run $(VENV)/.test $(VENV)/.lint $(VENV)/.docs $(VENV)/.bench: $(VENV)/.%: requirements/%.txt $(VENV)/.venv
	$(PIP) install --quiet --require-hashes -r $<
	@touch $@

$(VENV)/.local: pyproject.toml $(PLUGINS:%=%/pyproject.toml) $(VENV)/.run
	$(PIP) install --quiet --no-deps --no-build-isolation --editable . $(PLUGINS:%=--editable %)
	@touch $@
