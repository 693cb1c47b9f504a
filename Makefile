# Every task of the project; CI runs the same verbs. `make help` lists them.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export UV_PROJECT_ENVIRONMENT := .venv

.DEFAULT_GOAL := help
.PHONY: help setup run test check e2e fuzz faults bench schema format clean

help: ## List the verbs
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed ## Make .venv with everything in it; nothing to do when it is there

.venv/.installed: pyproject.toml uv.lock
	@./scripts/setup $(PYTHON)
	@touch $@

run: setup ## Start Hubbub with two people and two rooms, and print how to use it
	@PORT=$(PORT) ./scripts/run

test: setup ## Run all tests; they bring PostgreSQL, Redis and a browser with them
	@./scripts/test

check: setup ## Format, lint, types, import contracts, migrations, generated files
	@./scripts/check

e2e: setup ## Run the browser tests alone
	@$(BIN)/python -m tests.services
	@./scripts/build-page
	@$(BIN)/pytest tests/e2e

fuzz: setup ## Send malformed input to both doors, ten times as much as `make test`
	@FUZZ_SCALE=10 $(BIN)/pytest tests/fuzz

faults: setup ## Kill, cut and freeze everything for half an hour, and count what is lost
	@$(BIN)/python -m tests.services
	@$(BIN)/python -m tests.faults

bench: setup ## Measure every goal beside other servers (under ten minutes)
	@$(BIN)/uv sync --locked --quiet --group bench
	@$(BIN)/python -m tests.services
	@$(BIN)/python -m bench.run $(BENCH)

schema: setup ## Write openapi.yaml and asyncapi.yaml
	@DEBUG=on $(BIN)/python manage.py spectacular --validate --fail-on-warn --file openapi.yaml
	@DEBUG=on $(BIN)/python manage.py asyncapi --file asyncapi.yaml

format: setup ## Format everything
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .
	@[ ! -d frontend/node_modules ] || npm --prefix frontend run --silent format

clean: ## Remove what was built or installed here, but not the data in var/
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf frontend/node_modules frontend/*/*/node_modules frontend/*/*/dist tests/services/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
