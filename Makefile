PYTHON ?= python3
BIN := .venv/bin
# One BLAS thread each: several would only wait for one another.
PYTEST := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help .venv demo test test-long test-browser test-all bench chaos check openapi clean

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv: .venv/installed  ## all set-up: an environment with everything that the other targets need

# hatchling comes first and builds Caviar without isolation, so that constraints.txt pins the build as well.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Caviar needs Python 3.11: make PYTHON=python3.11")'
	@echo "setting up .venv (about a minute, once)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --constraint constraints.txt hatchling editables
	@$(BIN)/pip install -qq --constraint constraints.txt --no-build-isolation --editable '.[test,lint]'
	@touch $@

demo: .venv  ## a server, a worker per core and a search on real data, watched to its end
	@$(BIN)/caviar demo

test: .venv  ## all tests but the long ones, on SQLite and a real Postgres
	@$(PYTEST) -m "not long and not peers" --ignore tests/browser

test-long: .venv  ## the long tests alone
	@$(PYTEST) -m "long and not peers" --ignore tests/browser

# The system's Chromium, because it needs libraries that only the system can install.
test-browser: .venv  ## the dashboard in a real Chromium, which it installs by apt-get where there is none
	@$(BIN)/pip install -qq --constraint constraints.txt --no-build-isolation --editable '.[test,lint,browser]'
	@command -v chromium chromium-browser google-chrome >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null; } \
		|| { echo "there is no Chromium and it could not be installed here: install the package chromium, then try again" >&2; exit 1; }
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/browser

test-all: test test-long test-browser  ## all tests

bench: .venv  ## every benchmark beside its peers, which it installs: an hour and more, on a machine that is otherwise idle
	@$(BIN)/pip install -qq --constraint constraints.txt --no-build-isolation --editable '.[test,lint,bench]'
	@$(BIN)/python -m pytest -q -m peers
	@$(BIN)/python -m bench.trainer
	@$(BIN)/python -m bench.end_to_end
	@$(BIN)/python -m bench.planning
	@$(BIN)/python -m bench.service
	@$(BIN)/python -m bench.search_quality

# Sums up its run in chaos-report.json; docs/reliability.md says what the figures are.
chaos: .venv  ## servers and workers killed, paused and cut off: make chaos SEED=1 TRIALS=1000 DB=sqlite PLANTED=all
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m bench.chaos --seed $(or $(SEED),0) --trials $(or $(TRIALS),100) \
		--db $(or $(DB),sqlite) $(if $(PLANTED),--planted $(PLANTED))

check: .venv  ## lint, format, types, import directions
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

openapi: .venv  ## write openapi.json anew from the server's code
	@$(BIN)/python -m service.openapi > openapi.json.new && mv openapi.json.new openapi.json

clean:  ## remove the environment and every cache
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist
