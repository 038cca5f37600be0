# cnnlab: everything that one does with it. A fresh clone needs Python 3.11 or newer and make, nothing else.

PORT ?= 8501
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check

# Set up once, and again when the requirements change: the stamps are younger than what they stand for.
READY_TO_RUN := $(VENV)/.ready-to-run
READY_TO_TEST := $(VENV)/.ready-to-test

# A file of tests stays in one process, so that what its tests share is made once. The long ones come first in the order of
# the files; sorted by how many tests they have, the longest would be left for the end, with a processor idle.
PYTEST := $(PYTHON) -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run test test-fast lint format bench chaos clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

run: $(READY_TO_RUN) ## Serve the dashboard on http://localhost:8501 (another port: make run PORT=8600)
	@$(PYTHON) -c "import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $(PORT)))" 2>/dev/null \
		|| { echo "Port $(PORT) is taken, perhaps by a cnnlab that runs already: look at http://localhost:$(PORT), or choose another with 'make run PORT=8600'."; exit 1; }
	@$(PYTHON) -m streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT)

test: $(READY_TO_TEST) ## Run all tests: the fast ones, the slow ones, then those in a browser
	@$(PYTHON) -m tests.browser.find_browser --install
	@CNNLAB_BROWSER_REQUIRED=1 $(PYTEST)

test-fast: $(READY_TO_TEST) ## Run the tests that take a moment each
	@$(PYTEST) -m "not slow and not browser"

lint: $(READY_TO_TEST) ## Look for mistakes and untidy layout
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

format: $(READY_TO_TEST) ## Tidy the layout
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

bench: $(READY_TO_TEST) ## Measure what the README says about speed
	@$(PYTHON) -m benchmarks --write

chaos: $(READY_TO_TEST) ## Kill workers and servers, fill disks, damage files: what docs/reliability.md says
	@$(PYTHON) -m tests.browser.find_browser --install
	@$(PYTHON) -m tests.chaos --write

clean: ## Remove the virtual environment; datasets and runs stay
	@rm -rf $(VENV)

$(READY_TO_RUN): requirements.txt $(PYTHON)
	@echo "Installing what cnnlab needs. TensorFlow is large: the first time takes some minutes."
	@$(PIP) install --quiet -r requirements.txt
	@touch $@

$(READY_TO_TEST): requirements-dev.txt $(READY_TO_RUN)
	@$(PIP) install --quiet -r requirements-dev.txt
	@touch $@

# TensorFlow has no release for Python 3.14 yet, so 3.11 to 3.13 are looked for first. A command may be
# there and not work (version managers leave such ones), so each is asked.
$(PYTHON):
	@rm -rf $(VENV)
	@for newest in 13 99; do \
		for python in python3 python3.13 python3.12 python3.11 python3.14 python; do \
			"$$python" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $$newest))" 2>/dev/null || continue; \
			echo "Making a virtual environment with $$("$$python" --version)."; \
			"$$python" -m venv $(VENV) && exit 0; \
			rm -rf $(VENV); \
			echo "$$python cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv. Then try again."; \
			exit 1; \
		done; \
	done; \
	echo "cnnlab needs Python 3.11 or newer; found: $$(python3 --version 2>/dev/null || echo none). Install one from https://www.python.org/downloads, then try again."; \
	exit 1
