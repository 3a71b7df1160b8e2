# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.setup-stamp

.DEFAULT_GOAL := help
.PHONY: help setup demo test check e2e bench lock clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## the isolated environment .venv, from the hashed lock

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $(STAMP)

demo: setup ## upgrade an embedded cluster before your eyes
	$(BIN)/underway demo $(ARGS)

check: setup ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check ## what CI runs first: lint, types, layers, tests
	$(BIN)/pytest -n 2

e2e: setup ## the same program on a real kube-apiserver
	$(BIN)/pytest -m e2e -p no:randomly --timeout 300 tests/e2e tests/parity
	$(BIN)/pytest --timeout 300 tests/kubectl  # again: there is a kubectl now

bench: setup ## the figures, as tables
	$(BIN)/python -m bench

LOCK = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header pyproject.toml

lock: ## resolve the dependencies anew, with hashes: all of them, and those of the image
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --group dev -o requirements.lock
	$(LOCK) --extra aws --extra alerts --constraint requirements.lock --no-annotate -o deploy/requirements.lock

clean: ## remove what make made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
