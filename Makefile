# Everything a newcomer or CI runs. Needs Python 3.10 or newer and make; installs the rest into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench format generated wheel stack stack-build clean

demo: $(VENV)/demo.stamp  ## against a simulated provider: what arrives over OTLP, and a cap that stops an agent
	$(BIN)/python examples/quickstart/demo.py
	$(BIN)/python examples/caps/run.py

test: $(VENV)/dev.stamp $(VENV)/redis.stamp  ## every test, with branch coverage
	$(BIN)/python -m pytest -n 2 --dist loadscope --cov --cov-report=term --cov-fail-under=99

check: $(VENV)/dev.stamp  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp  ## microseconds added per call and per stream event
	$(BIN)/python tests/bench/bench.py
	PYTHONPATH=. $(BIN)/python tests/bench/caps.py
	$(BIN)/python tests/bench/prices.py

stack-build: $(VENV)/bin/uv  ## collector, Prometheus, Alertmanager, Jaeger, into a cache outside the tree; needs Go
	collector/build.sh

stack: $(VENV)/demo.stamp  ## all of that on loopback, with the quickstart sending data, until Ctrl-C
	$(BIN)/python collector/up.py

generated: $(VENV)/dev.stamp  ## write everything in collector/ that is generated
	$(BIN)/otel-tokens collector prices --output collector/config/prices.yaml
	$(BIN)/otel-tokens collector rules --output collector/prometheus/rules
	$(BIN)/python collector/dashboards/build.py

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(VENV)/dev.stamp  ## build the wheel and test it as installed, entry points included
	$(BIN)/python tests/wheel.py

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --quiet --disable-pip-version-check install uv

$(VENV)/demo.stamp: $(VENV)/bin/uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[demo]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/bin/uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[dev]'
	@touch $@

$(VENV)/redis.stamp: tests/install_redis.sh $(VENV)/dev.stamp
	sh tests/install_redis.sh
	@touch $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache
