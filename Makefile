# PYTHON makes the virtual environment; everything runs inside it.
PYTHON ?= python3
RUN = .venv/bin/python

.PHONY: demo gallery test test-all lint bench clean

demo: .venv/installed-examples
	$(RUN) examples/digits.py

gallery: .venv/installed-examples
	$(RUN) examples/gallery/index.py build/gallery

TESTS = $(RUN) -m pytest -n auto --doctest-modules --doctest-glob=README.md tests symnet README.md

test: .venv/installed-tests
	$(TESTS)

# Of long tables all cases, not each second or third.
test-all: .venv/installed-tests
	$(TESTS) --all

lint: .venv/installed-dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

bench: .venv/installed-examples
	$(RUN) -m benchmarks

# One stamp for each extra, so that a second run starts at once.
.venv/installed-%: pyproject.toml
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	touch $@

clean:
	rm -rf .venv .pytest_cache .hypothesis .mypy_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
