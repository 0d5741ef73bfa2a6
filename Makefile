# make verify   prove the corpus: every case, arch, mode and compiler that is here; variants and
#               levels take turns (VERIFY="--levels all" builds all, --no-cache compiles anew)
# make test     the test suite               make test-full   with the exhaustive tests
# make lint     ruff and mypy --strict       make bench       measure, and print ratios
# make projects build Lua, Redis, zstd and jansson through the launcher (network, gcc, minutes)
# make mutants  judge every machine-made mutant of the templates and the runtime (hours)
# make clean    remove all that make made, the environment (.venv) too
#
# Needs Python 3.11 or later with venv, and a way to PyPI the first time.  No C
# compiler is needed: a wheel from PyPI brings Clang for every arch.  All paths
# are relative, so a checkout may lie anywhere.

.POSIX:
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all verify test test-full mutants lint bench projects clean

VENV = .venv
PY = $(VENV)/bin/python
PIP = $(PY) -m pip --disable-pip-version-check
READY = $(VENV)/.ready
READY_LINT = $(VENV)/.ready-lint
START = transformer/launcher/sc-transform
PYTHON = $$(for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	{ echo $$p; break; }; done)
JOBS = $$($(PY) -c 'import os; print(len(os.sched_getaffinity(0)))')
PYTEST = $(PY) -m pytest -q -n auto --maxprocesses=16
CORPUS = corpus

all: verify

verify: $(READY)
	$(VENV)/bin/sc-transform verify $(CORPUS) --levels few -j $(JOBS) $(VERIFY)

test: $(READY)
	$(PYTEST) $(TESTS)

test-full: $(READY)
	$(PYTEST) -m "full or not full" $(TESTS)

# Goes on where it was interrupted, unless something was changed since.
mutants: $(READY)
	@mkdir -p build
	PYTHONPATH=tests:. $(PY) -m mutants.mutant_run -j $(JOBS) --output build/mutants.jsonl

lint: $(READY_LINT)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy --strict transformer

bench: $(READY)
	$(PY) benchmarks/bench.py

projects: $(READY)
	$(PY) benchmarks/projects.py --tests

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find transformer tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is missing from the start of a set-up to its end, so one that was
# cut off begins anew with an empty environment.  Installing copies $(START).
$(READY): pyproject.toml $(START)
	@python="$(PYTHON)" || :; test -n "$$python" || { \
		echo "make: Python 3.11 or later with the module venv is needed (Debian: python3-venv)" >&2; \
		exit 1; }; \
	test -f $(READY) && $(PY) -c '' 2>/dev/null || { \
		echo "setting up $(VENV) with $$($$python --version)"; \
		rm -rf $(VENV) && "$$python" -m venv $(VENV); }
	@rm -f $(READY)
	$(PIP) install -q -e '.[test]'
	@touch $(READY)

$(READY_LINT): $(READY)
	$(PIP) install -q -e '.[test,lint]'
	@touch $(READY_LINT)
