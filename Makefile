# Every target works by itself on a machine with make and Python 3.11 or later.

# The first Python that is recent enough: make PYTHON=… chooses another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed

# Every process under test would compile the whole program again without its bytecode.
unexport PYTHONDONTWRITEBYTECODE

# Thousands of small files that are gone a moment later: in memory, where there is a gigabyte to spare.
MEMORY := /dev/shm
SCRATCH := $(shell [ -w $(MEMORY) ] && df -Pk $(MEMORY) | awk 'NR == 2 && $$4 > 1000000 {print "$(MEMORY)"}')

.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench faults docs lock clean

help: ## lists the targets
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile

demo: $(INSTALLED) ## makes a round of every workflow on a sample workspace, in ./demo
	@$(RUN) run.py demo demo

test: $(INSTALLED) ## runs all tests
	@$(if $(SCRATCH),TMPDIR=$(SCRATCH)) $(RUN) -m pytest -q -n auto --dist worksteal

lint: $(INSTALLED) ## checks style
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

types: $(INSTALLED) ## checks types
	@$(RUN) -m mypy

bench: $(INSTALLED) ## measures a round of 3 000 people
	@$(RUN) -m tests.bench

faults: $(INSTALLED) ## breaks servers and kills the program, and counts what arrived
	@$(RUN) -m tests.faults

docs: $(INSTALLED) ## writes templates/LISEZMOI.md again, from the code
	@$(RUN) -c 'from workflows.office import templates_readme; print(templates_readme(), end="")' \
		>templates/.LISEZMOI.new && mv templates/.LISEZMOI.new templates/LISEZMOI.md

# The stamp is written last: an installation that was interrupted is made again from nothing.
$(INSTALLED): requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed." >&2; exit 1; }
	@echo "Preparing $(VENV) (once)…" >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

# Resolved on the oldest Python that is supported, by a pip-tools kept out of the program's own environment.
lock: ## pins and hashes the newest versions of what pyproject.toml asks for
	@python3.11 -m venv --clear $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	@CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/lock/bin/pip-compile --quiet --upgrade --extra dev --strip-extras \
		--generate-hashes --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--output-file requirements.txt pyproject.toml

clean: ## removes what the other targets made
	@rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
