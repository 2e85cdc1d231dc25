# Three targets are for everybody: `make run`, `make quick` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# What Python and pytest have compiled is kept: to compile all tests anew takes longer than most runs.
unexport PYTHONDONTWRITEBYTECODE
# The tests of one file stay together as far as that keeps all workers busy.
PARALLEL := -n auto --maxprocesses 8 --dist worksteal
CASES ?= some
CASES_OF_some := --cases=3 --hypothesis-profile=desk
CASES_OF_all :=

.PHONY: run quick test docs bench test-benchmarks lint test-versions test-lowest run-lowest \
  test-drivers run-drivers faults interop sites mutants test-mutants package clean

run: $(VENV)/.run
	@$(BIN)/flask --debug run --no-reload || \
	  { echo "If the port is taken, choose another: make run FLASK_RUN_PORT=5001"; exit 1; }

# For while you work: lint, and the tests that start no process and take next to no time, with
# fewer random examples, and one case of each.
quick: lint
	$(BIN)/python -m pytest -q $(PARALLEL) -m "not (process or slow)" \
	  --hypothesis-profile=quick --cases=1 --at-hand $(PYTEST_ARGS)

# Each test, but of its cases three at most (of what takes noticeable time, one), and fewer random examples.
# 'make test CASES=all' takes all, as .ci/run does.
test: $(VENV)/.test
	$(BIN)/python -m pytest $(PARALLEL) $(CASES_OF_$(CASES)) $(PYTEST_ARGS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The documentation as a site, in docs/_build/html; what Sphinx warns of is an error, and so is a page that
# does not fit a phone.
docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python -m pytest -q tests/docs/test_phone.py

# The test-suite (without a browser) on every Python that is installed here (a skipped one is said), with what pip
# chooses; then once with the lowest versions that pyproject.toml allows, those of the extras too.
test-versions:
	@for version in 3.10 3.11 3.12 3.13; do \
	  if python=$$(tools/find-python $$version); then \
	    echo "Python $$version:"; \
	    $(MAKE) --no-print-directory test CASES=all PYTHON=$$python VENV=.venv-$$version || exit 1; \
	  else echo "Python $$version is not installed here: not tested with it"; fi; \
	done

test-lowest:
	$(MAKE) --no-print-directory run-lowest VENV=.venv-lowest

run-lowest: $(VENV)/.browser
	$(BIN)/python tools/lowest.py browser > $(VENV)/lowest.txt
	$(BIN)/python -m pip install --quiet --requirement $(VENV)/lowest.txt
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

# Sessions and their faults with every driver that people have, and caches with pylibmc and under gevent:
# docs/drivers.md. What cannot be installed here is named, and skipped.
ON_DRIVERS := tests/store tests/test_counter.py tests/faults tests/settings/test_servers.py
test-drivers:
	$(MAKE) --no-print-directory run-drivers VENV=.venv-drivers

run-drivers: $(VENV)/.drivers
	TEST_EVERY_DRIVER=1 $(BIN)/python -m pytest $(PARALLEL) $(ON_DRIVERS) $(PYTEST_ARGS)
	$(BIN)/python -m faults.run --checks interrupted
	if $(BIN)/python -c "import pylibmc" 2>/dev/null; then \
	  $(BIN)/python -m pytest -q $(PARALLEL) tests/caches -k pylibmc $(PYTEST_ARGS); \
	else echo "pylibmc is not installed here: caches are not tested with it"; fi
	if $(BIN)/python -c "import gevent" 2>/dev/null; then \
	  $(BIN)/python -m gevent.monkey --module pytest -q tests/caches -m "not slow" $(PYTEST_ARGS); \
	else echo "gevent is not installed here: caches are not tested with it"; fi

# A visitor to and fro between this package and real Djangos: docs/django-versions.md. Servers are those of
# TEST_POSTGRESQL_URL and TEST_MARIADB_URL.
interop: $(VENV)/.dev
	$(BIN)/python -m interop.run $(INTEROP_ARGS)

# Real sites as they stand, and an app beside each: docs/sites.md. SITES_ARGS names some of them.
sites: $(VENV)/.dev
	$(BIN)/python -m sites.run $(SITES_ARGS)

test-benchmarks: $(VENV)/.dev
	$(BIN)/python -m pytest benchmarks/test_benchmarks.py

# What must hold under load, and while databases, workers and disks fail: docs/faults.md.
faults: $(VENV)/.dev
	$(BIN)/python -m faults.run $(FAULTS_ARGS)

# Deliberate faults, one at a time, and whether the tests notice: docs/mutation-testing.md. Not for CI: it
# takes hours, and goes on where it was stopped.
mutants: test-mutants
	$(BIN)/python -m mutants.run $(MUTANTS_ARGS)

test-mutants: $(VENV)/.mutants
	$(BIN)/python -m pytest -q mutants

# What a request costs, beside other packages: docs/performance.md tells how to read it. What it
# writes is what that page shows.
BENCH_FILES ?= --json docs/performance.json --chart docs/performance.svg
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.compare $(BENCH_FILES) $(BENCH_ARGS)

export MAKECMDGOALS
$(BIN)/python:
	@tools/make-venv "$(PYTHON)" "$(VENV)"

# Once more, since what an earlier run has left there may be of no use.
$(VENV)/.run: $(BIN)/python requirements.txt pyproject.toml
	@tools/make-venv "$(PYTHON)" "$(VENV)"
	$(BIN)/python -m pip install --quiet --requirement requirements.txt --editable .
	touch $@

$(VENV)/.bench: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

$(VENV)/.lint: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --editable '.[lint]'
	touch $@

$(VENV)/.browser: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --editable '.[browser]'
	touch $@

$(VENV)/.dev: $(VENV)/.lint $(VENV)/.browser
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/.mutants: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[mutants]'
	touch $@

$(VENV)/.drivers: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	$(BIN)/python tools/drivers.py
	touch $@

# Wheel and sdist, installed in empty environments; the tests of the sdist.
package: $(VENV)/.dev
	tools/try-package $(abspath $(BIN)/python)

clean:
	rm -rf .venv .venv-* .sites docs/_build build dist *.egg-info .hypothesis .mutants .mypy_cache .pytest_cache .ruff_cache
