"""What a call that has ended comes to: its outcome, its usage and where that is from, its cost."""

from __future__ import annotations

import asyncio

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.dialects import bedrock_converse, google_content
from otel_tokens.dialects.anthropic_messages import DIALECT as MESSAGES
from otel_tokens.dialects.openai_batches import BATCH
from otel_tokens.dialects.openai_chat import DIALECT as CHAT
from otel_tokens.pricing import PriceBook, book_of
from otel_tokens.providers import Site
from otel_tokens.readings import Part, Reading, Usage
from otel_tokens.settlement import (
    cost_of,
    error_message,
    error_type,
    outcome_of,
    usage_of,
    variant_of,
)
from otel_tokens.tokenizers import Estimator


GUESS = Estimator(Path("/nowhere"))


class RefusedError(Exception):
    """An error with a status, as client libraries have it, and the prompt in its words."""

    status_code = 429


RefusedError.__module__ = "openai._exceptions"


@pytest.mark.parametrize(
    ("reading", "error", "left", "outcome"),
    [
        (Reading(), None, False, ("ok", None)),
        (Reading(), TimeoutError(), False, ("error", "TimeoutError")),
        (Reading(), RefusedError(), True, ("error", "openai.RefusedError")),
        (Reading(), asyncio.CancelledError(), False, ("cancelled", None)),
        (Reading(), KeyboardInterrupt(), False, ("cancelled", None)),
        (Reading(error_type="overloaded"), None, True, ("error", "overloaded")),
        (Reading(), None, True, ("abandoned", None)),
        (
            CHAT.read({"choices": [{"finish_reason": "stop"}], "usage": {"prompt_tokens": 1}}),
            None,
            True,
            ("ok", None),
        ),
    ],
)
def test_how_a_call_ended(reading: Reading, error: Any, left: bool, outcome: Any) -> None:  # noqa: FBT001
    """An error, a cancellation, a stream that was left before its end, or all is well."""
    assert outcome_of(reading, error, left=left) == outcome


def test_an_error_has_a_name() -> None:
    """An exception is named with its package, and those of Python without."""
    assert error_type(asyncio.TimeoutError()) == "TimeoutError"
    assert error_type(asyncio.QueueEmpty()) == "QueueEmpty"
    assert error_type(RefusedError()) == "openai.RefusedError"


def test_an_error_is_described_without_its_words() -> None:
    """What an exception says may quote the prompt; its kind and its status do not."""
    assert error_message(RefusedError("secret prompt")) == "RefusedError (status 429)"
    assert error_message(ValueError("secret prompt")) == "ValueError"


STATED = Usage({"input": 100, "output": 3})
REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 40}]}
ANSWER = {"choices": [{"message": {"content": "y" * 80}}]}


def usage(
    reading: Reading,
    body: Any,
    *,
    outcome: str = "ok",
    cut: bool = False,
    dialect: Any = CHAT,
    request: Any = REQUEST,
) -> tuple[Usage | None, str | None]:
    """What a call has used."""
    return usage_of(dialect, reading, body, request, GUESS, outcome=outcome, cut=cut)


def test_the_provider_knows_best() -> None:
    """What the provider has stated is what was used, also when the call failed afterwards."""
    assert usage(Reading(usage=STATED), ANSWER) == (STATED, "provider")
    assert usage(Reading(usage=STATED), None, outcome="error") == (STATED, "provider")


def test_an_answer_without_text_is_unknown() -> None:
    """Nothing is known of an answer that states nothing and has no text."""
    assert usage(Reading(), {"choices": []}) == (None, None)
    assert usage(Reading(), None) == (None, None)


def test_a_call_that_failed_has_used_nothing_that_is_known() -> None:
    """A call that failed before anything came is not estimated."""
    assert usage(Reading(), None, outcome="error") == (None, None)
    assert usage(Reading(), ANSWER, outcome="cancelled") == (None, None)


def test_a_stream_that_was_cut_is_a_lower_bound() -> None:
    """Of a stream that was cut, the text that came is what was generated at the least."""
    put, low = GUESS.prompt(["x" * 40], "gpt-4o", messages=1), GUESS.at_least(["y" * 80], "gpt-4o")
    assert usage(Reading(), ANSWER, outcome="abandoned", cut=True) == (
        Usage({"input": put, "output": low}),
        "partial",
    )


def test_what_was_stated_before_the_cut_counts() -> None:
    """Input that was stated before the cut is exact; output is the larger of what came and what was said."""
    assert usage(Reading(usage=STATED), ANSWER, outcome="error", cut=True) == (
        Usage({"input": 100, "output": GUESS.at_least(["y" * 80], "gpt-4o")}),
        "partial",
    )
    large = Usage({"input": 100, "output": 30, "output_reasoning": 5})
    assert usage(Reading(usage=large), ANSWER, outcome="error", cut=True) == (large, "partial")


def test_a_cut_after_the_final_counts_is_none() -> None:
    """A stream that was cut when everything had been said is exact."""
    body = {"stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}}
    reading = MESSAGES.read(body)
    assert usage(reading, body, outcome="cancelled", cut=True, dialect=MESSAGES) == (
        reading.usage,
        "provider",
    )


def test_what_is_free_is_not_estimated() -> None:
    """A call that is not billed has no gap."""
    assert usage(Reading(), {"status": "in_progress"}, dialect=BATCH) == (None, None)


@pytest.mark.parametrize(
    ("answered", "asked", "variant"),
    [
        ("flex", "priority", "flex"),
        (None, "flex", "flex"),
        (None, "fast", "priority"),
        (None, "scale", "committed"),
        (None, "auto", "standard"),
        (None, 7, "standard"),
        (None, None, "standard"),
    ],
)
def test_what_is_billed(answered: str | None, asked: Any, variant: str) -> None:
    """The answer says what is billed, else the request did, else it is the standard."""
    assert variant_of(Reading(variant=answered), CHAT, {"service_tier": asked}) == variant


def test_a_tier_is_asked_for_only_where_there_is_one() -> None:
    """Where the words of a request only allow a tier, they say nothing; elsewhere each has its own place."""
    google = {"config": {"service_tier": "flex"}}
    assert variant_of(Reading(), google_content.DIALECT, google) == "flex"
    assert (
        variant_of(Reading(), bedrock_converse.DIALECT, {"serviceTier": {"type": "reserved"}}) == "committed"
    )
    assert variant_of(Reading(), MESSAGES, {"service_tier": "priority"}) == "standard"
    assert variant_of(Reading(), CHAT, None) == "standard"


def test_a_cost_without_counts_is_stated_all_the_same() -> None:
    """What the provider says that a call costs needs no counts."""
    assert usage(Reading(cost_usd=Decimal("0.5")), ANSWER) == (Usage(), "provider")


BOOK = book_of(
    {
        "price": [
            {"provider": "openai", "model": "a", "rates": {"input": "1", "output": "10"}},
            {"provider": "openai", "model": "b", "rates": {"input": "3", "output": "3"}},
        ]
    }
)
SITE = Site("openai", "api.openai.com", 443)
MILLION = Usage({"input": 1_000_000, "output": 100_000})


def cost(reading: Reading, used: Usage = MILLION, *, source: str = "provider", book: PriceBook = BOOK) -> Any:
    """What a call costs."""
    return cost_of(
        book,
        reading,
        used,
        source=source,
        site=SITE,
        requested_model="a",
        variant="standard",
        at_s=1_790_000_000.0,
    )


def test_a_cost_is_computed() -> None:
    """Usage times price, by bucket; an estimated usage makes an estimated cost."""
    found = cost(Reading(model="a", warnings=("odd",)))
    assert (found.usd, found.status, found.source) == (Decimal(2), "priced", "computed")
    assert dict(found.by_bucket) == {"input": Decimal(1), "output": Decimal(1)}
    assert found.warnings == ("odd",)
    assert cost(Reading(model="a"), source="estimated").source == "estimated"
    assert cost(Reading(model="a"), source="partial").source == "estimated"


def test_an_unknown_model_has_no_cost() -> None:
    """What nobody has priced is unknown, not free."""
    found = cost_of(
        BOOK,
        Reading(model="zzz"),
        MILLION,
        source="provider",
        site=SITE,
        requested_model="zzz",
        variant="standard",
        at_s=0.0,
    )
    assert (found.usd, found.status, found.source, dict(found.by_bucket)) == (None, "unknown_model", None, {})


def test_a_fee_that_nobody_knows_is_no_price_of_nothing() -> None:
    """A call that is billed by a unit without a known fee has an unknown cost, not none."""
    found = cost(Reading(model="a"), Usage({}, {"image": 1}))
    assert (found.usd, found.source) == (None, None)


def test_a_part_costs_what_its_own_model_costs() -> None:
    """Each part is priced at the model that answered it; together they are the cost of the call."""
    found = cost(Reading(model="a", parts=(Part(model="b", usage=MILLION),)))
    assert (found.usd, found.status) == (Decimal("5.3"), "priced")
    assert [dict(part) for part in found.parts] == [{"input": Decimal(3), "output": Decimal("0.3")}]


@pytest.mark.parametrize("model", ["zzz", None])
def test_a_part_without_a_price_leaves_the_whole_unknown(model: str | None) -> None:
    """When a part is unknown the sum is; what is known is still counted by bucket."""
    found = cost(Reading(model="a", parts=(Part(model=model, usage=MILLION),)))
    assert (found.usd, found.status, found.source) == (None, "unknown_model", None)
    assert dict(found.by_bucket) == {"input": Decimal(1), "output": Decimal(1)}
    assert [dict(part) for part in found.parts] == [{}]


def test_a_call_that_others_answered_whole_costs_what_they_cost() -> None:
    """The model that answered has used nothing itself, so its own price, known or not, says nothing."""
    found = cost(Reading(model="zzz", parts=(Part(model="b", usage=MILLION),)), Usage())
    assert (found.usd, found.status, found.source) == (Decimal("3.3"), "priced", "computed")
    assert (dict(found.by_bucket), [dict(part) for part in found.parts]) == (
        {},
        [{"input": Decimal(3), "output": Decimal("0.3")}],
    )


def test_what_is_counted_and_not_charged_costs_nothing() -> None:
    """A bucket that the provider does not charge is left out of the cost, known or not."""
    used = Usage({"input": 1_000_000, "input_tool": 1_000_000})
    free = frozenset({"input_tool"})
    assert cost(Reading(model="a"), used).usd == Decimal(2)
    found = cost(Reading(model="a", free=free), used)
    assert (found.usd, dict(found.by_bucket)) == (Decimal(1), {"input": Decimal(1)})
    assert cost(Reading(model="zzz", free=free), used).usd == Decimal(1)


ROUTED = book_of({"price": [{"provider": "huggingface", "model": "m:together", "rates": {"input": "7"}}]})


@pytest.mark.parametrize(
    ("served_by", "seller", "usd"),
    [("together", None, "7"), (None, "together", "7"), ("novita", "together", None), (None, None, None)],
)
def test_a_router_costs_what_the_seller_takes(
    served_by: str | None, seller: str | None, usd: str | None
) -> None:
    """Who served the model, by the answer or else by the address, has the price; else there is none."""
    found = cost_of(
        ROUTED,
        Reading(model="m", served_by=served_by),
        Usage({"input": 1_000_000}),
        source="provider",
        site=Site("huggingface", "router.huggingface.co", 443, seller),
        requested_model="m",
        variant="standard",
        at_s=0.0,
    )
    assert found.usd == (None if usd is None else Decimal(usd))


def test_the_providers_own_cost_wins() -> None:
    """What the provider states is the cost, split as ours is; ours stands beside it."""
    found = cost(Reading(model="a", cost_usd=Decimal("1.5")))
    assert (found.usd, found.status, found.source) == (Decimal("1.5"), "priced", "provider")
    assert dict(found.by_bucket) == {"input": Decimal("0.75"), "output": Decimal("0.75")}
    assert found.computed_usd == Decimal(2)


def test_the_providers_own_cost_is_of_the_whole_call() -> None:
    """An estimate of a stream that was cut is not what the provider has stated."""
    assert cost(Reading(model="a", cost_usd=Decimal("1.5")), source="partial").source == "estimated"


@pytest.mark.parametrize(
    ("model", "stated", "split"),
    [
        ("zzz", "1.5", {"input": Decimal("1.5")}),
        ("zzz", "0", {}),
        ("a", "2", {"input": Decimal(1), "output": Decimal(1)}),
    ],
)
def test_a_stated_cost_without_one_of_ours(model: str, stated: str, split: dict[str, Decimal]) -> None:
    """Where ours is unknown the stated cost is in one piece; where both agree the split is ours."""
    found = cost_of(
        BOOK,
        Reading(model=model, cost_usd=Decimal(stated)),
        MILLION,
        source="provider",
        site=SITE,
        requested_model=model,
        variant="standard",
        at_s=0.0,
    )
    assert (found.usd, found.source, dict(found.by_bucket)) == (Decimal(stated), "provider", split)


amounts = st.decimals(min_value=0, max_value=10**6, places=9)


@given(stated=amounts, put=st.integers(0, 10**9), got=st.integers(0, 10**9))
def test_the_split_of_a_stated_cost_adds_up(stated: Decimal, put: int, got: int) -> None:
    """Whatever the provider states, its split over buckets adds up to it, with nothing below zero."""
    used = Usage({bucket: count for bucket, count in (("input", put), ("output", got)) if count})
    found = cost(Reading(model="a", cost_usd=stated), used)
    assert sum(found.by_bucket.values()) == stated
    assert all(usd >= 0 for usd in found.by_bucket.values())
