# Everything a person types in this checkout. `make help` lists the targets.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

# `manage.py check` and `makemigrations --check` look at code only: these addresses are never connected to.
NO_SERVERS := DATABASE_URL=postgresql://nobody@127.0.0.1:9/none REDIS_URL=redis://127.0.0.1:9
PRODUCTION := $(NO_SERVERS) HTTPS=true DEBUG=false ALLOWED_HOSTS=riotwatch.example \
	RIOT_API_KEY=RGAPI-00000000-0000-0000-0000-000000000000

.PHONY: help install run test faults soak lint api-fuzz bench-limiter bench-detection bench-pages screenshots

help:
	@echo "make run            install, then start everything: http://127.0.0.1:8000/ (PORT=8000 WORKERS=2)"
	@echo "make test           install, then run all tests"
	@echo "make faults         install, then inject faults into real servers; measurements: var/faults.jsonl"
	@echo "make soak           install, then 2,000 runs in a row: does anything grow? Measurements: var/soak.jsonl"
	@echo "make lint           install, then check style, types, imports, settings and migrations"
	@echo "make install        make .venv and install the pinned requirements (again only when they changed)"
	@echo "make api-fuzz       install, then send the API requests made from its description (API_FUZZ_SECONDS=300)"
	@echo "make bench-limiter  install, then measure the shared request budget"
	@echo "make bench-detection  install, then measure how well and how fast players are judged"
	@echo "make bench-pages    install, then measure how fast pages are with 100,000 players"
	@echo "make screenshots    install, then take the pictures of the README from a demo (needs chromium)"

install: $(STAMP)

# Wheels only: no compiler is needed.
$(STAMP): $(wildcard requirements/*.txt)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: $(PYTHON) is missing or older than Python 3.11. Name another: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || { \
		echo "error: .venv could not be made (Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: -r requirements/dev.txt
	@touch $(STAMP)

run: install
	@$(BIN)/python manage.py up

# Tests that start processes are one group and run one after the other; the second worker takes the rest meanwhile.
test: install
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Repeats what is timed and writes what was measured, a JSON object a line; when all has passed, the documented table.
faults: install
	@mkdir -p var && rm -f var/faults.jsonl
	FAULTS_REPETITIONS=5 FAULTS_REPORT=$(CURDIR)/var/faults.jsonl $(BIN)/python -m pytest tests/faults -m "not soak" -p no:randomly -v
	$(BIN)/python tests/faults/table.py var/faults.jsonl

# Writes what each process held while 2,000 runs went through, and the documented table when nothing grew.
soak: install
	@mkdir -p var && rm -f var/soak.jsonl
	FAULTS_REPORT=$(CURDIR)/var/soak.jsonl $(BIN)/python -m pytest tests/faults -m soak -s
	$(BIN)/python tests/faults/table.py var/soak.jsonl

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(NO_SERVERS) SECRET_KEY=lint $(BIN)/python manage.py check --fail-level WARNING
	$(PRODUCTION) SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
		$(BIN)/python manage.py check --deploy --fail-level WARNING
	$(NO_SERVERS) SECRET_KEY=lint $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

API_FUZZ_SECONDS ?= 300

api-fuzz: install
	API_FUZZ_SECONDS=$(API_FUZZ_SECONDS) API_FUZZ_CHECKS=all $(BIN)/python -m pytest tests/api/test_fuzz.py

bench-limiter: install
	$(BIN)/python -m bench.limiter

screenshots: install
	$(BIN)/python docs/screenshots.py

bench-pages: install
	$(BIN)/python -m bench.pages

bench-detection: install
	$(BIN)/python -m bench.detection
