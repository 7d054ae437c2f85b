# Every habit of this house, one line each: `make help`.
# The only source of versions is pyproject.toml; everything is installed into .venv once and again when that file changes.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8000
STREET ?= $(basename $(notdir $(firstword $(sort $(wildcard infra/streets/*.toml)))))
ARGS ?=
SOAK ?= 2000x50

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
# mypy, ruff and pytest keep caches in the working tree; nothing is written to HOME, which may be missing.
export PYTHONDONTWRITEBYTECODE ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help serve serve-fresh test soak fuzz lint format audit bench load package posters docs pictures

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22
	@echo
	@echo "  STREET=$(STREET) PORT=$(PORT) from the environment or the command line; ARGS='-k photos' for pytest."

$(INSTALLED): pyproject.toml infra/bootstrap.sh
	@bash infra/bootstrap.sh $(VENV)
	@touch $@

serve: $(INSTALLED) ## the whole system on this machine, with demo data; what was entered stays
	@STREET=$(STREET) PORT=$(PORT) exec $(PYTHON) -m infra.serve

serve-fresh: $(INSTALLED) ## the same, beginning anew (forgets .local/)
	@STREET=$(STREET) PORT=$(PORT) exec $(PYTHON) -m infra.serve --fresh

test: $(INSTALLED) ## every test, the browser's too
	@$(PYTHON) -m tests.chromium --get
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

soak: $(INSTALLED) ## hours: every fault at every call, 2,000 random lives of 50 steps (SOAK=200x50 for fewer); writes docs/faults.md
	@DOORSTEP_SOAK=$(SOAK) $(PYTHON) -m pytest -n 2 --dist loadfile --timeout 0 tests/test_faults*.py tests/test_webhook_faults.py tests/test_machine.py tests/test_demo.py tests/test_axe.py tests/test_erasing.py tests/test_package_many.py $(ARGS); done=$$?; $(PYTHON) -m tests.fault_record; exit $$done

fuzz: $(INSTALLED) ## a quarter of an hour and more: 10,000 cases of the described API, 100,000 of forms, codes, files … (ARGS='--bytes 5000')
	@$(PYTHON) -m tests.fuzz $(ARGS)

lint: $(INSTALLED) ## ruff (rules and format) and mypy --strict; changes nothing
	@echo "lint: ruff"; $(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check .
	@echo "lint: mypy --strict"; $(PYTHON) -m mypy

format: $(INSTALLED) ## lets ruff mend what it can
	@$(PYTHON) -m ruff check --fix . ; $(PYTHON) -m ruff format .

package: $(INSTALLED) ## build/<street>/package.zip and template.json for STREET, or STREET=all; PARTITION=aws or aws-cn instead of the region's
	@$(PYTHON) -m infra.package $(STREET)

audit: $(INSTALLED) ## is anything that ships known to be flawed? by the dated list, and by the live service where there is a network
	@$(PYTHON) -m infra.audit

bench: $(INSTALLED) ## measured figures side by side, in one run (ARGS='coldstart sweep' for some)
	@STREET=$(STREET) $(PYTHON) -m benchmarks $(ARGS)

load: $(INSTALLED) ## a quarter of an hour: a storm of 10,000 reports, counted afterwards; writes docs/load.md (ARGS='--reports 300')
	@$(PYTHON) -m benchmarks.load $(ARGS)

posters: $(INSTALLED) ## build/posters/<street>/posters.pdf and cards.pdf for STREET (ARGS='--place ID --lang en --mono')
	@$(PYTHON) -m infra.printing $(STREET) $(ARGS)

docs: $(INSTALLED) ## docs/ladder.md, docs/ladder/<street>.md and the security lists from the code and its data
	@$(PYTHON) -m infra.docs

pictures: $(INSTALLED) ## docs/pictures/ and docs/pictures.md: every page of the demo, looked at by a browser (ARGS='form desk' for some)
	@$(PYTHON) -m tests.chromium --get
	@$(PYTHON) -m tests.pictures $(ARGS)
