# The doors of the project. `make demo` and `make test` work on a bare Debian 12 or newer.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
LOCK := lock/dev.txt
ONCE ?=
LAN ?=
JSON ?=
STRICT ?=
PARTS ?=
SUITE ?=
DATASETS ?=
MINUTES ?= 30
# Two for each core: much of their time tests wait for the disk.
WORKERS ?= $(shell expr 2 '*' $$(nproc))
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host pyproject.toml
NIGHT = $(if $(ONCE),--once) $(if $(LAN),--lan) $(if $(JSON),--json)

# Compiled modules are kept: each worker of the tests would compile everything anew otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-run engines demo check test lock translations screenshots bench bench-channel bench-progress \
	bench-courses conformance sbom vendor soak format formats

help:  ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | sort

setup: $(VENV)/ready-dev  ## make .venv with everything that work on Qanat needs

setup-run: $(VENV)/ready-run

demo: setup-run  ## one night, end to end (ONCE=1 ends after it, LAN=1 opens it to phones, JSON=1 prints the summary as JSON)
	@$(BIN)/qanat demo $(NIGHT)

check: setup  ## format, lint, types, import contracts, fast tests: under a minute
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -q -n auto -m "not system and not slow"

test: setup engines  ## everything, with the real engines
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports --no-logo
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal -m "not system"
	@$(BIN)/pytest -q -n 2 --dist loadfile -m system  # a file's tests one after the other: each starts programs of its own

engines:  ## install the system packages that the tests need (root or sudo)
	@tests/install-engines

format: setup  ## put the code in order
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

soak: setup engines  ## the harnesses for a long time, going on where they stopped (MINUTES=30, PARTS="worlds power ...")
	@$(BIN)/python -m tests.soak --minutes $(MINUTES) $(PARTS)

translations: setup  ## collect the words, merge them into fr and ar, compile
	@$(BIN)/python -m sync.web.translate

formats: setup engines  ## play a sample of every format in a real browser; writes what was seen into docs/formats.md
	@WRITE=1 $(BIN)/python -m pytest -q -n 0 -m system tests/system/formats -k taken_played

screenshots: setup engines  ## the main pages, phone and desktop, en and ar, into docs/screenshots
	@$(BIN)/python -m tests.bench.screenshots

bench: setup engines  ## our numbers beside the peers' (JSON=1 prints one JSON line last)
	@JSON=$(JSON) $(BIN)/python -m tests.bench.night

bench-progress: setup engines  ## progress going up, beside Kolibri's figures (PARTS="events intake disk killed answers", JSON=1, STRICT=1)
	@JSON=$(JSON) STRICT=$(STRICT) $(BIN)/python -m tests.bench.progress $(PARTS)

conformance: setup  ## the public conformance suite of xAPI against a box (SUITE=DIR, its clone: tests/bench/conformance.py)
	@$(BIN)/python -m tests.bench.conformance $(SUITE)

bench-channel: setup engines  ## our channel beside rsync, casync, xdelta3, zstd (DATASETS=NAME=V1:V2,... PARTS=... STRICT=1)
	@JSON=$(JSON) STRICT=$(STRICT) DATASETS="$(DATASETS)" $(BIN)/python -m tests.bench.channel $(PARTS)

bench-courses: setup engines  ## courses that others made: serving, importing, finding (PARTS="assets import memory finding pages", JSON=1, STRICT=1)
	@JSON=$(JSON) STRICT=$(STRICT) $(BIN)/python -m tests.bench.courses $(PARTS)

sbom: setup  ## bills of materials of box and hub (CycloneDX) and the texts of all licences, into build/sbom
	@$(BIN)/python -m provisioning.bill

vendor: setup  ## fetch the players of packages anew, as their lock pins them (npm)
	@$(BIN)/python -m provisioning.vendoring

lock: setup  ## choose versions anew, with the hashes of every platform's file
	$(COMPILE) --upgrade --output-file lock/box.txt
	$(COMPILE) --extra hub --constraint lock/box.txt --output-file lock/hub.txt
	$(COMPILE) --extra hub --extra postgres --constraint lock/hub.txt --output-file lock/postgres.txt
	$(COMPILE) --extra hub --extra parquet --constraint lock/hub.txt --output-file lock/parquet.txt
	$(COMPILE) --extra hub --extra postgres --extra parquet --extra dev --constraint lock/postgres.txt --output-file lock/dev.txt

$(VENV)/ready-run: lock/hub.txt pyproject.toml
	@PYTHON="$(PYTHON)" provisioning/make-venv $(VENV) lock/hub.txt
	@touch $@

$(VENV)/ready-dev: lock/dev.txt pyproject.toml
	@PYTHON="$(PYTHON)" provisioning/make-venv $(VENV) lock/dev.txt
	@touch $@ $(VENV)/ready-run
