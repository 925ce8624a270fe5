# `make demo` shows the main job, `make test` proves it. Every target sets up what it needs, once.
SHELL := /bin/sh
.DEFAULT_GOAL := help
INTERPRETER := .venv/bin/python
BIN := .venv/bin
JOBS ?= 3

.PHONY: help setup setup-demo engine image layers programs demo test check lint soak bench clean

help:
	@echo "make demo    run the whole job on a sample repository and PRD"
	@echo "make test    everything, with the container engine (make check: the fast part, without)"
	@echo "make setup   only the environment; make image: only the sandbox's image"
	@echo "make soak    the long forms of the tests; make bench: the benchmarks; make clean"

setup:
	@scripts/setup.sh dev

setup-demo:
	@scripts/setup.sh base

engine:
	@scripts/engine.sh

image: setup-demo engine
	@$(BIN)/handrail sandbox build > .build/image.txt

programs:
	@scripts/programs.sh

layers: image
	@$(BIN)/handrail sandbox build --with node --with postgresql --with redis > .build/layers.txt

demo: image
	@$(INTERPRETER) demo/run.py

lint: setup
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/pyright --warnings --pythonpath $(INTERPRETER) > .build/pyright.log || { cat .build/pyright.log; exit 1; }
	@$(BIN)/lint-imports > .build/imports.log || { cat .build/imports.log; exit 1; }

check: setup
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(INTERPRETER) -m pytest tests/unit tests/golden tests/architecture tests/conformance -m "not engine and not slow and not soak" -n $(JOBS)

test: lint engine layers programs
	@# Thousands of processes are started; where Python keeps no byte code, each would compile the house again.
	@$(INTERPRETER) -m compileall -q orchestrator tests benchmarks
	@$(INTERPRETER) -m pytest -m "not soak" -n $(JOBS) --dist loadfile --no-loadscope-reorder

soak: setup engine layers programs
	@$(INTERPRETER) -m pytest -m "soak"

bench: setup engine image
	@set -e; for file in benchmarks/*.py; do $(INTERPRETER) "$$file"; done

clean:
	@rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
