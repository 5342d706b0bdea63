"""Labels on spans and metrics: who set them, and where they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry import baggage
from opentelemetry.context import attach, detach

from otel_tokens import attribute

from ..clients.transport import json_reply
from .scene import Scene, body, chat


Start = Callable[..., Scene]


def labels(made: Scene, *names: str) -> tuple[list[Any], list[Any]]:
    """The labels of each span, and those of the points."""
    on_spans = [
        {name: span.attributes[name] for name in names if name in span.attributes} for span in made.spans
    ]
    points = made.collected()["otel_tokens.requests"].data.data_points
    on_points = [
        {name: point.attributes[name] for name in names if name in point.attributes} for point in points
    ]
    return on_spans, on_points


def test_what_is_set_is_on_spans_and_what_is_listed_on_metrics(scene: Start) -> None:
    """Every label that is set is on the span; metrics carry those that are listed for them."""
    made = scene(OTEL_TOKENS_LABELS="team", OTEL_TOKENS_SPAN_LABELS="user.id")
    with attribute({"team": "search", "user.id": "u1", "more": True}):
        chat(json_reply(body()))
    assert labels(made, "team", "user.id", "more") == (
        [{"team": "search", "user.id": "u1", "more": True}],
        [{"team": "search"}],
    )


def test_what_is_set_wins_over_baggage_and_that_over_the_resource(scene: Start) -> None:
    """A label is what the application set, else what came with the request, else what the process is."""
    made = scene(
        resource={"team": "resource", "feature": "resource", "zone": "resource", "other": "resource"},
        OTEL_TOKENS_LABELS="team,feature,zone",
    )
    context = baggage.set_baggage("team", "baggage", baggage.set_baggage("feature", "baggage"))
    token = attach(context)
    try:
        with attribute(team="set"):
            chat(json_reply(body()))
    finally:
        detach(token)
    expected = {"team": "set", "feature": "baggage", "zone": "resource"}
    assert labels(made, "team", "feature", "zone", "other") == ([expected], [expected])


def test_labels_that_nobody_asks_for_stay_where_they_are(scene: Start) -> None:
    """Baggage is not put on spans unless it is listed."""
    made = scene()
    token = attach(baggage.set_baggage("team", "baggage"))
    try:
        chat(json_reply(body()))
    finally:
        detach(token)
    assert labels(made, "team") == ([{}], [{}])


def test_a_label_that_is_no_plain_value(scene: Start) -> None:
    """Baggage and resources may hold anything; a label is then its text."""
    made = scene(resource={"teams": ["a", "b"]}, OTEL_TOKENS_LABELS="teams,odd")
    token = attach(baggage.set_baggage("odd", object))
    try:
        chat(json_reply(body()))
    finally:
        detach(token)
    expected = {"teams": "('a', 'b')", "odd": "<class 'object'>"}
    assert labels(made, "teams", "odd") == ([expected], [expected])


def test_labels_are_those_of_the_beginning(scene: Start) -> None:
    """A call keeps the labels that were set when it was made, also while its stream is read elsewhere."""
    made = scene(OTEL_TOKENS_LABELS="team")

    @attribute(team="search")
    def ask() -> Any:
        return chat(stream=True)

    ask()
    chat(json_reply(body()))
    on_spans, on_points = labels(made, "team")
    assert on_spans == [{"team": "search"}, {}]
    assert sorted(on_points, key=str) == [{"team": "search"}, {}]
