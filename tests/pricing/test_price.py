"""What a usage costs on one set of rates."""

from __future__ import annotations

import math

from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.pricing import Cost, Terms, book_of
from otel_tokens.pricing.fallbacks import FALLBACKS
from otel_tokens.readings import BUCKETS, Usage


_AT_S = 1_795_435_200.0  # 2026-11-23 12:00 UTC, a Monday


def price(usage: Usage, variant: str = "standard", **row: Any) -> Cost:
    """The cost of `usage` on a book of one row."""
    book = book_of({"price": [{"provider": "p", "model": "m", **row}]})
    return book.price(usage, Terms(provider="p", model="m", variant=variant, at_s=_AT_S))


def test_cost_is_bucket_times_rate() -> None:
    """A cost is exact, split by bucket, and the split adds up."""
    cost = price(Usage({"input": 3, "output": 7}), rates={"input": "0.003625", "output": "12"})
    assert cost == Cost(
        usd=Decimal("0.000084010875"),
        by_bucket={"input": Decimal("0.000000010875"), "output": Decimal("0.000084")},
        status="priced",
        version="override",
    )


def test_no_usage_costs_nothing() -> None:
    """Whether a call without usage is priced is the caller's question: here it costs 0."""
    assert price(Usage(), rates={"input": "1"}).usd == 0


@pytest.mark.parametrize(
    ("bucket", "rates", "usd", "warns"),
    [
        ("cache_read", {"input": "2"}, "2", True),
        ("cache_read_audio", {"input": "2", "cache_read": "1", "input_audio": "8"}, "1", True),
        ("cache_read_audio", {"input": "2", "input_audio": "8"}, "8", True),
        ("cache_read_audio", {"input": "2"}, "2", True),
        ("cache_read_image", {"input": "2", "cache_read_image": "3"}, "3", False),
        ("cache_write", {"input": "2", "cache_write_5m": "3"}, "3", False),
        ("cache_write_5m", {"input": "2", "cache_write": "3"}, "3", False),
        ("cache_write_1h", {"input": "2", "cache_write": "3"}, "3", True),
        ("cache_write_12h", {"input": "2"}, "2", True),
        ("input_audio", {"input": "2"}, "2", True),
        ("input_tool", {"input": "2"}, "2", False),
        ("output_reasoning", {"output": "2"}, "2", False),
        ("output_citation", {"output": "2"}, "2", False),
        ("output_image", {"output": "2"}, "2", True),
    ],
)
def test_missing_rate_is_borrowed(bucket: str, rates: dict[str, str], usd: str, *, warns: bool) -> None:
    """A bucket without a rate costs the nearest one, never 0, and says so where it is a guess."""
    cost = price(Usage({bucket: 1_000_000}), rates=rates)
    assert cost.usd == Decimal(usd)
    assert cost.warnings == ((f"rate_missing:{bucket}",) if warns else ())


def test_every_bucket_has_a_chain() -> None:
    """No bucket is forgotten, and no chain leads to something that is not a bucket."""
    assert set(FALLBACKS) == BUCKETS
    assert set().union(*FALLBACKS.values()) <= BUCKETS


def test_bucket_that_nothing_prices() -> None:
    """If a row prices tokens but not these, the cost is unknown: not 0, and not a part of it."""
    cost = price(Usage({"input": 5, "output": 5}), rates={"input": "1"})
    assert cost.usd is None
    assert cost.by_bucket == {}
    assert cost.status == "unknown_model"
    assert cost.warnings == ("rate_missing:output",)


def test_row_of_fees_only() -> None:
    """What is billed by the unit charges nothing for tokens, and says that it did not."""
    cost = price(Usage({"input": 5}, {"page": 3}), fees={"page": "0.002"})
    assert cost.usd == Decimal("0.006")
    assert cost.warnings == ("rate_missing:input",)


def test_unit_without_a_fee() -> None:
    """A counted unit without a fee costs nothing, with a warning."""
    cost = price(Usage({"input": 1}, {"web_search": 2}), rates={"input": "1"})
    assert cost.usd == Decimal("0.000001")
    assert cost.warnings == ("unit_unpriced:web_search",)


def test_fee_per_request() -> None:
    """A fee per request is due once for a call, counted or not."""
    for usage in (Usage({"input": 0}), Usage({}, {"request": 1})):
        cost = price(usage, rates={"input": "1"}, fees={"request": "0.012"})
        assert cost.usd == Decimal("0.012")


def test_hour_that_does_not_divide() -> None:
    """An hourly price is multiplied first and divided last, to far below a pico-dollar."""
    cost = price(Usage({}, {"audio_second": 7}), fees={"audio_hour": "1.02"})
    assert cost.usd is not None
    assert abs(cost.usd * 3600 - Decimal("7.14")) < Decimal("1e-25")
    assert cost.by_bucket == {"audio_second": cost.usd}


def test_minimum_of_a_unit() -> None:
    """A unit below its minimum is billed as the minimum; none at all is not billed."""
    row = {"fees": {"audio_second": "1"}, "minimums": {"audio_second": "10"}}
    assert price(Usage({}, {"audio_second": 3}), **row).usd == 10
    assert price(Usage({}, {"audio_second": 30}), **row).usd == 30
    assert price(Usage({}, {"audio_second": 0}), **row).usd == 0


def test_tiers_look_at_the_whole_prompt() -> None:
    """Cached and written tokens count for the threshold, output does not; the highest tier wins."""
    row = {
        "rates": {"input": "1", "output": "1"},
        "tiers": [
            {"prompt_tokens_gt": 200, "rates": {"input": "5"}},
            {"prompt_tokens_gt": 100, "rates": {"input": "2", "output": "3"}},
        ],
    }
    assert price(Usage({"input": 100, "output": 999}), **row).usd == Decimal("0.001099")
    assert price(Usage({"input": 50, "cache_read": 51}), **row).usd == Decimal("0.000202")
    assert price(Usage({"cache_write_1h": 201, "output": 1}), **row).usd == Decimal("0.001008")


def test_exact_in_a_narrow_thread() -> None:
    """The precision that the application gave its thread does not touch a cost."""
    usage = Usage({"input": 123_457, "output": 98_765})
    row = {"rates": {"input": "0.123457", "output": "9.876543"}}
    wide = price(usage, **row)
    with localcontext() as context:
        context.prec = 3
        narrow = price(usage, **row)
    assert narrow == wide
    assert getcontext().prec == 28


def test_exact_with_a_long_rate() -> None:
    """Rates with many decimals are not rounded to the default precision."""
    cost = price(Usage({"input": 3}), rates={"input": "0.1234567890123456789012345678901"})
    assert cost.usd == Decimal("0.0000003703703670370370367037037036703")


_counts = st.dictionaries(st.sampled_from(sorted(BUCKETS)), st.integers(0, 10**9), max_size=8)
_rate = st.decimals(0, 1000, places=6, allow_nan=False, allow_infinity=False).map(str)
_rates = st.fixed_dictionaries(
    {"input": _rate, "output": _rate},
    optional=dict.fromkeys(sorted(BUCKETS - {"input", "output"}), _rate),
)


@given(_counts, _counts, _rates)
def test_costs_add_up(a: dict[str, int], b: dict[str, int], rates: dict[str, str]) -> None:
    """Two calls together cost what they cost apart, and each is the sum of its buckets."""
    both = {bucket: a.get(bucket, 0) + b.get(bucket, 0) for bucket in a.keys() | b.keys()}
    costs = [price(Usage(tokens), rates=rates) for tokens in (a, b, both)]
    apart, together = [cost.usd for cost in costs[:2]], costs[2].usd
    assert None not in apart
    assert math.fsum(map(float, filter(None, apart))) == pytest.approx(float(together or 0))
    assert sum(filter(None, apart), Decimal(0)) == together
    assert all(sum(cost.by_bucket.values(), Decimal(0)) == cost.usd for cost in costs)


@given(_counts, st.sampled_from(sorted(BUCKETS)), _rates)
def test_cost_is_monotone(tokens: dict[str, int], bucket: str, rates: dict[str, str]) -> None:
    """A token more never costs less."""
    more = {**tokens, bucket: tokens.get(bucket, 0) + 1}
    less, cost = (price(Usage(counts), rates=rates).usd for counts in (tokens, more))
    assert less is not None
    assert cost is not None
    assert cost >= less


@given(st.integers(0, 10**9), st.integers(0, 10**9), _rate)
def test_splitting_a_bucket_changes_nothing(a: int, b: int, rate: str) -> None:
    """Where two buckets have one rate, it does not matter which of them holds a token."""
    rates = {"input": rate, "output": rate, "output_reasoning": rate}
    split = price(Usage({"output": a, "output_reasoning": b}), rates=rates)
    assert split.usd == price(Usage({"output": a + b}), rates=rates).usd
