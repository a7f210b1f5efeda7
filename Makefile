# Not Magic: the commands. Each sets up what it needs; nothing is installed outside .venv, except that
# `make test` installs a Chromium where none is found (see notmagic/book/browser.py).

PYTHON  ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV    ?= .venv
PY      := $(VENV)/bin/python
WORKERS ?= 2
PORT    ?= 8000
READY   := $(VENV)/.ready

# TensorFlow then prints nothing at start-up and rounds alike on every machine.
export TF_ENABLE_ONEDNN_OPTS := 0
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: help book serve test lint outputs exercises grade weights bench retarget lock clean

help:            ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## ?/  make \1\t/' | expand -t 20

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 was found: install one, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

book: $(READY)   ## install everything and build the site into _build/html
	$(VENV)/bin/jupyter-book build . --all -W -n --keep-going --quiet  # --all: a changed style changes no page
	@echo "The book is built: open $(CURDIR)/_build/html/index.html in a browser, or type: make serve"

serve: book      ## build the site and show it at a local address
	$(PY) -m notmagic.book.serve _build/html --port $(PORT)

test: $(READY) lint   ## run every test
	$(PY) -m notmagic.book.browser
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup

lint: $(READY)   ## check the style of the code
	$(VENV)/bin/ruff check .

outputs: $(READY)     ## run all chapters and solutions, store their outputs and widget states
	$(PY) -m notmagic.book.execute

exercises: $(READY)   ## make the student notebooks from solutions/
	$(PY) -m notmagic.book.exercises

grade: $(READY)  ## grade a folder of submissions: make grade SUBMISSIONS=folder
	@test -n "$(SUBMISSIONS)" || { echo "Name the folder: make grade SUBMISSIONS=folder (it holds STUDENT/08-the-convolution-layer.ipynb and so on)"; exit 1; }
	$(PY) -m notmagic.book.grade "$(SUBMISSIONS)" --to grades.csv

weights: $(READY)     ## train the shipped weights anew into _build/weights (needs CIFAR-10, takes hours; may be interrupted)
	$(PY) -m notmagic.pretrained.cifar10_chapter11 --out _build/weights
	env -u TF_ENABLE_ONEDNN_OPTS $(PY) -m notmagic.pretrained.cifar10_chapter12 --out _build/weights
	@echo "The weights are in _build/weights; README.md says how to put them into the package."

bench: $(READY)  ## measure the speed of the layers, of training, of the CIFAR-10 network and of the widget
	env -u TF_ENABLE_ONEDNN_OPTS $(PY) -m benchmarks.layers  # against TensorFlow at its fastest
	env -u TF_ENABLE_ONEDNN_OPTS $(PY) -m benchmarks.training
	env -u TF_ENABLE_ONEDNN_OPTS $(PY) -m benchmarks.cnn
	$(PY) -m benchmarks.widget_latency

retarget: $(READY)    ## point every link to a fork: make retarget REPO=https://github.com/OWNER/NAME
	@test -n "$(REPO)" || { echo "Name the fork: make retarget REPO=https://github.com/OWNER/NAME"; exit 1; }
	$(PY) -m notmagic.book.retarget "$(REPO)"

lock: $(READY)   ## choose the exact versions of requirements.lock anew
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(VENV)/bin/uv pip compile --quiet --universal --upgrade --python-version 3.11 --no-annotate --no-header \
	  --extra tensorflow --extra test --no-emit-package notmagic pyproject.toml requirements.txt -o requirements.lock

clean:           ## remove what was built; keeps .venv
	rm -rf _build build *.egg-info .pytest_cache .ruff_cache .hypothesis
