# The one door: `make demo` shows Farthing at work, `make test` runs everything that must hold.

# Built files live outside the clone, so that a fresh clone starts warm.
CACHE := $(HOME)/.cache/farthing
CARGO_TARGET_DIR ?= $(CACHE)/target
export CARGO_TARGET_DIR
ifdef CI
export CARGO_INCREMENTAL := 0
endif

PYTHON ?= python3
# It carries axe-core, which judges whether everybody can read a page; what else it asks for is not wanted.
AXE := axe-playwright-python==0.1.8
# Named by what is in it: another Python or another list of packages is another environment.
VENV := $(CACHE)/venv-$(shell { $(PYTHON) --version; cat python/requirements-dev.txt; echo $(AXE); } 2>&1 | sha256sum | cut -c1-12)
# Each clone unpacks its own wheel, so that two clones can be tested at once.
WHEELS := $(CURDIR)/target/wheels
SITE := $(CURDIR)/target/site
PYTEST := FARTHING_STORE=$(CURDIR)/target/store PYTHONPATH=$(SITE) $(VENV)/bin/python -m pytest --quiet

FARTHING := $(CARGO_TARGET_DIR)/release/farthing
PREFIX ?= $(HOME)/.local
STAGES := check-format check-pages lint test-rust test-examples rustdoc test-python

.PHONY: help demo command install test $(STAGES) readers site wheel bench fmt

help:
	@echo 'make demo    build the command, make a bill, report on it'
	@echo 'make install the command with its manual and completions into PREFIX (~/.local)'
	@echo 'make test    everything that must hold: format, lints, tests, pages, Python, notebooks'
	@echo 'make fmt     format the code'
	@echo 'make bench   measure beside DuckDB (ROWS=10000000)'
	@echo 'make wheel   build the Python wheel for release'

demo: command bill
	$(FARTHING) report bill/

# Made once; delete the folder for another.
bill: | command
	$(FARTHING) demo bill/ --months 3 --accounts 5 --seed 7 --truth

command:
	cargo build --release --locked --package farthing-cli

install: command
	install -D -m 755 $(FARTHING) $(PREFIX)/bin/farthing
	$(FARTHING) man $(PREFIX)/share/man/man1
	mkdir -p $(PREFIX)/share/bash-completion/completions
	$(FARTHING) completions bash > $(PREFIX)/share/bash-completion/completions/farthing
	@command -v farthing >/dev/null || echo 'add $(PREFIX)/bin to PATH to call it by name'

test:
	@for stage in $(STAGES); do \
		begun=$$(date +%s); \
		$(MAKE) --no-print-directory $$stage || exit; \
		echo "== $$stage: $$(($$(date +%s) - begun)) s" >&2; \
	done

check-format:
	cargo fmt --all --check

# Links between pages must lead somewhere, and notebooks are kept without outputs.
check-pages:
	@status=0; \
	for page in *.md docs/*.md core/*.md; do \
		[ -f "$$page" ] || continue; \
		for link in $$(grep -Eo '\]\([^)# ]+' "$$page" | sed 's/^](//' | grep -Ev '^[a-z]+:'); do \
			[ -e "$$(dirname "$$page")/$$link" ] || { echo "$$page: link to $$link leads nowhere" >&2; status=1; }; \
		done; \
	done; \
	if grep -l '"output_type"' notebooks/*.ipynb >&2; then echo 'clear the outputs of these notebooks' >&2; status=1; fi; \
	exit $$status

lint:
	cargo clippy --workspace --all-targets --locked -- -D warnings

test-rust:
	@if cargo nextest --version >/dev/null 2>&1; then \
		set -x; cargo nextest run --workspace --locked --no-fail-fast; \
	else \
		set -x; cargo test --workspace --tests --locked --no-fail-fast; \
	fi

test-examples:
	cargo test --workspace --doc --locked

rustdoc:
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --exclude farthing-python --lib --no-deps --locked

test-python: site readers
	$(VENV)/bin/python -m mypy --strict $(SITE)/farthing
	cd $(SITE) && $(VENV)/bin/python -m mypy.stubtest --allowlist $(CURDIR)/python/stubtest-allowlist.txt farthing._farthing
	$(PYTEST) python/tests
	$(PYTEST) --nbmake --nbmake-timeout=600 notebooks/

# What the readers of a report open it with: Chromium (and its driver) and LibreOffice.
readers:
	@command -v chromium chromedriver soffice >/dev/null && exit; \
	[ "$$(id -u)" = 0 ] || { echo 'install chromium, chromium-driver and libreoffice-calc-nogui to test reports' >&2; exit; }; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq && apt-get install -qq -y --no-install-recommends \
		chromium chromium-driver fonts-dejavu-core libreoffice-calc-nogui >/dev/null

# The wheel in the dev profile, from the same target folder as the tests, unpacked for this clone alone.
site: $(VENV)/complete
	rm -rf $(SITE) $(SITE)-wheel
	$(VENV)/bin/maturin build --quiet --locked --profile dev --compatibility linux \
		--manifest-path python/Cargo.toml --interpreter $(VENV)/bin/python --out $(SITE)-wheel
	$(VENV)/bin/pip install --quiet --no-deps --no-index --target $(SITE) $(SITE)-wheel/farthing-*.whl

$(VENV)/complete:
	@$(PYTHON) -c 'import sys; sys.exit("farthing needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement python/requirements-dev.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps $(AXE)
	@touch $@

wheel: $(VENV)/complete
	rm -rf $(WHEELS)
	$(VENV)/bin/maturin build --locked --release \
		--manifest-path python/Cargo.toml --interpreter $(VENV)/bin/python --out $(WHEELS)

# Ten million rows by default; the bill is made once and kept.
ROWS ?= 10000000
bench: $(VENV)/complete
	cargo build --release --locked --package farthing-benches
	$(VENV)/bin/python benches/run.py $(CARGO_TARGET_DIR)/release/farthing-bench $(CACHE)/bench-$(ROWS) $(ROWS)

fmt:
	cargo fmt --all
