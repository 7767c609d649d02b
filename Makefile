# `make` alone lists the targets. PYTHON=… chooses the interpreter (3.11 or 3.12).
# An interpreter counts only if it runs: a version manager may have a name without a version behind.
works = $(shell for each in $(1); do "$$each" -c '' 2>/dev/null && echo "$$each" && break; done)
VERSION_MANAGERS := $(wildcard $(HOME)/.pyenv/versions/3.12*/bin/python3.12)
PYTHON ?= $(call works,python3.11 python3.12)
OTHER_PYTHON ?= $(call works,python3.12 $(VERSION_MANAGERS))
BIN := .venv/bin
WITHOUT_SERVERS := not servers and not stack and not browser and not data
# Tests on servers mostly wait: two at a time, each file in one process with servers of its own.
AT_ONCE := -n 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install demo test test-data test-other check format lock clean browser

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

install: .venv/.installed ## fetch everything: .venv with all packages, Kafka's jars

.venv/.packages: requirements.lock
	@test -n "$(PYTHON)" || { echo "Install Python 3.11 or 3.12, or name one: make PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/.installed: .venv/.packages pyproject.toml watchkeeper/stack/kafka.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/watchkeeper fetch
	$(BIN)/python -m dataflows.scoring.compile_kernels
	@touch $@

demo: install ## start everything and show it: until Ctrl-C, or DEMO_SECONDS=60
	@$(BIN)/watchkeeper demo

check: install ## everything that needs no server: format, lint, types, floors, rules, contracts, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/watchkeeper rules lint
	$(BIN)/watchkeeper contracts check
	$(BIN)/watchkeeper db sql | $(BIN)/squawk
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

test: install browser check test-other ## check, then every test, on the real servers and in a real browser
	$(BIN)/pytest -q $(AT_ONCE)

test-other: install ## the tests without servers on Python 3.12, where there is one beside
ifneq ($(OTHER_PYTHON),)
	$(MAKE) --no-print-directory .venv-other/.installed
	.venv-other/bin/pytest -q $(AT_ONCE) -m "$(WITHOUT_SERVERS)"
else
	@echo "No Python 3.12 here: its tests are left out."
endif

.venv-other/.installed: requirements.lock pyproject.toml
	$(OTHER_PYTHON) -m venv .venv-other
	.venv-other/bin/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	.venv-other/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

test-data: install ## the tests on the public data sets: make test-data DATA=PATH
	@test -n "$(DATA)" || { echo "Name the folder of the data sets: make test-data DATA=PATH" >&2; exit 1; }
	@test -d "$(DATA)" || { echo "There is no folder $(DATA): the data sets are missing." >&2; exit 1; }
	$(BIN)/pytest -m data "--data=$(DATA)"

browser: ## install the Debian package chromium where no chromium is
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as=sudo; \
	  else echo "The tests need a browser: have an administrator install the package chromium." >&2; exit 1; fi; \
	  $$as apt-get update -qq && $$as apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

format: install ## put the code in the house's form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: install ## resolve all dependencies anew: Python packages and Kafka's jars
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet uv
	build/lock/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --upgrade -q -o requirements.lock
	build/lock/bin/uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --generate-hashes --no-header -q -c requirements.lock -o requirements.runtime.lock
	$(BIN)/watchkeeper fetch --lock

clean: ## remove what make made; the stack's data stay
	rm -rf .venv .venv-other build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
