# `make` lists what there is. Every target sets up what it needs, once.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# A Python that the locked packages support; `make PYTHON=/path/to/python3.12 …` takes another.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $(p))))
BIN := .venv/bin
PACKAGES := backend rpc workers schemas demo migrations

VENV := .venv/.installed
NODE := console/node_modules/.installed
CONSOLE := console/dist/index.html
CONSOLE_SOURCES := $(shell find console/src console/index.html console/package.json console/vite.config.ts frontend-contract -type f 2>/dev/null)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: setup ## a hub on real data: two models, traffic, outcomes; prints the address and the sign-in
	@exec $(BIN)/tiltyard demo $(ARGS)

.PHONY: up
up: setup ## the hub without demo data
	@exec $(BIN)/tiltyard up $(ARGS)

.PHONY: setup
setup: $(VENV) $(CONSOLE) ## the environment and the built console

# Tests marked `busy` depend on how busy the machine is: those are tried twice more when they fail. How often, and why, is printed.
AGAIN := --rerun-show-tracebacks

.PHONY: test
test: check browser $(CONSOLE) ## everything: check, then the whole test suite, browser included, then every benchmark at its smallest size
	@$(BIN)/pytest -n 3 $(AGAIN) --ignore tests/journeys $(ARGS) # three on two cores: they often wait for processes of their own
	@$(BIN)/pytest -n 2 --dist loadfile $(AGAIN) tests/journeys $(ARGS) # a file's journeys follow one another on one hub
	@$(MAKE) bench-smoke

.PHONY: check
check: lint types arrows contract-check console-check ## what needs no running hub: lint, types, architecture, contract, console

.PHONY: lint
lint: $(VENV) ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted; `make format` mends it.'; exit 1; }

.PHONY: format
format: $(VENV) ## mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

.PHONY: types
types: $(VENV) ## mypy --strict
	@$(BIN)/mypy

.PHONY: arrows
arrows: $(VENV) ## who may import whom
	@$(BIN)/lint-imports

.PHONY: contract
contract: $(VENV) ## write frontend-contract/ from the procedures
	@$(BIN)/python -m rpc.core.contract

.PHONY: contract-check
contract-check: $(VENV)
	@$(BIN)/python -m rpc.core.contract --check

.PHONY: contract-compat
contract-compat: $(VENV) ## what breaks clients of EARLIER=contract.json (without it: of the last tag)
	@earlier="$(EARLIER)"; [ -n "$$earlier" ] || { \
	  tag="$$(git describe --tags --abbrev=0 2>/dev/null)" || { echo 'There is no tag yet; name a file: make contract-compat EARLIER=contract.json'; exit 2; }; \
	  earlier="$$(mktemp -d)/contract.json"; trap 'rm -r "$$(dirname "$$earlier")"' EXIT; git show "$$tag:frontend-contract/contract.json" > "$$earlier"; }; \
	$(BIN)/python -m rpc.core.contract --compat "$$earlier"

.PHONY: console
console: $(CONSOLE) ## build the web console

.PHONY: console-check
console-check: $(NODE)
	@npm --prefix console run --silent check

.PHONY: browser
browser: ## Chromium, for the journeys (installed by apt when it is missing and you are root)
	@command -v chromium >/dev/null || { \
	  [ "$$(id -u)" = 0 ] || { echo 'The journeys need Chromium: install your system'"'"'s `chromium` package.'; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends chromium; }

.PHONY: lock
lock: $(VENV) ## resolve pyproject.toml anew into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header -q -o requirements.lock

.PHONY: bench-serving
bench-serving: $(VENV) ## routed predictions on record beside MLServer, LitServe, BentoML, MLflow and an echo
	@$(BIN)/python -m benchmarks.serving $(ARGS)

.PHONY: bench-rpc
bench-rpc: $(VENV) ## the typed procedures beside the official tRPC server on Node
	@$(BIN)/python -m benchmarks.rpc $(ARGS)

.PHONY: fuzz-rpc
fuzz-rpc: $(VENV) ## hostile requests and sockets, 100,000 of each; CASES=… for another number
	@CASES=$(or $(CASES),100000) $(BIN)/pytest tests/rpc/core/test_hostile.py -q -n 0 -o timeout=0

.PHONY: bench-drain
bench-drain: $(VENV) ## rows a second from intake to log, beside COPY alone
	@$(BIN)/python -m benchmarks.drain $(ARGS)

.PHONY: bench-against
bench-against: $(VENV) ## serving and draining beside an earlier commit's, in alternating pairs: `make bench-against BASE=COMMIT`
	@$(BIN)/python -m benchmarks.against --base $(or $(BASE),HEAD) $(ARGS)

.PHONY: soak
soak: $(VENV) ## predictions under load while every process is killed in random order: `make soak KILLS=200`
	@$(BIN)/python -u -m benchmarks.soak --kills $(or $(KILLS),200) $(ARGS)

.PHONY: soak-crons
soak-crons: $(VENV) ## schedules on time while every other slot is taken: `make soak-crons MINUTES=60`
	@$(BIN)/python -u -m benchmarks.soak_crons --minutes $(or $(MINUTES),60) $(ARGS)

.PHONY: soak-memory
soak-memory: $(VENV) ## the memory of an API process while several clients are hostile at once; at most 300 MB more
	@$(BIN)/python -u -m benchmarks.soak_memory $(ARGS)

.PHONY: bench-halt
bench-halt: $(VENV) ## from a halt to the last answer of four API processes, one of them cut off
	@$(BIN)/python -m benchmarks.halt $(ARGS)

.PHONY: bench-promote
bench-promote: $(VENV) ## promotions under load, 1,000 of them; PROMOTIONS=… for another number
	@$(BIN)/python -m benchmarks.promote --promotions $(or $(PROMOTIONS),1000) $(ARGS)

.PHONY: bench-explain
bench-explain: $(VENV) ## compiled explanations beside shap
	@$(BIN)/python -m benchmarks.explain $(ARGS)

.PHONY: bench-contract
bench-contract: $(VENV) ## type checking a contract of 500 procedures beside a TypeScript server's types
	@$(BIN)/python -m benchmarks.contract $(ARGS)

.PHONY: bench-import
bench-import: $(VENV) ## a model's file to its preview, the shape remembered and not
	@$(BIN)/python -m benchmarks.import_documents $(ARGS)

.PHONY: fuzz-import
fuzz-import: $(VENV) ## hostile files for the import: `make fuzz-import CASES=100000`
	@$(BIN)/python -m tests.backend.importing.fuzz --cases $$(( $(or $(CASES),10000) * 9 / 10 ))
	@CASES=$$(( $(or $(CASES),10000) / 40 )) $(BIN)/pytest tests/backend/importing/test_properties.py -q -p no:xdist --timeout 0 $(ARGS)

.PHONY: fuzz-access
fuzz-access: $(VENV) ## random people, roles, tokens, demotions and open connections: `make fuzz-access CASES=20000`
	@CASES=$(or $(CASES),20000) $(BIN)/pytest tests/backend/access/test_fuzz.py -q -n 0 -p no:rerunfailures -o timeout=0 -s | tee /dev/stderr | grep '^{"cases"'

.PHONY: bench-compare
bench-compare: $(VENV) ## a comparison over ROWS=1000000 logged rows, and over four times as many
	@$(BIN)/python -m benchmarks.compare --rows $(or $(ROWS),1000000) $(ARGS)

.PHONY: sim-aa
sim-aa: $(VENV) ## equal versions, looked at a hundred times: how often a winner is named; RUNS=2000
	@$(BIN)/python -m benchmarks.sim_aa --runs $(or $(RUNS),2000) $(ARGS)

.PHONY: sim-selective
sim-selective: $(VENV) ## outcomes of approved applications only: false winners, real ones, intervals with exploration; RUNS=500
	@$(BIN)/python -m benchmarks.sim_selective --runs $(or $(RUNS),500) $(ARGS)

.PHONY: bench-dataset
bench-dataset: $(VENV) ## a CSV of ROWS=5000000 x 30 to a hashed, described snapshot, beside pandas
	@$(BIN)/python -m benchmarks.dataset --rows $(or $(ROWS),5000000) $(ARGS)

.PHONY: bench-smoke
bench-smoke: $(VENV) ## every benchmark, simulation, soak and fuzz target at its smallest size: do they still run?
	@$(BIN)/python -m benchmarks.smoke $(ARGS)

.PHONY: clean
clean: ## remove what was built, not the hub's data
	@rm -rf .venv console/node_modules console/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache artifacts-ci

$(VENV): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo 'Tiltyard needs Python 3.11, 3.12 or 3.13; none is on the PATH. `make PYTHON=/path/to/python …` names one.'; exit 1; }
	@test -x $(BIN)/python || { echo 'Making .venv'; $(PYTHON) -m venv .venv; }
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --root-user-action ignore uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'import ctypes, sys; sys.platform == "linux" and ctypes.CDLL("libgomp.so.1")' 2>/dev/null || { \
	  [ "$$(id -u)" = 0 ] || { echo 'LightGBM needs the OpenMP runtime: install your system'"'"'s `libgomp1` package.'; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends libgomp1; }
	@touch $@

$(NODE): console/package.json console/package-lock.json
	@command -v npm >/dev/null || { echo 'The console is built with Node.js 20.19 or newer: install it first.'; exit 1; }
	@npm --prefix console ci --no-audit --no-fund --loglevel=error
	@touch $@

$(CONSOLE): $(NODE) $(CONSOLE_SOURCES)
	@npm --prefix console run --silent build -- --logLevel warn
	@touch $@
