"""Prices in another currency: converted exactly at a stated rate, or refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.errors import ConfigError
from otel_tokens.pricing import Terms, book_of, load_book
from otel_tokens.readings import Usage


HEAD = """schema = 1
currency = "EUR"
usd_per_unit = "1.08"
rate_checked = 2026-11-20
rate_source = "ECB"
"""
PRICE = """
[[price]]
provider = "p"
model = "m"
rates = { input = "2.5", output = "10" }
tiers = [ { prompt_tokens_gt = 1000000, rates = { input = "5" } } ]
fees = { web_search = "0.01", audio_hour = "0.36" }
minimums = { audio_second = "10" }
[price.variants.batch]
rates = { input = "1" }
"""
AT_S = 1_795_435_200.0


def cost(text: str, path: Path, usage: Usage, variant: str = "standard") -> Decimal | None:
    """What the file makes of a usage."""
    path.write_text(text, "utf-8")
    return load_book(path).price(usage, Terms("p", "m", AT_S, variant=variant)).usd


def test_every_amount_is_converted(tmp_path: Path) -> None:
    """Rates, tiers, fees and variants are multiplied by the rate; counts are not."""
    file, million = tmp_path / "own.toml", Usage({"input": 1_000_000})
    assert cost(HEAD + PRICE, file, million) == Decimal("2.7")
    assert cost(HEAD + PRICE, file, million, "batch") == Decimal("1.08")
    assert cost(HEAD + PRICE, file, Usage({"input": 2_000_000})) == Decimal("10.8")
    assert cost(HEAD + PRICE, file, Usage({}, {"web_search": 2})) == Decimal("0.0216")
    assert cost(HEAD + PRICE, file, Usage({}, {"audio_second": 1})) == Decimal("0.00108")


def test_usd_needs_no_rate(tmp_path: Path) -> None:
    """A file in USD, or one that names no currency, is taken as it is."""
    million = Usage({"input": 1_000_000})
    assert cost(PRICE, tmp_path / "own.toml", million) == Decimal("2.5")
    assert cost('currency = "USD"' + PRICE, tmp_path / "own.toml", million) == Decimal("2.5")


@given(rate=st.decimals("0.0001", "200", places=4), count=st.integers(1, 10**9))
def test_the_conversion_is_exact(rate: Decimal, count: int) -> None:
    """No digit is lost, whatever the rate."""
    document = {
        "currency": "CNY",
        "usd_per_unit": str(rate),
        "rate_checked": "2026-11-20",
        "rate_source": "PBoC",
        "price": [{"provider": "p", "model": "m", "rates": {"input": "0.0036"}}],
    }
    found = book_of(document).price(Usage({"input": count}), Terms("p", "m", AT_S)).usd
    assert found is not None
    assert found * 10**6 == count * Decimal("0.0036") * rate


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('currency = "EUR"\n' + PRICE, 1, ["no rate to USD", "usd_per_unit", '"USD"']),
        ('schema = 1\ncurrency = "euro"\n' + PRICE, 2, ["not a currency", "'euro'", '"EUR"']),
        ("currency = 1\n" + PRICE, 1, ["not a currency"]),
        ('usd_per_unit = "1.08"\n' + PRICE, 1, ["a rate without another currency"]),
        (HEAD.replace('"1.08"', "1.08") + PRICE, 3, ["put it in quotes"]),
        (HEAD.replace('"1.08"', '"0"') + PRICE, 3, ["not a rate", "above 0"]),
        (HEAD.replace("rate_checked = 2026-11-20\n", "") + PRICE, 1, ["rate_checked is missing"]),
        (HEAD.replace('rate_source = "ECB"\n', "") + PRICE, 1, ["rate_source is missing"]),
        (HEAD.replace("2026-11-20", '"soon"') + PRICE, 4, ["not a day", "'soon'"]),
    ],
)
def test_refused_with_its_line(text: str, line: int, words: list[str], tmp_path: Path) -> None:
    """A currency without a whole rate is refused: file, line, value and what is accepted."""
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as refused:
        load_book(path)
    assert str(refused.value).startswith(f"{path}:{line}: ")
    assert [word for word in (*words, "accepted: ") if word not in str(refused.value)] == []
