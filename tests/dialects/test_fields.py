"""Reads from JSON and from models of client libraries: the same fields, and no exception."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from hypothesis import given
from openai.types import CompletionUsage
from pydantic import BaseModel, ConfigDict

from otel_tokens.dialects.fields import Counts, dig, get, items, money, text

from .strategies import FIELDS, json_values


class Open(BaseModel):
    """A model that keeps what it does not know."""

    model_config = ConfigDict(extra="allow")
    known: int | None = None


class Slotted:
    """An object without a dict."""

    __slots__ = ("known",)


@pytest.mark.parametrize(
    ("node", "known", "extra"),
    [
        ({"known": 1, "extra": 2}, 1, 2),
        (MappingProxyType({"known": 1, "extra": 2}), 1, 2),
        (SimpleNamespace(known=1, extra=2), 1, 2),
        (Open.model_validate({"known": 1, "extra": 2}), 1, 2),
        (Open.model_construct(known=1, extra=2), 1, 2),
        (Open(known=1), 1, None),
        (Slotted(), None, None),
        (None, None, None),
        ("known", None, None),
        ([("known", 1)], None, None),
        (5, None, None),
        (int, None, None),
    ],
)
def test_a_field_of_anything(node: Any, known: Any, extra: Any) -> None:
    """A field is found in JSON and in models, also one that the model does not know; else it is None."""
    assert (get(node, "known"), get(node, "extra"), get(node, "nothing")) == (known, extra, None)


def test_fields_of_a_model_of_a_client() -> None:
    """What the types of the openai package do not know yet is read like what they know."""
    usage = CompletionUsage.construct(prompt_tokens=5, brand_new_tokens=7)

    assert (get(usage, "prompt_tokens"), get(usage, "brand_new_tokens")) == (5, 7)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), {"b": {"c": "x"}}),
        (("b",), {"c": "x"}),
        (("b", "c"), "x"),
        (("b", "c", "d"), None),
        (("z", "c"), None),
    ],
)
def test_a_path_ends_early_with_none(path: tuple[str, ...], found: Any) -> None:
    """The value at a path, or None where the path ends early."""
    assert dig({"b": {"c": "x"}}, *path) == found


@given(node=json_values)
def test_reads_never_raise(node: Any) -> None:
    """No JSON makes a read raise, and each read keeps to its type."""
    for name in FIELDS:
        assert isinstance(text(node, name), str | None)
        assert all(True for _ in items(node, name))
        amount = money(node, name)
        assert amount is None or (amount.is_finite() and amount >= 0)
        get(node, name)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (0, "0"),
        (0.1, "0.1"),
        ("0.25", "0.25"),
        (Decimal("1E-9"), "1E-9"),
        (1e-7, "1E-7"),
        (True, None),
        (-1, None),
        ("-0.1", None),
        (float("nan"), None),
        (float("inf"), None),
        ("Infinity", None),
        ("free", None),
        ("", None),
        (None, None),
        ([1], None),
        ({"total": 1}, None),
        pytest.param(10**5000, None, id="too long to be written"),
    ],
)
def test_what_can_be_money(value: Any, amount: str | None) -> None:
    """Money is a finite number that is not negative, exactly as it was written."""
    assert money({"cost": value}, "cost") == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("value", [1e300, "1e400", pytest.param(10**200, id="long")])
def test_money_beyond_all_reason(value: Any) -> None:
    """An amount that would make every sum infinite is no money."""
    amount = money({"cost": value}, "cost")

    assert amount is None or float(amount) < float("1e18")


@pytest.mark.parametrize(
    ("value", "count", "warned"),
    [
        (7, 7, False),
        (7.0, 7, False),
        (None, None, False),
        (object(), None, False),
        ("12", 12, True),
        ("1" * 13, None, True),
        ("twelve", None, True),
        (7.5, None, True),
        (-1, None, True),
        (True, None, True),
        (10**30, None, True),
        ([7], None, True),
    ],
)
def test_what_can_be_a_count(value: Any, count: int | None, warned: bool) -> None:  # noqa: FBT001
    """A count is a whole number of tokens; what a client marks as not set is not there."""
    counts = Counts()
    assert counts({"n": value}, "n") == count
    assert bool(counts.warnings) == warned


def test_a_model_that_is_a_dict_is_read_by_its_items() -> None:
    """The attributes of a dict with a class of its own are no fields."""

    class Own(dict[str, int]):
        pass

    own = Own(known=1)
    own.other = 2  # type: ignore[attr-defined]
    assert (get(own, "known"), get(own, "other")) == (1, None)


def test_an_empty_string_is_no_text() -> None:
    """An empty name says as little as none."""
    assert text({"model": ""}, "model") is None


def test_a_mapping_that_is_no_dict_is_read() -> None:
    """Whatever is a mapping has fields."""

    class Own(Mapping[str, int]):
        def __getitem__(self, name: str) -> int:
            return {"known": 1}[name]

        def __iter__(self) -> Any:
            return iter(["known"])

        def __len__(self) -> int:
            return 1

    class Bare(Own):
        __slots__ = ()

    assert get(Own(), "known") in (1, None)
    assert get(Bare(), "known") in (1, None)
