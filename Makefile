# Two commands: `make demo` analyzes an image that comes with the project, `make check` runs all checks.
# `make check-real` runs the tests that need other programs; it takes long, and needs root.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Where it is set, as in many images of CI systems, each of the hundreds of processes that tests start
# would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: twins demo check check-lowest check-real lint types layers test generated generate end-of-life bench fuzz targets differentials forge clean

demo: $(VENV)/installed
	@$(BIN)/slim analyze fixtures/phoenix-fat.tar --dockerfile fixtures/phoenix-fat.Dockerfile -o text

check: lint types layers test generated

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

lint: $(VENV)/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/installed
	$(BIN)/mypy

layers: $(VENV)/installed
	$(BIN)/lint-imports

# On all cores, and one process more since some tests wait; those with real tools are counted as skipped.
WORKERS ?= $(if $(SLIM_REQUIRE_TOOLS),auto,$(shell expr $$(getconf _NPROCESSORS_ONLN) + 1))
test: $(VENV)/installed
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

# A module's tests stay in one process, since what they build is large. Tools that are not installed are
# named and skipped.
check-real: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,real]'
	$(BIN)/python -m pytest --real -m real --numprocesses auto --dist loadfile --no-loadscope-reorder

# With the lowest versions that pyproject.toml allows, the tests of the rooms that use them: a bound is only as
# low as this passes.
LOWEST_TESTS ?= tests/report tests/cli tests/stream tests/forge
LOWEST := $(VENV)-lowest
check-lowest: $(LOWEST)/installed
	env -u SLIM_REQUIRE_TOOLS -u SLIM_LONGER $(LOWEST)/bin/python -m pytest $(LOWEST_TESTS) --numprocesses auto

$(LOWEST)/installed: pyproject.toml
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip compile --quiet --resolution lowest-direct pyproject.toml --output-file $(LOWEST)/lowest.txt
	$(LOWEST)/bin/pip install --quiet --disable-pip-version-check --constraint $(LOWEST)/lowest.txt --editable '.[dev]'
	@touch $@

# README blocks, JSON Schema, rule catalogue: made again, and compared with what is committed.
generate: $(VENV)/installed
	$(BIN)/python fixtures/build.py
	$(BIN)/python -m tests.generate

generated: $(VENV)/installed
	$(BIN)/python -m tests.generate --check

# Until when distributions are supported: from the Debian package distro-info-data, and Alpine's list if ALPINE names it.
end-of-life: $(VENV)/installed
	$(BIN)/python -m tests.end_of_life $(if $(ALPINE),--alpine $(ALPINE))

# Ratios against dive and against a floor, in one run; nothing here passes or fails.
bench: $(VENV)/installed
	$(BIN)/python -m tests.bench.bench
	$(BIN)/python -m tests.bench.repacking
	$(BIN)/python -m tests.bench.fleet

# Long: every target of tests/fuzz, then slim against Go's tar reader, and against engines that unpack layers.
fuzz: targets differentials

# Every target of tests/fuzz for FUZZ_SECONDS, or up to FUZZ_RUNS inputs.
FUZZ_SECONDS ?= 600
FUZZ_RUNS ?= -1
targets: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev,fuzz]'
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) --runs $(FUZZ_RUNS)

# The tests that `make check-real` runs briefly, with FUZZ_LONGER times as many examples; all twins.
FUZZ_LONGER ?= 30
differentials: $(VENV)/installed
	SLIM_LONGER=$(FUZZ_LONGER) $(BIN)/python -m pytest --real tests/real/test_golist.py \
	  tests/real/test_umoci.py tests/real/test_overlay_engines.py tests/real/test_twins.py

# Ordinary projects that nobody tuned slim to: both images of each are built, predictions held against them, what
# findings claim is deleted, and the Dockerfile that slim writes is built. Takes hours; TWINS="--only NAME" does one.
twins: $(VENV)/installed
	$(BIN)/python -m tests.real.factory $(TWINS)
	$(BIN)/python -m tests.generate

# `slim comment` on a pull request of a real Gitea or Forgejo that runs somewhere:
# make forge FORGE_URL=http://127.0.0.1:3000 FORGE_TOKEN=… (an administrator's; users and a repository are made).
forge: $(VENV)/installed
	@$(BIN)/python -m tests.real.forge

clean:
	rm -rf $(VENV) $(LOWEST) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
