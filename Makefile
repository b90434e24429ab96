# One word for every habit. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PARTS := $(patsubst %/pyproject.toml,%,$(wildcard libs/*/pyproject.toml gateway/pyproject.toml services/*/pyproject.toml))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help install run test quick check format lint types migrate migration seed story bench lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  \033[1mmake %-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make the virtual environment from the lock file

$(STAMP): requirements.lock $(PARTS:%=%/pyproject.toml)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation $(PARTS:%=-e ./%)
	@touch $@

run: $(STAMP) ## Run the whole system here, with demo data; ctrl-C stops it
	@QUILL_DEMO=$${QUILL_DEMO:-on} exec $(BIN)/quill run

test: $(STAMP) ## Run all tests (ARGS="-k word" to choose)
	$(BIN)/pytest -n auto --dist loadgroup $(ARGS)

quick: $(STAMP) ## Run the tests that start no system of processes
	$(BIN)/pytest -n auto -m "not system" $(ARGS)

check: lint types ## Everything that reads the code: format, lint, types, house rules, migrations
	$(BIN)/quill migrate check

lint: $(STAMP) ## Format, lint and the house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/quill-checks

types: $(STAMP) ## Check the types of every part and its tests
	@failed=0; for part in $(PARTS) $(wildcard tests); do echo "mypy $$part"; $(BIN)/mypy $$part || failed=1; done; exit $$failed

format: $(STAMP) ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

migrate: $(STAMP) ## Bring the databases of all services to their newest revision
	$(BIN)/quill migrate up all

migration: $(STAMP) ## Write a migration from the models: make migration service=letters message="add a column"
	@test -n "$(service)" -a -n "$(message)" || { echo 'make migration service=letters message="add a column"'; exit 2; }
	$(BIN)/quill migrate new "$(service)" "$(message)"

seed: $(STAMP) ## Load the demo data into the running system
	$(BIN)/quill seed

story: $(STAMP) ## Play the main job against the running system
	$(BIN)/quill story

bench: $(STAMP) ## Measure the running system (QUILL_RATE_LIMITS=off make run) against its budgets
	$(BIN)/quill bench

lock: ## Resolve all dependencies again into requirements.lock
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/python .ci/dependencies.py | $(BIN)/uv pip compile - --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --output-file requirements.lock $(ARGS)

clean: ## Remove the virtual environment and caches; data in .quill stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name '*.egg-info' -type d -prune -exec rm -rf {} +
