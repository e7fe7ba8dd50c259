# make run | discord | test | test-long | test-versions | lint | audit | hooks | bench | soak | fuzz | test-clients | test-browser | lock | clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYNAPSE := .cache/synapse
CLIENTS := tests/clients/node_modules/.installed
# Compiled once, not at each of the hundred starts of Plein, whatever is usual on this machine.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

.PHONY: run discord test test-long test-versions lint audit hooks bench soak fuzz test-clients test-browser lock clean

run: $(VENV)/.run
	@$(BIN)/plein run

# Discord on this machine, to try Plein on without an account.
discord: $(VENV)/.dev
	@$(BIN)/python -m tests.doubles.discord

test: $(VENV)/.dev $(SYNAPSE)/.installed
	@$(PYTEST) -n 2 --dist loadgroup

# What takes longer, on the other database and on Matrix: before a release.
test-long: $(VENV)/.dev $(SYNAPSE)/.installed
	@$(PYTEST) -n 2 --dist loadgroup -m "long and not soak"

# On each Python that is here, in an environment of its own.
test-versions:
	@failed=; for python in $$(.ci/pythons); do \
		name=$$($$python -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); \
		echo "With $$name:"; \
		$(MAKE) --no-print-directory VENV=.cache/$$name PYTHON=$$python test || failed="$$failed $$name"; \
	done; \
	[ -z "$$failed" ] || { echo "Tests failed with$$failed"; exit 1; }

lint: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# What is known of the packages that are locked: advisories, licences, age.
audit: $(VENV)/.dev
	@$(BIN)/python .ci/audit.py

# Lint before every commit, from now on.
hooks: $(VENV)/.dev
	@$(BIN)/pre-commit install

bench: $(VENV)/.dev $(SYNAPSE)/.installed
	@$(BIN)/python -m bench

soak: $(VENV)/.dev $(SYNAPSE)/.installed
	@$(PYTEST) -m soak

# What reads and writes people's words, against whatever comes up in ten minutes.
fuzz: $(VENV)/.dev
	@$(BIN)/python -m tests.fuzz 600

test-clients: $(VENV)/.dev $(SYNAPSE)/.installed $(CLIENTS)
	@$(PYTEST) tests/clients

# What Matrix's Hydrogen shows, in Chromium: CHROMIUM says where that is, if it is not on the path.
test-browser: $(VENV)/.dev $(SYNAPSE)/.installed $(CLIENTS)
	@$(PYTEST) tests/clients/hydrogen

lock: $(VENV)/.dev
	@$(BIN)/uv pip compile -q --universal --generate-hashes --custom-compile-command "make lock" \
		--extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --custom-compile-command "make lock" \
		--extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --custom-compile-command "make lock" \
		--python-version 3.11 tests/synapse.in -o tests/synapse.lock

clean:
	@rm -rf $(VENV) .cache tests/clients/node_modules

# One line when the machine lacks something, instead of a traceback.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Plein needs Python 3.11 or newer: apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Plein needs Python 3.11 or newer; this is $$($(PYTHON) -V). Name another: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
		|| { rm -rf $(VENV); echo "Python cannot make a virtual environment here: apt install python3-venv"; exit 1; }

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing Plein in $(VENV) (once, about a minute) ..."
	@$(BIN)/python -m pip -q --disable-pip-version-check install --require-hashes -r requirements.lock
	@$(BIN)/python -m pip -q --disable-pip-version-check install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip -q --disable-pip-version-check install --require-hashes -r requirements-dev.lock
	@touch $@

# Synapse is AGPL and only ever a test server: it stays in an environment of its own.
$(SYNAPSE)/.installed: tests/synapse.lock | $(VENV)/bin/python
	@echo "Installing the Matrix homeserver for the tests ..."
	@$(PYTHON) -m venv $(SYNAPSE)
	@$(SYNAPSE)/bin/python -m pip -q --disable-pip-version-check install --require-hashes -r tests/synapse.lock
	@touch $@

$(CLIENTS): tests/clients/package-lock.json
	@command -v npm >/dev/null || { echo "The tests with matrix-js-sdk need Node 20 or newer, with npm"; exit 1; }
	@echo "Installing matrix-js-sdk for the tests ..."
	@cd tests/clients && npm ci --silent --ignore-scripts
	@touch $@
