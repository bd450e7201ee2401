# Everything from a bare Python 3.11, 3.12 or 3.13 and make. `make` alone says what there is.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
BIN := .venv/bin

# The one way the lock is made: pinned with hashes, for all three Pythons, without the name of any index host. Django is
# left out because django-htmx is only a source of two scripts (hatch_build.py); the lock is installed with --no-deps.
COMPILE := uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header \
	--no-emit-package django --no-emit-package asgiref --no-emit-package sqlparse

.PHONY: help
help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: .venv/.ready ## start everything with a practice company, and say which address to open
	@$(BIN)/deskbridge demo

# The suite starts dozens of processes: where that variable is set, each would compile all of its modules anew.
.PHONY: test
test: lint browser ## everything that CI runs: lint, types, import rules, all tests, browser included
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 4 --dist worksteal -q

.PHONY: bench
bench: .venv/.ready ## measure how fast an import is on this machine
	$(BIN)/python -m tests.benchmarks

.PHONY: lint
lint: .venv/.ready ## check style, types and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: .venv/.ready ## put the code into the project's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: migration
migration: .venv/.ready ## write the migration for what changed in sync/tables.py
	PICCOLO_CONF=sync.piccolo_conf $(BIN)/piccolo migrations new sync --auto

.PHONY: install
install: .venv/.ready ## make .venv, as all of the above do first

.PHONY: lock
lock: ## renew requirements.lock from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv (https://docs.astral.sh/uv/)"; exit 1; }
	$(COMPILE) --upgrade --quiet --output-file requirements.lock

.PHONY: clean
clean: ## remove what can be made again; the data stay
	rm -rf .venv static/vendor build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find web sync tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: browser
browser:
	@.ci/browser

# The stamp is written last, so that a set-up that broke off is made again.
.venv/.ready: pyproject.toml requirements.lock hatch_build.py .ci/setup
	@.ci/setup
	@touch $@
