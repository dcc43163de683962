# Everything a developer does, by name: `make help` lists it. Needs make and Python 3.12 or newer, nothing else.

.DEFAULT_GOAL := help
.PHONY: help run test test-one test-changed nightly cluster same lint types imports unit coverage proofs bench mutation attack attack-bulk attack-diff attack-window fuzz crash soak sample schemas policies guide words translated picture package audit lock clean

PY := .venv/bin/python
SETUP := pyproject.toml packaging/environment.sh packaging/find_python.sh packaging/requirements/run.txt \
	packaging/requirements/dev.txt
# Qt without a screen: for tests and pictures.
OFFSCREEN := QT_QPA_PLATFORM=offscreen
# Two workers: each takes a module at a time, in the order of tests/conftest.py, for a module shares what it makes.
TWO := -n 2 --dist loadfile --no-loadscope-reorder
# Containers often forbid Python to keep what it compiles. The tests start many processes: each would compile all that it
# imports, which takes longer than the start itself.
unexport PYTHONDONTWRITEBYTECODE

help: ## list what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# The environment is made once and stamped; it is made anew when what it is made from changes.
.venv/.installed: $(SETUP)
	@sh packaging/environment.sh
	@touch $@
.venv/.installed-dev: $(SETUP)
	@sh packaging/environment.sh dev
	@touch .venv/.installed $@

run: .venv/.installed ## open the sample account in the window (without a display: the same as files in build/demo)
	@sh packaging/run.sh

test: .venv/.installed-dev ## check everything: lint, types, import rules, all tests
	@# Two at a time: types are checked beside the first tests. A fault of style ends it before they begin.
	@$(MAKE) --no-print-directory --jobs=2 lint types imports unit

lint: .venv/.installed-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: .venv/.installed-dev
	$(PY) -m mypy

imports: .venv/.installed-dev
	.venv/bin/lint-imports

test-one: .venv/.installed-dev ## run some tests: make test-one T="tests/checks/test_unused_entities.py -k hyg_03"
	$(OFFSCREEN) $(PY) -m pytest --hypothesis-profile=ci $(T)

test-changed: .venv/.installed-dev ## what a change touches, in seconds: make test-changed [SINCE=HEAD~1]
	@$(MAKE) --no-print-directory lint
	@sh packaging/qt_libraries.sh offscreen
	@tests="$$($(PY) packaging/changed_tests.py $(SINCE))" || exit 1; [ -z "$$tests" ] || \
		$(OFFSCREEN) $(PY) -m pytest --hypothesis-profile=ci --maxfail=5 $(TWO) -m "not cluster" $$tests

unit: .venv/.installed-dev
	@sh packaging/qt_libraries.sh offscreen
	@# Hypothesis draws the same inputs every time: a failure is news of the change, not of the day. For fresh ones leave
	@# the profile out. Nothing here measures time: make bench does.
	$(OFFSCREEN) $(PY) -m pytest --hypothesis-profile=ci $(TWO) -m "not cluster"

coverage: .venv/.installed-dev ## which lines no test runs
	@sh packaging/qt_libraries.sh offscreen
	$(OFFSCREEN) $(PY) -m pytest --hypothesis-profile=ci $(TWO) --cov --cov-report=term

proofs: .venv/.installed-dev ## draw every example of the properties that make test tries on a fifth
	@sh packaging/qt_libraries.sh offscreen
	IAMDESK_PROOFS=1 $(OFFSCREEN) $(PY) -m pytest --hypothesis-profile=ci $(TWO) -m proofs

nightly: .venv/.installed-dev ## every slow proof below, with one table at the end (a night); goes on where it stopped
	$(PY) packaging/nightly.py

cluster: .venv/.installed-dev ## a Dask cluster with real processes does the long work
	$(OFFSCREEN) $(PY) -m pytest -m cluster tests/work

same: .venv/.installed-dev ## do two checkouts print the same? make same OLD=../before NEW=.
	$(PY) tests/same.py $(OLD) $(NEW)

bench: .venv/.installed-dev ## measure how fast it is (tests/benchmarks)
	@sh packaging/qt_libraries.sh offscreen
	@# Some are programs that print what they measured, some are tests that hold a budget.
	@for bench in tests/benchmarks/bench_*.py; do \
		echo "== $$bench"; \
		if grep -q '^def test_' $$bench; then run="-m pytest -q -rP -o python_files=bench_*.py"; else run=""; fi; \
		$(OFFSCREEN) $(PY) $$run $$bench || exit 1; \
	done

picture: .venv/.installed ## make the pictures of the window that README and guide show
	@sh packaging/qt_libraries.sh offscreen
	@sh packaging/pictures.sh
	mkdir -p resources/help/images
	cp build/pictures/*-light.png resources/help/images

audit: .venv/.installed-dev ## ask which locked packages have known vulnerabilities (needs the network); check licences
	@[ -x build/audit/bin/pip-audit ] || { $(PY) -m venv build/audit && \
		build/audit/bin/pip install --quiet --disable-pip-version-check pip-audit; }
	$(PY) packaging/audit.py build/audit/bin/pip-audit

package: ## make what can be installed, and try each: wheel, application folder, Debian package, into dist
	sh packaging/package.sh

sample: ## capture the sample account and organization anew (a fake AWS server and the real AWS CLI)
	@sh packaging/environment.sh sample
	$(PY) tests/sample_account/capture.py
	$(PY) tests/sample_organization/capture.py

mutation: .venv/.installed-dev ## how many of 600 deliberate faults in what decides the tests find (hours)
	@sh packaging/environment.sh mutation
	$(PY) packaging/mutation.py

attack: .venv/.installed-dev ## hold the engine against the second evaluator (tests/oracle): 100,000 random test cases
	$(PY) -m tests.oracle.compare --cases 100000
	$(PY) -m tests.oracle.compare --cases 5000 --unknown

attack-bulk: .venv/.installed-dev ## hold the bulk evaluator against the engine: random organizations (an hour)
	$(PY) -m tests.access.attack --worlds 1000

attack-diff: .venv/.installed-dev ## look for changes that diff calls unchanged: a million random requests (hours)
	$(PY) -m tests.diff.seeded_changes.measure
	$(PY) -m tests.diff.attack --changes --requests 1000
	$(PY) -m tests.diff.attack --pairs 2700 --requests 300

fuzz: .venv/.installed-dev ## open wrong inputs of every kind at random, for half an hour
	@sh packaging/qt_libraries.sh offscreen
	$(OFFSCREEN) $(PY) -m tests.hostile.fuzz --minutes 30

attack-window: .venv/.installed-dev ## does each panel show what it names? 10,000 random sequences of window events (hours)
	@sh packaging/qt_libraries.sh offscreen
	$(OFFSCREEN) $(PY) -m tests.gui.random_events --sequences 10000

crash: .venv/.installed-dev ## let every write of a review, package or report fail, and cut the power after each (an hour)
	$(OFFSCREEN) $(PY) -m tests.crash.attack

soak: .venv/.installed-dev ## open 2,000 snapshots in one process: does memory come back? Draws build/soak.svg (half an hour)
	@sh packaging/qt_libraries.sh offscreen
	$(OFFSCREEN) $(PY) -m tests.hostile.soak

policies: ## write the shipped AWS managed policies anew (from moto's data)
	@sh packaging/environment.sh sample
	$(PY) packaging/aws_managed_policies.py

guide: .venv/.installed ## write the parts of the user guide that are made from the code anew
	$(PY) packaging/checks_page.py
	$(PY) packaging/filters_page.py
	$(PY) packaging/layers_picture.py

words: .venv/.installed-dev ## collect the texts to translate, and compile the translations
	$(PY) packaging/translations.py

translated: .venv/.installed-dev ## before a release: fail while texts are left to translate
	$(PY) packaging/translations.py --complete

schemas: .venv/.installed ## write anew what is made from the commands of a bundle: schemas, tables, collector's policy
	$(PY) packaging/bundle_schemas.py

lock: ## renew packaging/requirements: the newest versions that pyproject.toml allows, with hashes
	@sh packaging/lock.sh

clean: ## remove what make has made, the environment included
	rm -rf .venv build dist .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find iamdesk tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +
