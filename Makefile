# The commands of this project. `make` alone lists them.

VENV   := .venv
PYTHON := $(VENV)/bin/python
READY  := $(VENV)/.ready
PORT   ?= 8000
ADDRESS := SURVEY_BASE_URL=http://127.0.0.1:$(PORT)
CATALOGUES := survey_app/web/translations
SOURCES := instruments scoring reports survey_app benchmarks tests wsgi.py

.DEFAULT_GOAL := help
.PHONY: help setup run demo test lint format check bench lock audit translations clean

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## make the virtual environment and install what is pinned

$(READY): requirements.txt tools/set-up.sh
	@sh tools/set-up.sh $(VENV)
	@touch $@

run: $(READY) ## start the demonstration on http://127.0.0.1:8000
	@sh tools/demonstration-settings.sh
	@$(ADDRESS) $(PYTHON) -m flask --app wsgi demo load
	@$(ADDRESS) $(PYTHON) -m flask --app wsgi service start --port $(PORT)

demo: $(READY) ## load the demonstration afresh, throwing its data away
	@sh tools/demonstration-settings.sh
	@$(ADDRESS) $(PYTHON) -m flask --app wsgi demo load --afresh

test: $(READY) ## run every test; STRICT=1 fails where a program is missing, ARGS="…" goes to pytest
	STRICT=$(STRICT) $(PYTHON) -m pytest -n 2 --dist worksteal -q $(ARGS)

lint: $(READY) ## format, ruff, types and import rules
	$(VENV)/bin/ruff format --check $(SOURCES)
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(READY) ## put every file into the house's format
	$(VENV)/bin/ruff format $(SOURCES)
	$(VENV)/bin/ruff check --fix $(SOURCES)

check: lint test ## everything a reviewer runs: lint and tests

bench: $(READY) ## print measurements, one JSON line each; GROUP=scoring runs one group
	@$(PYTHON) -m benchmarks $(GROUP)

lock: $(READY) ## make requirements.txt again from pyproject.toml
	$(VENV)/bin/uv pip compile pyproject.toml --extra development --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" --quiet --output-file requirements.txt

audit: $(READY) ## ask whether any pinned package has a known vulnerability; needs the internet
	@sh tools/audit.sh $(VENV)

translations: $(READY) ## bring the catalogues of other languages up to date and compile them
	$(VENV)/bin/pybabel -q extract -F $(CATALOGUES)/extraction.cfg -k _ -k lazy_gettext \
	  --no-location --no-wrap --sort-output -o $(CATALOGUES)/messages.pot .
	$(VENV)/bin/pybabel -q update -i $(CATALOGUES)/messages.pot -d $(CATALOGUES) \
	  --no-wrap --no-fuzzy-matching --ignore-obsolete --omit-header
	$(VENV)/bin/pybabel -q compile -d $(CATALOGUES) --statistics
	rm $(CATALOGUES)/messages.pot

clean: ## remove the virtual environment and caches; the data in var/ stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
