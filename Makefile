# Every verb makes the environment it needs (see tools/environments.py); CI calls nothing else.

PYTHON  ?= python3
RUNTIME ?= python
PORT    ?= 9090
DEMO     = $(or $(MODEL),sklearn)-demo$(VERSION:%=-%)
# Prints nothing if the settings reference in docs/ is what the source says, else fails.
SETTINGS_DRIFT ?= $(DEV)/serving-runtime config --check docs/settings.md

ENVIRONMENTS := $(PYTHON) -m tools.environments
UNIT_PYTHONS := py3.6 py3.9 py3.13
# A runtime with environments/test-*.txt is tested in those (`tensorflow-test-1.7.0`); the others
# need no more than common does, and are tested with it.
FRAMEWORKS   := $(subst /environments/,-,$(patsubst runtimes/%.txt,%,$(wildcard runtimes/*/environments/test-*.txt)))
APART        := $(foreach name,$(FRAMEWORKS),runtimes/$(firstword $(subst -, ,$(name)))/tests)
SHARED_TESTS := common/tests $(filter-out $(APART),$(wildcard runtimes/*/tests))
UNIT_TESTS    = $(if $(filter $*,$(UNIT_PYTHONS)),$(SHARED_TESTS),runtimes/$(firstword $(subst -, ,$*))/tests) tests/conformance
PACKAGES     := $(wildcard common/serving_runtime common/hydro_serving_grpc runtimes/*/*_runtime)
# A framework is found where it is, and named nowhere else.
export MYPYPATH := $(shell echo common runtimes/* | tr ' ' :)
DEV          := .venvs/dev/bin
MATRIX       := .venvs/tools/bin/python -m tools.matrix
# Where this is set, a Python that is not installed fails the tests instead of being left out.
IMAGES       := $(DEV)/python -m tools.images
# `make images` is for all runtimes, whatever `make serve` has for its own.
ONLY          = $(if $(filter command line,$(origin RUNTIME)),$(RUNTIME))
STRICT       := $(if $(filter true,$(CI)),1,$(REQUIRE_ALL_PYTHONS))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo serve test lint style types floor drift dockerfiles format protos test-unit test-system clean \
    matrix-check matrix-plan matrix-table matrix-drift bases images images-all

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z%\/-]+:.*## / {sub("%", "..."); printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: env-$(DEMO)  ## Train a small model, serve it and call it: make demo MODEL=tensorflow
	@.venvs/$(DEMO)/bin/python -u examples/demo.py $(or $(MODEL),sklearn)

serve: env-$(RUNTIME)-serve  ## Serve a model: make serve RUNTIME=python MODEL=DIR PORT=9090
	@test -n "$(MODEL)" || { echo "MODEL=DIR says which model to serve" >&2; exit 2; }
	@exec .venvs/$(RUNTIME)-serve/bin/serving-runtime serve "$(MODEL)" --runtime $(RUNTIME) --port $(PORT)

test: lint test-unit test-system  ## Run everything that needs no Docker

lint: style types floor drift dockerfiles matrix-check matrix-drift  ## Check style, types, the Python 3.6 floor, generated files and the matrix

style: env-dev
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .

types: env-dev
	$(DEV)/mypy

floor: env-dev
	$(DEV)/vermin --target=3.6- --violations --no-tips $(PACKAGES)

dockerfiles: env-tools
	.venvs/tools/bin/hadolint runtimes/*/Dockerfile

drift: env-dev
	$(DEV)/python -m tools.protos check
	$(SETTINGS_DRIFT)

format: env-dev  ## Format the code and repair what ruff can
	$(DEV)/ruff check --fix .
	$(DEV)/ruff format .

protos: env-dev  ## Generate the descriptor set and the .pyi files from protos/
	$(DEV)/python -m tools.protos generate

matrix-check: env-tools  ## Compare build_matrix.yaml with the folders, the locks and the calendar
	@$(MATRIX) check

matrix-drift: env-tools
	@$(MATRIX) table --check

matrix-plan: env-tools  ## Print the images to build as JSON: make matrix-plan SINCE=main STATUS=supported
	@$(MATRIX) plan $(if $(SINCE),--since '$(SINCE)') $(STATUS:%=--status %)

matrix-table: env-tools  ## Write the table of images into the README
	@$(MATRIX) table

lock/%: env-tools  ## Renew the hashed pins of an image: make lock/python/3.13
	@.venvs/tools/bin/python -m tools.locks $*

bases: env-dev  ## Pull the images that ours begin with, or make their equals here
	@$(DEV)/python -m tools.bases

build/%: env-dev  ## Build an image, without the tags that it gets once verified: make build/python/3.13
	@$(IMAGES) build $(subst /, ,$*)

image/%: env-dev  ## Build an image, verify it, and only then tag it: make image/python/3.13
	@$(IMAGES) verify $(subst /, ,$*)

images: env-dev  ## The same for several: make images ROWS=oldest,newest,proof RUNTIME=tensorflow
	@$(IMAGES) verify $(ONLY) $(ROWS:%=--rows %)

images-all: env-dev  ## The same for all, and write what came out into docs/images.md and the README
	@$(IMAGES) verify $(ONLY) --write docs/images.md; code=$$?; \
	.venvs/dev/bin/python -m tools.matrix table && exit $$code

reproduce/%: env-dev  ## Build an image twice and compare its layers: make reproduce/python/3.13
	@$(IMAGES) reproduce $(subst /, ,$*)

wheels/%: env-dev  ## Build the wheels that a runtime keeps: make wheels/tensorflow
	@$(DEV)/python -m tools.wheels $*

test-unit: $(UNIT_PYTHONS:%=unit-%) $(FRAMEWORKS:%=unit-%)  ## Run unit and conformance tests on the oldest, a middle and the newest Python

# Exit code 3 of the tool: there is no such Python on this machine.
unit-%:
	@$(ENVIRONMENTS) create $*; code=$$?; \
	if [ $$code = 3 ] && [ -z "$(STRICT)" ]; then \
	    printf '\n!!!!  NOT TESTED on %s: that Python is not installed  !!!!\n\n' $*; \
	else \
	    [ $$code = 0 ] && .venvs/$*/bin/python -m pytest -q $(UNIT_TESTS); \
	fi

test-system: env-dev  ## Run all tests with coverage, subprocesses included
	$(DEV)/python -m pytest --cov --cov-report=term $(SHARED_TESTS) tests

env-%:
	@$(ENVIRONMENTS) create $*

clean:  ## Remove environments, caches and builds
	rm -rf .venvs .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.egg-info' -prune -exec rm -rf {} +
