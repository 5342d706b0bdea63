"""No recorded call has cost more, or had more tokens, than the bound that its request alone gives.

The recordings are not part of the repository: see `test_recordings.py`. Every exchange is judged, of every
provider, whose request was recorded and whose answer states its usage; its cost, where the price is known
before the call, which it is not for the name of a deployment or at a gateway. The closer bounds need
tiktoken's vocabularies where `TIKTOKEN_CACHE_DIR` says, and are skipped without them. `pytest -s` prints how
far the bounds are from what the calls have really cost.
"""

from __future__ import annotations

import os

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from otel_tokens.bounds import Bound, bound_of, closer
from otel_tokens.dialects.catalog import find
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.dialects.exchange import body_of
from otel_tokens.pricing import load_book
from otel_tokens.providers import Site, site
from otel_tokens.settlement import cost_of, usage_of, variant_of
from otel_tokens.tokenizers import Estimator

from .wires import FOLDER, Wire, every, read


VOCABULARIES = os.environ.get("TIKTOKEN_CACHE_DIR")
AT_S = 1_795_500_000.0  # 2026-11-24
BOOK = load_book()

PROVIDERS: Mapping[str, str] = {
    "azure-": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "vertex": "gcp.vertex_ai",
    "gemini": "gcp.gemini",
}
"""What the beginning of an API says of the provider, where its host does not: a client would know."""

ABOVE: Mapping[str, str] = {}
"""Recordings that are above their bound, each with the reason. There is none."""

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason=f"no recordings in {FOLDER}; OTEL_TOKENS_RECORDINGS names their folder",
)


class Settled(NamedTuple):
    """A recorded call: its bounds, and what it came to."""

    id: str
    api: str
    far: Bound
    near: Bound | None
    usd: Decimal | None
    tokens: int

    def problems(self, bound: Bound) -> list[str]:
        """What is above a bound."""
        found = []
        if bound.tokens < self.tokens:
            found.append(f"{self.id}: {self.tokens} tokens, at most {bound.tokens} were bound")
        if self.usd is not None and bound.usd is not None and bound.usd < self.usd:
            found.append(f"{self.id}: {self.usd} USD, at most {bound.usd} were bound")
        return found


def settle(wire: Wire, estimator: Estimator) -> Settled | str:
    """One call, with the bounds that its request has; else why there is nothing to compare."""
    found = find(wire.method, wire.url)
    if found is None:
        return "no dialect"
    if wire.request is None:
        return "no request recorded"
    dialect = found.dialect
    reading = read(wire, dialect)
    usage, source = _usage(wire, dialect, estimator)
    if usage is None or source != "provider":
        return "no usage"
    model = _model(wire.request) or found.model
    where = _site(wire)
    cost = cost_of(
        BOOK,
        reading,
        usage,
        source=source,
        site=where,
        requested_model=model,
        variant=variant_of(reading, dialect, wire.request),
        at_s=AT_S,
    )
    tokens = sum(sum(part.totals()) for part in (usage, *[part.usage for part in reading.parts]))
    far = bound_of(BOOK, dialect, wire.request, where, model, at_s=AT_S)
    near = closer(BOOK, dialect, wire.request, where, model, estimator, at_s=AT_S)
    return Settled(wire.id, wire.api, far, near, cost.usd, tokens)


def _usage(wire: Wire, dialect: Dialect, estimator: Estimator) -> Any:
    reading = read(wire, dialect)
    outcome = "error" if reading.error_type or wire.status >= 400 else "ok"
    body = body_of(dialect, wire.answer, wire.headers.get("content-type", ""))
    return usage_of(dialect, reading, body, wire.request, estimator, outcome=outcome, cut=False)


def _model(request: Any) -> str | None:
    """The model that a request names, if it does."""
    given = request if isinstance(request, dict) else {}
    return given.get("model") or given.get("model_id") or given.get("modelId")


def _site(wire: Wire) -> Site:
    base = urlsplit(wire.url)
    default = next((name for start, name in PROVIDERS.items() if wire.api.startswith(start)), None)
    return site((base.scheme, base.hostname or "", base.port or 443, base.path), default=default)


@cache
def judged() -> tuple[Settled | str, ...]:
    """All exchanges."""
    estimator = Estimator(None if VOCABULARIES is None else Path(VOCABULARIES))
    return tuple([settle(wire, estimator) for wire in every()])


def calls() -> list[Settled]:
    """All calls whose request was recorded, and whose answer states its usage."""
    return [call for call in judged() if isinstance(call, Settled)]


def test_no_call_was_above_its_bound() -> None:
    """Tokens and cost of every recorded call are within what was to be held for it."""
    wrong = [line for call in calls() for line in call.problems(call.far) if call.id not in ABOVE]
    assert not wrong, "\n".join(wrong)
    assert len(calls()) > 1000


@pytest.mark.skipif(VOCABULARIES is None, reason="TIKTOKEN_CACHE_DIR names no vocabularies")
def test_no_call_was_above_its_closer_bound() -> None:
    """The closer bound is one too, and never above the other."""
    nearer = [(call, call.near) for call in calls() if call.near is not None]
    wrong = [line for call, near in nearer for line in call.problems(near) if call.id not in ABOVE]
    assert not wrong, "\n".join(wrong)
    assert all(near.tokens <= call.far.tokens for call, near in nearer)


def test_how_far_the_bounds_are() -> None:
    """Where a request states a maximum, half of the bounds are within 50 times of the real cost."""
    found = calls()
    print("\n".join([*quantiles(found), *counts()]))  # noqa: T201 - what `pytest -s` is for
    stated = [call for call in found if not call.far.assumed and call.usd and call.far.usd]
    ratios = sorted(call.far.usd / call.usd for call in stated if call.usd and call.far.usd)
    assert len(ratios) > 100
    assert ratios[len(ratios) // 2] < 50


def counts() -> Iterator[str]:
    """How many were judged of each API, and of how many the price is known; why the others were not."""
    apis = Counter(call.api for call in calls())
    priced = Counter(call.api for call in calls() if call.usd is not None)
    before = Counter(call.api for call in calls() if call.usd is not None and call.far.usd is not None)
    for api, n in sorted(apis.items()):
        yield f"{api:<40}{n:>5} bound{priced[api]:>5} priced{before[api]:>5} before the call"
    yield f"{apis.total()} bound, {priced.total()} priced, {before.total()} before the call"
    yield from (f"{why}: {n}" for why, n in Counter(c for c in judged() if isinstance(c, str)).items())


def quantiles(found: list[Settled]) -> Iterator[str]:
    """How far bounds are from the real cost and tokens, a line for each kind."""
    for name, some in (
        ("all", found),
        ("maximum stated", [call for call in found if not call.far.assumed]),
        ("no maximum", [call for call in found if call.far.assumed]),
    ):
        pairs = {
            "bound/cost": [(call.far.usd, call.usd) for call in some],
            "bound/tokens": [(call.far.tokens, call.tokens) for call in some],
            "closer/cost": [(call.near.usd, call.usd) for call in some if call.near],
            "closer/tokens": [(call.near.tokens, call.tokens) for call in some if call.near],
        }
        for what, values in pairs.items():
            ratios = sorted([float(bound) / float(real) for bound, real in values if bound and real])
            if ratios:
                at = [ratios[min(len(ratios) - 1, len(ratios) * q // 10)] for q in (0, 1, 5, 9, 10)]
                shown = "  ".join(f"{ratio:>9.2f}" for ratio in at)
                yield f"{name:<16}{what:<15}{len(ratios):>5}  min, 10 %, 50 %, 90 %, max:  {shown}"
