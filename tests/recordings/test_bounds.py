"""No recorded call has cost more, or had more tokens, than the bound that its request alone gives.

The recordings are not part of the repository: see `test_recordings.py`. The closer bounds need tiktoken's
vocabularies where `TIKTOKEN_CACHE_DIR` says, and are skipped without them. `pytest -s` prints how far the
bounds are from what the calls have really cost.
"""

from __future__ import annotations

import json
import os

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from otel_tokens.bounds import Bound, bound_of, closer
from otel_tokens.dialects import (
    Body,
    Dialect,
    anthropic_messages,
    anthropic_others,
    openai_audio,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_images,
    openai_responses,
)
from otel_tokens.dialects.wire import ServerSentEvents, splitter
from otel_tokens.pricing import load_book
from otel_tokens.providers import site
from otel_tokens.settlement import cost_of, usage_of, variant_of
from otel_tokens.tokenizers import Estimator

from .replay import Plan, Recording, apis, load


ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("OTEL_TOKENS_RECORDINGS") or ROOT.parent / "shared" / "recordings")
APIS = apis(FOLDER) if FOLDER.is_dir() else []
VOCABULARIES = os.environ.get("TIKTOKEN_CACHE_DIR")
AT_S = 1_795_500_000.0  # 2026-11-24
BOOK = load_book()

DIALECTS: Mapping[str, Dialect] = {
    "chat": openai_chat.DIALECT,
    "completions": openai_completions.DIALECT,
    "responses": openai_responses.DIALECT,
    "responses.compact": openai_responses.COMPACT,
    "embeddings": openai_embeddings.DIALECT,
    "images": openai_images.DIALECT,
    "images.edit": openai_images.DIALECT,
    "transcription": openai_audio.TRANSCRIPTION,
    "translation": openai_audio.TRANSCRIPTION,
    "speech": openai_audio.SPEECH,
    "messages": anthropic_messages.DIALECT,
    "complete": anthropic_others.COMPLETION,
}
"""Operation of a plan to dialect: those that are billed and have a request."""

CLIENTS: Mapping[str, str] = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "vertex": "gcp.vertex_ai",
}
"""What a client's class says of the provider."""

ABOVE: Mapping[str, str] = {}
"""Recordings that are above their bound, each with the reason. There is none."""

pytestmark = pytest.mark.skipif(
    not APIS,
    reason=f"no recordings in {FOLDER}; OTEL_TOKENS_RECORDINGS names their folder",
)


class Settled(NamedTuple):
    """A recorded call: its bounds, and what it came to."""

    id: str
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


@cache
def settled(api: str) -> tuple[Settled, ...]:
    """All calls of an API whose request was recorded, and whose answer states its usage."""
    estimator = Estimator(None if VOCABULARIES is None else Path(VOCABULARIES))
    found = [settle(recording, plan, estimator) for recording, plan in load(FOLDER, api)]
    return tuple([call for call in found if call is not None])


def settle(recording: Recording, plan: Plan, estimator: Estimator) -> Settled | None:
    """One call, with the bounds that its request has; None where the answer states no usage."""
    dialect, request = DIALECTS.get(plan.operation), recording.body
    if dialect is None or not isinstance(request, dict):
        return None
    body = answer(recording, dialect)
    reading = dialect.read(body)
    outcome = "error" if reading.error_type or recording.status >= 400 else "ok"
    usage, source = usage_of(dialect, reading, body, request, estimator, outcome=outcome, cut=False)
    if usage is None or source != "provider":
        return None
    base = urlsplit(plan.base_url)
    where = site(
        (base.scheme, base.hostname or "", base.port or 443, base.path), default=CLIENTS.get(plan.client)
    )
    model = request.get("model") or plan.model
    cost = cost_of(
        BOOK,
        reading,
        usage,
        source=source,
        site=where,
        requested_model=model,
        variant=variant_of(reading, dialect, request),
        at_s=AT_S,
    )
    tokens = sum(sum(part.totals()) for part in (usage, *[part.usage for part in reading.parts]))
    far = bound_of(BOOK, dialect, request, where, model, at_s=AT_S)
    near = closer(BOOK, dialect, request, where, model, estimator, at_s=AT_S)
    return Settled(recording.id, far, near, cost.usd, tokens)


def answer(recording: Recording, dialect: Dialect) -> Body:
    """The body of an answer, of a stream what its events add up to."""
    if recording.wire == "json":
        return json.loads(recording.payload)
    kinds = [value for name, value in recording.headers.items() if name.lower() == "content-type"]
    split = splitter("".join(kinds)) or ServerSentEvents()
    if dialect.events is None or recording.wire not in ("sse", "eventstream", "ndjson"):
        return None
    events = dialect.events()
    for event in split.feed(recording.payload):
        events.see(event)
    return events.body()


@pytest.mark.parametrize("api", APIS)
def test_no_call_was_above_its_bound(api: str) -> None:
    """Tokens and cost of every recorded call are within what was to be held for it."""
    wrong = [line for call in settled(api) for line in call.problems(call.far) if call.id not in ABOVE]
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(VOCABULARIES is None, reason="TIKTOKEN_CACHE_DIR names no vocabularies")
@pytest.mark.parametrize("api", APIS)
def test_no_call_was_above_its_closer_bound(api: str) -> None:
    """The closer bound is one too, and never above the other."""
    calls = [call for call in settled(api) if call.near is not None]
    wrong = [line for call in calls if call.near for line in call.problems(call.near) if call.id not in ABOVE]
    assert not wrong, "\n".join(wrong)
    assert all(call.near.tokens <= call.far.tokens for call in calls if call.near)


def test_how_far_the_bounds_are() -> None:
    """Where a request states a maximum, half of the bounds are within 50 times of the real cost."""
    calls = [call for api in APIS for call in settled(api)]
    lines = list(quantiles(calls))
    print("\n".join(lines))  # noqa: T201 - what `pytest -s` is for
    stated = [call for call in calls if not call.far.assumed and call.usd and call.far.usd]
    ratios = sorted(call.far.usd / call.usd for call in stated if call.usd and call.far.usd)
    assert len(ratios) > 100
    assert ratios[len(ratios) // 2] < 50


def quantiles(calls: list[Settled]) -> Iterator[str]:
    """How far bounds are from the real cost and tokens, a line for each kind."""
    for name, some in (
        ("all", calls),
        ("maximum stated", [call for call in calls if not call.far.assumed]),
        ("no maximum", [call for call in calls if call.far.assumed]),
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
