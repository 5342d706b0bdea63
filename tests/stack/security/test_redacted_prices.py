"""What an agent has redacted is priced as if it had not been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..prices.collector import FOREIGN, PRICES, Run, run
from ..prices.foreign_spans import COUNTED, PASSED_BY
from ..scale.collectors import CONFIG


_PROCESSORS = ("transform/redact", "redaction", "transform/redacted", "transform/foreign", "transform/price")


@pytest.fixture(scope="module")
def priced(stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All spans of other instrumentations, through the steps of an agent and then those of a gateway."""
    spans = [*[case.span for case in COUNTED.values()], *PASSED_BY.values()]
    folder: Path = tmp_path_factory.mktemp("redacted")
    configs = [FOREIGN, PRICES, CONFIG / "redaction.yaml"]
    return run(stack.binary("otelcol-tokens"), folder, spans, configs, _PROCESSORS)


@pytest.mark.parametrize("name", COUNTED)
def test_redaction_costs_no_cent(priced: Run, name: str) -> None:
    """The same tokens, dollars, provider and model."""
    case, span = COUNTED[name], priced.spans[[*COUNTED].index(name)]
    prefix = "otel_tokens.tmp.tokens."
    tokens = {key.removeprefix(prefix): value for key, value in span.items() if key.startswith(prefix)}
    assert tokens == case.tokens
    assert span.get("otel_tokens.cost.usd") == (
        None if case.usd is None else pytest.approx(case.usd, abs=1e-12)
    )
    assert span["otel_tokens.cost.status"] == case.status
    assert span["gen_ai.provider.name"] == case.provider
    assert span["gen_ai.operation.name"] == case.operation
    if case.model is not None:
        assert span["gen_ai.response.model"] == case.model


@pytest.mark.parametrize("name", PASSED_BY)
def test_redaction_counts_nothing_twice(priced: Run, name: str) -> None:
    """What is not to be counted is recognised after it was redacted, too."""
    span = priced.spans[len(COUNTED) + [*PASSED_BY].index(name)]
    assert "otel_tokens.count" not in span
