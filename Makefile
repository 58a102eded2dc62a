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
# The oldest and the newest; those between are for the nightly lane and CI's matrix.
OUTER_PYTHONS := $(firstword $(UNIT_PYTHONS)) $(lastword $(UNIT_PYTHONS))
# The longest first: what begins last keeps one core waiting.
TEST_PARTS   := faults clients repository $(OUTER_PYTHONS:%=unit-%) $(FRAMEWORKS:%=unit-%) lint
# Of the clients of others, and of the demos.
CALLERS      := $(basename $(notdir $(wildcard $(addprefix tests/environments/,stock-*.txt tfserving.txt triton.txt openapi.txt)))) benchmarks-kserve benchmarks-mlserver
DEMOS        := $(subst /environments/,-,$(patsubst runtimes/%.txt,%,$(wildcard runtimes/*/environments/demo.txt)))
PACKAGES     := $(wildcard common/serving_runtime common/hydro_serving_grpc runtimes/*/*_runtime)
# A framework is found where it is, and named nowhere else.
export MYPYPATH := $(shell echo common runtimes/* | tr ' ' :)
DEV          := .venvs/dev/bin
MATRIX       := .venvs/tools/bin/python -m tools.matrix
DOCKERFILES  := .venvs/tools/bin/python -m tools.images.dockerfiles
IMAGES       := $(DEV)/python -m tools.images
RELEASE      := $(DEV)/python -m tools.release
RELIABILITY  := $(DEV)/python -m experiments.reliability
BENCH        := .venvs/benchmarks-runner/bin/python -m experiments.benchmarks
# `make images` is for all runtimes, whatever `make serve` has for its own.
ONLY          = $(if $(filter command line,$(origin RUNTIME)),$(RUNTIME))
# Runs parts of a lane, each of which is a verb of this file; tests/lanes/budgets.yaml has their budgets.
LANE         := $(DEV)/python -m tests.lanes run
# FORMS=all runs the long forms of tests too.
PYTEST        = python -m pytest -q $(if $(filter all,$(FORMS)),-m "not apt")
# Where this is set, a Python that is not installed fails the tests instead of being left out.
STRICT       := $(if $(filter true,$(CI)),1,$(REQUIRE_ALL_PYTHONS))

.DEFAULT_GOAL := help
# Environments are made one after another: they share the packages' metadata in the checkout.
.NOTPARALLEL:
.PHONY: help demo serve test environments lint style types floor documents drift dockerfiles dockerfiles-drift workflows format \
    protos faults clients repository cluster apt nightly coverage planted unit-plan clean matrix-check matrix-check-online matrix-plan \
    matrix-table matrix-drift vulnerabilities vulnerabilities-renew bake bases images images-all lock-supported outdated \
    push manifest sign register bench performance compare ablation fuzz soak reliability

help:
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
	    /^[a-z%\/-]+:.*## / {sub("%", "..."); printf "  %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use it

demo: env-$(DEMO)  ## Train a small model, serve it and call it: make demo MODEL=tensorflow KEEP=0
	@.venvs/$(DEMO)/bin/python -u examples/demo.py $(or $(MODEL),sklearn)

serve: env-$(RUNTIME)-serve  ## Serve a model: make serve RUNTIME=python MODEL=DIR PORT=9090
	@test -n "$(MODEL)" || { echo "MODEL=DIR says which model to serve" >&2; exit 2; }
	@exec .venvs/$(RUNTIME)-serve/bin/serving-runtime serve "$(MODEL)" --runtime $(RUNTIME) --port $(PORT)

##@ Change it

test: environments  ## Run all checks and tests that need Python and git alone (10 to 20 minutes on 2 cores)
	@$(LANE) test $(TEST_PARTS)

nightly: environments  ## Run what takes longer: long forms, the middle Python, coverage, all images (hours)
	@FORMS=all CASES=1000000 SECONDS=600 $(LANE) nightly --jobs 1 $(UNIT_PYTHONS:%=unit-%) $(FRAMEWORKS:%=unit-%) \
	    cluster planted coverage fuzz reliability images-all

coverage: env-dev  ## Run all tests that need no image, the long ones too, with coverage
	$(DEV)/python -m pytest -q -m "not apt" --cov --cov-report=term $(SHARED_TESTS) tests

planted: env-dev  ## Plant faults in a copy of the tree, and see that a test catches each
	@$(DEV)/python -m tests.planted

environments: env-dev env-tools
	@for name in $(OUTER_PYTHONS) $(FRAMEWORKS) $(CALLERS) $(DEMOS); do \
	    $(ENVIRONMENTS) create $$name || { code=$$?; [ $$code = 3 ] && [ -z "$(STRICT)" ]; } || exit 1; \
	done

lint: style types floor drift dockerfiles-drift workflows matrix-check matrix-drift  ## Check style, types, the Python 3.6 floor, generated files and the matrix

style: env-dev
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .

types: env-dev
	$(DEV)/mypy

floor: env-dev
	$(DEV)/vermin --target=3.6- --violations --no-tips $(PACKAGES)

dockerfiles-drift: env-tools
	@$(DOCKERFILES) --check
	.venvs/tools/bin/hadolint runtimes/*/Dockerfile

workflows: env-tools
	.venvs/tools/bin/zizmor --offline --quiet .github

documents: env-dev  ## Write the tables of documents that follow from the code
	@$(DEV)/python -m tools.documents

drift: env-dev
	$(DEV)/python -m tools.documents --check
	$(DEV)/python -m tools.protos check
	$(SETTINGS_DRIFT)

format: env-dev  ## Format the code and repair what ruff can
	$(DEV)/ruff check --fix .
	$(DEV)/ruff format .

protos: env-dev  ## Generate the descriptor set and the .pyi files from protos/
	$(DEV)/python -m tools.protos generate

clean:  ## Remove environments, caches and builds
	rm -rf .venvs .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.egg-info' -prune -exec rm -rf {} +

##@ The matrix and its images

matrix-check: env-tools  ## Compare build_matrix.yaml with the folders, the locks, the calendar and known vulnerabilities
	@$(MATRIX) check

matrix-check-online: env-tools  ## Ask the package index for each row's wheels too
	@$(MATRIX) check --online

matrix-drift: env-tools
	@$(MATRIX) table --check

matrix-plan: env-tools  ## Print the images to build as JSON: make matrix-plan SINCE=main STATUS=supported
	@$(MATRIX) plan $(if $(SINCE),--since '$(SINCE)') $(STATUS:%=--status %)

matrix-table: env-tools  ## Write the table of images, docs/images.md
	@$(MATRIX) table

vulnerabilities: env-tools  ## List known vulnerabilities of images, and why some are accepted: make vulnerabilities RUNTIME=python
	@$(MATRIX) vulnerabilities $(ONLY)

vulnerabilities-renew: env-audit  ## Ask a vulnerability service about all locks, and write security/known.json
	@.venvs/audit/bin/python -m tools.security.audit

dockerfiles: env-tools  ## Write each runtime's Dockerfile from its own layers and what all share
	@$(DOCKERFILES)

bake: env-tools  ## Write docker-bake.json for `docker buildx bake`: make bake STATUS=supported CACHE=HOST/ACCOUNT
	@$(MATRIX) bake $(ONLY) $(STATUS:%=--status %) $(if $(CACHE),--cache '$(CACHE)') --output docker-bake.json

lock/%: env-tools  ## Renew the hashed pins of an image: make lock/python/3.13
	@.venvs/tools/bin/python -m tools.locks $*

lock-supported: env-tools  ## Renew the hashed pins of all supported images
	@.venvs/tools/bin/python -m tools.locks --supported

outdated: env-dev  ## List newer releases of frameworks and Pythons that end
	@$(DEV)/python -m tools.outdated

bases: env-dev  ## Pull the images that ours begin with, or make their equals here
	@$(DEV)/python -m tools.offline.bases

build/%: env-dev  ## Build an image, without the tags that it gets once verified: make build/python/3.13
	@$(IMAGES) build $(subst /, ,$*)

image/%: env-dev  ## Build an image, verify it, and only then tag it: make image/python/3.13
	@$(IMAGES) verify $(subst /, ,$*)

images: env-dev  ## The same for several: make images ROWS=oldest,newest,proof RUNTIME=tensorflow
	@$(IMAGES) verify $(ONLY) $(ROWS:%=--rows %)

images-all: env-dev  ## The same for all, and write what came out into docs/images.md
	@$(IMAGES) verify $(ONLY) --write

reproduce/%: env-dev  ## Build an image twice and compare its layers: make reproduce/python/3.13
	@$(IMAGES) reproduce $(subst /, ,$*)

wheels/%: env-dev  ## Build the wheels that a runtime keeps: make wheels/tensorflow
	@$(DEV)/python -m tools.locks.wheels $*

##@ Release it

push: env-dev  ## Push verified images: make push ROWS=newest PREVIEW=1 DRY_RUN=1
	@$(RELEASE) push $(ONLY) $(ROWS:%=--rows %) $(if $(PREVIEW),--preview) $(if $(DRY_RUN),--dry-run)

push/%: env-dev  ## Push one verified image: make push/python/3.13
	@$(RELEASE) push $(subst /, ,$*) $(if $(PREVIEW),--preview) $(if $(DRY_RUN),--dry-run)

sbom/%: env-dev  ## List what is inside of an image, as CycloneDX: make sbom/python/3.13
	@$(RELEASE) sbom $(subst /, ,$*)

manifest: env-dev  ## Merge the records of what was pushed into the manifest of a release
	@$(RELEASE) manifest $(TAG:%=--tag '%')

sign: env-dev  ## Sign what the manifest lists, by cosign: make sign OPTIONS="--tlog-upload=false"
	@$(RELEASE) sign -- $(OPTIONS)

register: env-dev  ## Tell a Hydrosphere manager of a release: make register MANAGER=http://localhost:8080
	@$(RELEASE) register $(MANAGER:%=--manager '%') $(if $(DRY_RUN),--dry-run)

##@ Measure it, and try its promises

bench: env-benchmarks-runner  ## Measure us beside the peers: make bench PEERS=serving-runtime,triton CASES=iris SECONDS_EACH=5
	@$(BENCH) setup $(PEERS:%=--peers %) $(CASES:%=--cases %)
	@$(BENCH) run $(PEERS:%=--peers %) $(CASES:%=--cases %) $(CONCURRENCY:%=--concurrency %) \
	    $(SECONDS_EACH:%=--seconds %) $(ROUNDS:%=--rounds %)
	@$(BENCH) report

performance: env-benchmarks-runner  ## Measure everything and write docs/performance.md (25 minutes on a quiet machine)
	@$(BENCH) setup
	@$(BENCH) all || echo "some of it failed: the document says what"
	@$(BENCH) report --output docs

compare: env-benchmarks-runner  ## Measure this tree beside another in pairs: make compare BASE=main (6 minutes, quiet machine)
	@$(BENCH) compare --base $(or $(BASE),HEAD) $(PAIRS:%=--pairs %) $(BASE_SETTINGS:%=--base-settings %)

ablation: env-benchmarks-runner  ## Measure what each device of the hot path gains (20 minutes on a quiet machine)
	@$(BENCH) ablation $(PAIRS:%=--pairs %)

fuzz: env-dev  ## Try damaged requests, in process and a tenth on the wire: make fuzz CASES=1000000 SECONDS=300
	$(RELIABILITY) fuzz-in-process $(CASES:%=--cases %)
	$(RELIABILITY) fuzz-on-wire $(if $(CASES),--cases $$(( $(CASES) / 10 )))
	$(if $(SECONDS),@$(ENVIRONMENTS) create fuzz && for target in codec contract; do \
	    .venvs/fuzz/bin/python -m tests.fuzz.guided $$target --seconds $(SECONDS) || exit 1; done)

soak: env-dev  ## Load the service with everything for hours and look for leaks: make soak HOURS=1
	$(RELIABILITY) soak $(HOURS:%=--hours %)

reliability: env-dev  ## Try every promise as often as published and write docs/reliability.md (hours)
	@$(RELIABILITY) all || echo "some promises were not kept: the document says which"
	@$(RELIABILITY) report

# The parts of `make test`; each can be run by itself. CI starts a job for each of the units'.

unit-plan:
	@$(ENVIRONMENTS) plan $(UNIT_PYTHONS) $(FRAMEWORKS)

# Exit code 3 of the tool: there is no such Python on this machine. The Python that there is then
# stands for the newest.
unit-%:
	@$(ENVIRONMENTS) create $*; code=$$?; \
	if [ $$code = 3 ] && [ -z "$(STRICT)" ]; then \
	    printf '\n!!!!  NOT TESTED on %s: that Python is not installed  !!!!\n\n' $*; \
	    [ $* != $(lastword $(UNIT_PYTHONS)) ] || \
	    { $(ENVIRONMENTS) create dev && $(DEV)/$(PYTEST) $(UNIT_TESTS); }; \
	else \
	    [ $$code = 0 ] && .venvs/$*/bin/$(PYTEST) $(UNIT_TESTS); \
	fi

faults: env-dev
	$(DEV)/$(PYTEST) tests/system/faults

clients: env-dev
	$(DEV)/$(PYTEST) tests/system --ignore=tests/system/faults

repository: env-dev
	$(DEV)/$(PYTEST) tests --ignore=tests/system --ignore=tests/conformance

# Batch scoring on a standalone Spark cluster.
cluster: env-spark
	.venvs/spark/bin/python -m pytest -q -m nightly common/tests/batch/test_spark.py

# What needs programs of the system, which it installs where it may.
apt: env-dev
	$(DEV)/$(PYTEST) -m apt tests

env-%:
	@$(ENVIRONMENTS) create $*
