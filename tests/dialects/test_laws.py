"""Laws of every dialect: counts are counts, they add up, a stream reads like its body, any JSON reads."""

from __future__ import annotations

import json

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import (
    Dialect,
    anthropic_messages,
    anthropic_others,
    openai_batches,
    openai_chat,
    openai_completions,
    openai_responses,
    openai_usage,
)
from otel_tokens.dialects.messages import content_of
from otel_tokens.readings import BUCKETS, UNITS, Reading, Usage
from otel_tokens.telemetry.names import ASKED

from . import strategies as make
from .every import ANSWERS, EVERY, STREAMS, request_of


LAW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def each(of: Iterable[Dialect]) -> pytest.MarkDecorator:
    """The test for each dialect."""
    of = list(of)
    ids = [f"{dialect.name}-{dialect.operation}" for dialect in of]
    return pytest.mark.parametrize("dialect", of, ids=ids)


def folded(dialect: Dialect, events: Iterable[Any]) -> Any:
    """The body that events add up to."""
    assert dialect.events is not None
    folding = dialect.events()
    for event in events:
        folding.see(event)
    return folding.body()


def sound(usage: Usage) -> None:
    """Every count is one, in a bucket or a unit that there is."""
    for bucket, count in usage.tokens.items():
        assert bucket in BUCKETS
        assert type(count) is int
        assert count > 0
    for unit, number in usage.units.items():
        assert unit in UNITS
        assert number > 0


def sound_reading(reading: Reading) -> None:
    """A reading has nothing but what its types say."""
    for usage in (reading.usage, *[part.usage for part in reading.parts]):
        if usage is not None:
            sound(usage)
            assert usage.input_tokens + usage.output_tokens == sum(usage.tokens.values()) < 2**63
    for word in (reading.model, reading.id, reading.service_tier, reading.batch_id, *reading.finish_reasons):
        assert word is None or isinstance(word, str)
    for word in (reading.inference_geo, reading.error_type, reading.fingerprint, *reading.warnings):
        assert word is None or isinstance(word, str)
    assert reading.cost_usd is None or reading.cost_usd >= 0


# Any JSON reads.


@each(EVERY)
@LAW
@given(data=st.data())
def test_any_answer_is_read(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever an answer holds, at every field that is known, it is read without an exception."""
    good = ANSWERS[dialect.name]
    body = data.draw(st.one_of(make.json_values, make.mutations(good)))
    sound_reading(dialect.read(body))
    assert all(isinstance(piece, str) for piece in dialect.answer(body))


@each([dialect for dialect in EVERY if dialect.events is not None])
@LAW
@given(data=st.data())
def test_any_event_is_folded(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever events hold, they fold to a body that is read without an exception."""
    good = STREAMS[dialect.name]
    events = data.draw(st.one_of(st.lists(make.json_values, max_size=4), make.mutations(good)))
    if not isinstance(events, list):
        events = [events]
    body = folded(dialect, events)
    sound_reading(dialect.read(body))
    assert all(isinstance(piece, str) for piece in dialect.answer(body))
    json.dumps(content_of(dialect.name, None, body))


@each(EVERY)
@LAW
@given(data=st.data())
def test_any_request_is_looked_at(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever a request holds, what it asks for has a name, and its texts are texts."""
    good = request_of(dialect)
    request = data.draw(st.one_of(make.json_values, make.mutations(good)))
    assert dialect.asked(request).keys() <= ASKED.keys()
    assert all(isinstance(piece, str) for piece in dialect.prompt(request))
    units = dialect.units(request)
    assert units is None or not units.tokens


@each(EVERY)
@LAW
@given(data=st.data())
def test_any_content_is_written_down(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever a call holds, its messages are lists of plain JSON, and never empty ones."""
    good = request_of(dialect)
    request = data.draw(st.one_of(make.json_values, make.mutations(good)))
    body = data.draw(st.one_of(make.json_values, make.mutations(ANSWERS[dialect.name])))
    content = content_of(dialect.name, request, body)
    json.dumps(content)
    assert set(content) <= {"input", "output", "system", "tools"}
    assert all(content.values())


@LAW
@given(content=st.text() | st.lists(make.json_values, max_size=3))
def test_any_file_of_results_is_read(content: Any) -> None:
    """A result file of a batch is read whatever is in it, line by line."""
    if isinstance(content, list):
        content = "\n".join(json.dumps(row) for row in content)
    sound_reading(openai_batches.read_output(content))
    sound_reading(anthropic_others.read_results(content))


ODD: list[Any] = [None, True, -1, 1.5, "0", [], {}, [0], {"index": 0}]


@each([openai_chat.DIALECT, openai_completions.DIALECT, anthropic_messages.DIALECT])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_index_may_be_anything(dialect: Dialect, odd: Any) -> None:
    """A piece that does not say where it belongs belongs to the first; nothing is lost but its place."""
    events = STREAMS[dialect.name]
    changed = [
        make.put(event, path, odd)
        for event in events
        for path in make.paths(event)
        if path[-1:] == ("index",)
    ]
    body = folded(dialect, [*events, *changed])
    sound_reading(dialect.read(body))
    assert dialect.read(body).usage == dialect.read(folded(dialect, events)).usage


# Counts add up.


@LAW
@given(
    usage=st.one_of(
        make.openai_usages(),
        make.openai_usages("input", "output"),
        make.mutations(ANSWERS["openai.chat"]["usage"]),
        make.mutations(ANSWERS["openai.responses"]["usage"]),
    )
)
@example({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 100})
@example({"prompt_tokens": None, "completion_tokens": 5, "total_tokens": 15})
@example({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 0})
def test_openai_buckets_add_up(usage: Any) -> None:
    """Without a warning, the buckets add up to the total that the provider states."""
    read, warnings = openai_usage.tokens(usage)
    if read is None:
        return
    sound(read)
    total = usage.get("total_tokens")
    if not warnings and isinstance(total, int) and not isinstance(total, bool):
        assert sum(read.tokens.values()) == total


@LAW
@given(usage=make.openai_usages())
def test_counts_that_agree_leave_no_warning(usage: Any) -> None:
    """A usage object whose parts are inside its totals is not complained about, and is kept whole."""
    read, warnings = openai_usage.tokens(usage)
    assert read is not None
    assert warnings == ()
    assert (read.input_tokens, read.output_tokens) == (usage["prompt_tokens"], usage["completion_tokens"])


@LAW
@given(usage=make.anthropic_usages())
def test_anthropic_buckets_add_up(usage: Any) -> None:
    """The input of Anthropic is fresh, read and written together; thinking is inside the output."""
    reading = anthropic_messages.read({"usage": usage})
    read = reading.usage
    assert read is not None
    assert reading.warnings == ()
    assert read.output_tokens == usage["output_tokens"]
    assert read.cache_read_tokens == usage["cache_read_input_tokens"]
    assert read.cache_write_tokens == usage["cache_creation_input_tokens"]
    assert read.tokens.get("input", 0) == usage["input_tokens"]


# A stream reads like its body.

pieces = st.integers(0, 12)


@LAW
@given(body=make.chats(), at=pieces, style=st.sampled_from(["alone", "last", "every"]))
def test_a_streamed_chat_reads_like_its_body(body: Any, at: int, style: str) -> None:
    """A chat costs the same, streamed or whole, wherever the provider puts the usage."""
    again = folded(openai_chat.DIALECT, make.chat_events(body, at, style))
    assert openai_chat.read(again) == openai_chat.read(body)
    assert sorted(openai_chat.answer(again)) == sorted(openai_chat.answer(body))


@LAW
@given(body=make.completions(), at=pieces)
def test_a_streamed_completion_reads_like_its_body(body: Any, at: int) -> None:
    """A legacy completion costs the same, streamed or whole."""
    again = folded(openai_completions.DIALECT, make.completion_events(body, at))
    assert openai_chat.read(again) == openai_chat.read(body)
    assert list(openai_chat.answer(again)) == list(openai_chat.answer(body))


@LAW
@given(body=make.responses(), at=pieces)
def test_a_streamed_response_reads_like_its_body(body: Any, at: int) -> None:
    """A response costs the same, streamed or whole."""
    again = folded(openai_responses.DIALECT, make.response_events(body, at))
    assert openai_responses.read(again) == openai_responses.read(body)


@LAW
@given(body=make.anthropic_messages(), at=pieces, repeats=st.booleans())
def test_a_streamed_message_reads_like_its_body(body: Any, at: int, repeats: bool) -> None:  # noqa: FBT001
    """A message costs the same, streamed or whole, whether or not the deltas repeat the input."""
    again = folded(anthropic_messages.DIALECT, make.anthropic_events(body, at, repeats=repeats))
    assert anthropic_messages.read(again) == anthropic_messages.read(body)
    assert list(anthropic_messages.answer(again)) == list(anthropic_messages.answer(body))


FOLDS: list[tuple[Dialect, Any, Callable[..., Iterable[Any]]]] = [
    (openai_chat.DIALECT, make.chats(), lambda body: make.chat_events(body, 3, "alone")),
    (openai_completions.DIALECT, make.completions(), lambda body: make.completion_events(body, 3)),
    (openai_responses.DIALECT, make.responses(), lambda body: make.response_events(body, 3)),
    (
        anthropic_messages.DIALECT,
        make.anthropic_messages(),
        lambda body: make.anthropic_events(body, 3, repeats=True),
    ),
]


@pytest.mark.parametrize(("dialect", "bodies", "stream"), FOLDS, ids=[fold[0].name for fold in FOLDS])
@LAW
@given(data=st.data())
def test_only_the_end_says_that_nothing_can_follow(
    dialect: Dialect, bodies: Any, stream: Callable[..., Iterable[Any]], data: st.DataObject
) -> None:
    """No event before the last one with counts says that nothing about tokens can follow."""
    body = data.draw(bodies)
    assert dialect.events is not None
    folding = dialect.events()
    for event in stream(body):
        if folding.see(event):
            break
    else:
        pytest.fail("no event was the last")
    assert dialect.read(folding.body()).usage == dialect.read(body).usage
