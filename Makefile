# `make demo` and `make test` need only make and Python >= 3.11 (GNU make 3.81 will do).
# Everything they install goes into .venv, except Chromium for `make test` on Debian as root.

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := $(if $(PYTHON),$(PYTHON),python3.14 python3.13 python3.12 python3.11 python3)
# Wheels only: building a source archive would run build tools that no hash holds.
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
PINS := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-header --no-emit-index-url --no-emit-find-links
DEMO := audit examples/lived-in --format terminal -o - --format html -o report.html
# One more than the two cores of a small machine: tests wait for servers and browsers.
WORKERS ?= 3

.PHONY: help demo test soak lint format bench pins clean chromium controlplane

help:
	@echo "make demo    audit the example estate and write report.html"
	@echo "make test    check everything: format, lint, types, import directions, tests"
	@echo "make soak    compare a million decisions with a real API server (KUBERNETES=1.34.4: of another release)"
	@echo "make lint    the checks of 'make test' without the tests"
	@echo "make format  put the code into shape"
	@echo "make bench   run the benchmarks"
	@echo "make pins    refresh requirements/*.txt (UPGRADE=1: to the newest versions)"
	@echo "make clean   remove .venv and everything that was built"

# Exit code 1 says that the audit found something, as it should here; any other is a fault.
demo: $(VENV)/.runtime
	@code=0; $(BIN)/rbac-audit $(DEMO) || code=$$?; \
	if [ $$code -gt 1 ]; then echo "make demo: rbac-audit ended with exit code $$code" >&2; exit $$code; fi
	@echo "The report is in report.html: open file://$(CURDIR)/report.html in a browser."

test: lint chromium controlplane
	@echo "== pytest"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term

# The comparisons with a real API server, a million decisions long; KUBERNETES=1.34.4 compares with another release.
soak: $(VENV)/.dev controlplane
	@SOAK_DECISIONS=$(or $(SOAK_DECISIONS),1000000) HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest tests/differential \
		tests/test_controlplane.py -n $(WORKERS) --dist loadgroup --timeout 0

lint: $(VENV)/.dev
	@echo "== ruff format"
	@$(BIN)/ruff format --check
	@echo "== ruff check"
	@$(BIN)/ruff check
	@echo "== mypy"
	@$(BIN)/mypy
	@echo "== import directions"
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

bench: $(VENV)/.runtime
	@$(BIN)/python benchmarks/run.py
	@$(BIN)/python benchmarks/questions.py
	@$(BIN)/python benchmarks/collect.py
	@$(BIN)/python benchmarks/plan.py

# dev.txt is held to the versions of runtime.txt: what is tested is what is shipped.
pins: $(VENV)/.dev
	@$(PINS) $(if $(UPGRADE),--upgrade) --group build -o requirements/runtime.txt
	@$(PINS) $(if $(UPGRADE),--upgrade) --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist htmlcov report.html .coverage .coverage.* .hypothesis .benchmarks \
		.import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find rbac_audit tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# A name on the path proves nothing (version managers leave stand-ins there), so each is started.
$(VENV)/.made:
	@lacking=; for python in $(PYTHONS); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { lacking="$$lacking $$python"; continue; }; \
		echo "== making $(VENV) with $$("$$python" --version)"; \
		rm -rf $(VENV) && "$$python" -m venv $(VENV) && touch $@; exit; \
	done; \
	if [ -n "$$lacking" ]; then echo "make: no venv and ensurepip in$$lacking: apt install python3-venv" >&2; \
	else echo "make: no Python >= 3.11 in: $(PYTHONS). Install one, or: make PYTHON=/path/to/python3" >&2; fi; \
	exit 1

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/.made
	@echo "== installing what rbac-audit needs into $(VENV)"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/.made
	@echo "== installing what rbac-audit and its tests need into $(VENV) (a minute the first time)"
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# Minutes the first time, nothing afterwards. Where it cannot be built, it says so and its tests are skipped.
controlplane: $(VENV)/.dev
	@$(BIN)/python -m tests.controlplane.build

# The report is tested in a real browser; without one those tests are skipped, and say so.
chromium:
	@sh tools/chromium.sh
