"""What the gate is told of a call: only what its request really states, and nothing that is not asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from otel_tokens.dialects import openai_chat
from otel_tokens.holding import Asked, facts_of, stated
from otel_tokens.pricing import load_book
from otel_tokens.providers import Site
from otel_tokens.tokenizers import Estimator


SITE = Site("openai", "api.openai.com", 443)
AT_S = 1_795_500_000.0


class NotGiven:
    """What older clients put in place of an argument."""


class Omit:
    """What newer clients put there."""


class Model:
    """A request that is no dict."""

    model = "gpt-4o"


def request(**more: Any) -> dict[str, Any]:
    """A request for a chat."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello " * 100}], **more}


def facts(
    body: Any, *, site: Site = SITE, model: str = "gpt-4o", watches: bool = True, folder: Any = None
) -> Any:
    """The facts of a call."""
    return facts_of(
        Asked(openai_chat.DIALECT, body, site, model, AT_S),
        load_book,
        Estimator(folder),
        names=("team", "user.id"),
        values=("search", None),
        trace=7,
        watches=watches,
    )


def test_what_it_says() -> None:
    """Provider, model, labels with their names, and the trace."""
    found = facts(request())
    assert (found.provider, found.model, found.trace) == ("openai", "gpt-4o", 7)
    assert (found.names, found.values) == (("team", "user.id"), ("search", None))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"a": 1, "b": NotGiven(), "c": Omit(), "d": None}, {"a": 1, "d": None}),
        ([1], [1]),
        (None, None),
    ],
)
def test_only_what_is_stated(body: Any, kept: Any) -> None:
    """Arguments that were not given are no part of a request; what is no dict stays as it is."""
    assert stated(body) == kept


def test_a_model_as_a_request() -> None:
    """A request that is an object is told of as it is."""
    body = Model()
    assert stated(body) is body


def test_equal_requests_have_equal_fingerprints() -> None:
    """What was not given, and in which way it was not, makes no difference; the host and the model do."""
    first = facts(request())
    assert first.fingerprint == facts(request(stop=NotGiven(), seed=Omit())).fingerprint
    others = [
        facts(request(seed=1)),
        facts(request(), site=Site("openai", "eu.api.openai.com", 443)),
        facts(request(), model="gpt-4o-mini"),
    ]
    assert len({first.fingerprint, *[other.fingerprint for other in others]}) == 4


def test_without_detectors_no_request_is_walked_through() -> None:
    """Where nobody watches for repetitions there is no fingerprint, and the bound is the same."""
    watched, unwatched = facts(request()), facts(request(), watches=False)
    assert unwatched.fingerprint is None
    assert watched.bound(None) == unwatched.bound(None)


def test_the_bound_and_what_it_assumes() -> None:
    """An argument that was not given is no maximum, so that what is assumed counts."""
    open_end = facts(request(max_tokens=NotGiven()))
    assert open_end.bound(100).assumed
    assert open_end.bound(100).output_tokens == 100
    assert open_end.bound(None).output_tokens > 1000
    stated_end = facts(request(max_tokens=50)).bound(100)
    assert (stated_end.assumed, stated_end.output_tokens) == (False, 50)
    assert stated_end.usd > Decimal(0)


def test_a_closer_bound_needs_a_vocabulary(tmp_path: Any) -> None:
    """Without a vocabulary on this machine there is no closer bound."""
    assert facts(request(max_tokens=50), folder=tmp_path).closer(None) is None
