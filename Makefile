# `make demo` and `make test` do everything from a fresh clone: they need make and Python 3.11.
# What is installed is pinned with hashes in requirements/; the second run installs nothing.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
CANDIDATES := python3.13 python3.12 python3.11 python3 python
WORKERS ?= 2
# The tests start hundreds of processes; each would compile the whole program anew.
export PYTHONDONTWRITEBYTECODE :=
# ARGS may choose tests of one kind only; pytest exits 5 where it then finds none.
NONE_CHOSEN = $(if $(ARGS), || [ $$? -eq 5 ])

# An environment whose Python has gone, or that belongs to another folder, is made again.
SOUND := $(shell $(PY) -c 'import ibelay, os; print(os.path.realpath(ibelay.__file__).startswith(os.path.realpath("src")))' 2>/dev/null)
ifneq ($(SOUND),True)
.PHONY: $(RUNTIME) $(DEV)
endif

.PHONY: help demo test lint types imports format fuzz fuzz-guided blows machine planted bench lock clean install install-dev \
	conformance-clients conformance-matrix simulate simulate-night faults-page faults-for-real

help:  ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-20s %s\n", $$1, $$2 }'

demo: $(RUNTIME)  ## A bot trades, loses its line, is killed, and comes back: two minutes
	@$(PY) -m ibelay demo $(ARGS)

# Tests that kill processes mostly wait, so more of them than there are cores run side by side,
# each file by one worker, in order, for the longest files come first; those that measure time
# run one at a time: beside busy neighbours they would measure the neighbours.
test: $(DEV) conformance-clients  ## Everything a commit must pass
	@$(MAKE) --no-print-directory lint types imports
	$(PY) -m pytest -n $(WORKERS) --dist worksteal -q -m 'not adversity' $(ARGS)$(NONE_CHOSEN)
	$(PY) -m pytest -n $$((2 * $(WORKERS))) --dist loadfile --no-loadscope-reorder -q -m 'adversity and not alone' $(ARGS)$(NONE_CHOSEN)
	$(PY) -m pytest -q -m 'adversity and alone' $(ARGS)$(NONE_CHOSEN)

lint: $(DEV)  ## Style
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(DEV)  ## Types, strictly
	$(PY) -m mypy

imports: $(DEV)  ## The rooms and their arrows
	$(PY) -c 'import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())'

format: $(DEV)  ## Put the style right where a tool can
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

fuzz: $(DEV)  ## 200,000 hostile inputs to the paper gateway (minutes)
	IBELAY_FUZZ=200000 $(PY) -m pytest -n $(WORKERS) -q tests/fuzz $(ARGS)

FUZZ_SECONDS ?= 600
fuzz-guided: $(DEV)  ## Fuzz the paper gateway by coverage for FUZZ_SECONDS (Linux, a night at best)
	@$(PIP) install --require-hashes -r requirements/fuzz.txt
	$(PY) -m tests.fuzz.guided --seconds $(FUZZ_SECONDS) $(ARGS)

# 1,800 simulated hours: weeks, days with their nights (one with a dense market, one on SQLite),
# hours of trouble, quiet ones, and of what brokers and people do to orders; then the drop-in. Each
# seed is a run of its own, so ten times as many are others after the first.
SEEDS_FROM ?= 1
TIMES ?= 1
simulate: $(DEV)  ## 1,800 simulated hours of bad days, as CI runs them (minutes)
	$(PY) -m ibelay simulate --profile weekly --hours 168 --seeds $$((6 * $(TIMES))) --first $(SEEDS_FROM)
	$(PY) -m ibelay simulate --profile nightly --hours 24 --seeds $$((10 * $(TIMES))) --first $(SEEDS_FROM)
	$(PY) -m ibelay simulate --profile hostile --hours 6 --seeds $$((50 * $(TIMES))) --first $(SEEDS_FROM)
	$(PY) -m ibelay simulate --profile calm --hours 6 --seeds $$((24 * $(TIMES))) --first $(SEEDS_FROM)
	$(PY) -m ibelay simulate --profile broker --hours 1 --seeds $$((40 * $(TIMES))) --first $(SEEDS_FROM)
	$(PY) -m ibelay simulate --bot dropin --profile hostile --hours 2 --seeds $$((30 * $(TIMES))) --first $(SEEDS_FROM)
	$(PY) -m ibelay simulate --bot dropin --profile broker --hours 1 --seeds $$((20 * $(TIMES))) --first $(SEEDS_FROM)

simulate-night:  ## 18,000 simulated hours (over an hour)
	@$(MAKE) --no-print-directory simulate TIMES=10 SEEDS_FROM=$${SEEDS_FROM:-1001}

BLOWS ?= 1000
blows: $(DEV)  ## Kill a trading bot 1,000 times and cut its line 1,000 times (an hour)
	IBELAY_BLOWS=$(BLOWS) $(PY) -m pytest -q tests/adversity/test_kills_and_cuts.py $(ARGS)

machine: $(DEV)  ## Let Hypothesis think of 2,000 bad days, and shrink what breaks (hours)
	IBELAY_MACHINE=$${EXAMPLES:-2000} $(PY) -m pytest -q tests/simulation/test_machine.py

planted: $(DEV)  ## Plant mistakes in copies of the code, and find each by simulation (half an hour)
	$(PY) -m tests.simulation.planted.hunt

bench: $(DEV)  ## Print the figures of TARGETS beside their anchors
	@for bench in benchmarks/bench_*.py; do echo "== $$bench"; $(PY) $$bench || exit 1; done

# Each foreign client has an environment of its own; the program knows which are there already.
conformance-clients: $(DEV)  ## The foreign clients that the paper gateway is tested against
	@$(PY) tests/conformance/environments.py

conformance-matrix: conformance-clients  ## Write docs/reference/gateway-conformance.md
	$(PY) -m tests.conformance.matrix

# Processes and sockets; with root on Linux also network namespaces with a cable between them.
faults-for-real: $(DEV)  ## Play the faults with real processes, at the speed of a clock (a quarter of an hour)
	IBELAY_FAULTS=all $(PY) -m pytest -q tests/adversity/test_faults_for_real.py $(ARGS)

faults-page: $(DEV)  ## Write docs/reference/faults.md: all faults, all actors (minutes)
	$(PY) -m ibelay.testing.matrix.page

install: $(RUNTIME)  ## What `ibelay` needs to run

install-dev: $(DEV)  ## What its tests need beside that

# The files name no registry: pip asks the one it is configured for, and the hashes decide.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
lock:  ## Lock again after a change of pyproject.toml or requirements/*.in (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv on the PATH" >&2; exit 1; }
	$(LOCK) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) requirements/build.in --output-file requirements/build.txt
	$(LOCK) requirements/dev.in --constraint requirements/runtime.txt --output-file requirements/dev.txt
	$(LOCK) requirements/fuzz.in --output-file requirements/fuzz.txt
	for client in requirements/conformance-*.in; do \
	    $(LOCK) $$client --constraint requirements/runtime.txt --output-file $${client%.in}.txt || exit 1; \
	done
	cd requirements/conformance-node && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

clean:  ## Remove what was made, the environment too
	rm -rf $(VENV) .conformance build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A candidate may be on the PATH and still not run (version managers leave such shims), so
# each is tried, not only looked for. PYTHON=... names one and no other.
$(RUNTIME): requirements/runtime.txt requirements/build.txt pyproject.toml
	@if ! $(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    found=; \
	    for python in $(or $(PYTHON),$(CANDIDATES)); do \
	        if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	            found=$$python; break; \
	        fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "ibelay needs Python 3.11 or newer with its venv module; tried: $(or $(PYTHON),$(CANDIDATES)). Install one, or name it: make PYTHON=/path/to/python3" >&2; \
	        exit 1; \
	    fi; \
	    echo "making $(VENV) with $$found"; \
	    rm -rf $(VENV); \
	    $$found -m venv $(VENV); \
	fi
	@echo "installing what ibelay needs into $(VENV) (once)"
	@$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUNTIME) requirements/dev.txt
	@echo "installing what its tests need into $(VENV) (once)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
