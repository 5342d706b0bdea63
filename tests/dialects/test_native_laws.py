"""Laws of the dialects of vendors with formats of their own: a stream reads like its body, counts add up."""

from __future__ import annotations

import json

from typing import Any

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import cohere_usage, native_messages
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.dialects.fields import Counts
from otel_tokens.dialects.native_routes import ROUTES
from otel_tokens.dialects.native_usage import counted
from otel_tokens.readings import BUCKETS, UNITS, Reading
from otel_tokens.telemetry.names import ASKED

from . import examples_cohere, examples_dashscope, examples_native, examples_servers
from . import strategies as make


ANSWERS: dict[str, Any] = {}
STREAMS: dict[str, Any] = {}
REQUESTS: dict[str, Any] = {}
for _more in (examples_cohere, examples_dashscope, examples_native, examples_servers):
    ANSWERS |= _more.ANSWERS
    STREAMS |= _more.STREAMS
    REQUESTS |= _more.REQUESTS

OWN = {row.dialect.name: row.dialect for row in ROUTES if not row.dialect.name.startswith("openai.")}
STREAMED = [dialect for dialect in OWN.values() if dialect.events is not None]
COPIED = {"watsonx.chat", "snowflake.complete", "databricks.invocations", "text_generation.generate"}
"""Whose stream is an example of its own, and not of the same answer."""

LAW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
each = pytest.mark.parametrize("dialect", OWN.values(), ids=OWN)
each_streamed = pytest.mark.parametrize("dialect", STREAMED, ids=lambda dialect: dialect.name)


def folded(dialect: Dialect, events: Any) -> Any:
    """The body that events add up to."""
    assert dialect.events is not None
    folding = dialect.events()
    for event in events if isinstance(events, list) else [events]:
        folding.see(event)
    return folding.body()


def sound(reading: Reading) -> None:
    """A reading has nothing but counts and words, in buckets and units that there are."""
    for usage in (reading.usage, *[part.usage for part in reading.parts]):
        if usage is not None:
            assert set(usage.tokens) <= BUCKETS
            assert set(usage.units) <= UNITS
            assert all(type(count) is int and count > 0 for count in usage.tokens.values())
            assert all(number > 0 for number in usage.units.values())
    for word in (reading.model, reading.id, reading.batch_id, reading.error_type, *reading.finish_reasons):
        assert word is None or isinstance(word, str)
    assert all(isinstance(word, str) for word in reading.warnings)


@pytest.mark.parametrize(
    "dialect", [one for one in STREAMED if one.name not in COPIED], ids=lambda dialect: dialect.name
)
def test_a_stream_reads_like_its_body(dialect: Dialect) -> None:
    """What is folded says the same as the whole answer: usage, model, id, reasons and texts."""
    body, stream = ANSWERS[dialect.name], folded(dialect, STREAMS[dialect.name])
    whole, read = dialect.read(body), dialect.read(stream)

    assert read._replace(id=whole.id, model=read.model or whole.model) == whole
    assert "".join(dialect.answer(stream)) == "".join(dialect.answer(body))
    assert whole.usage is not None
    assert whole.finished


@each_streamed
def test_a_stream_that_is_cut_states_no_more(dialect: Dialect) -> None:
    """However early a stream ends, it is read, and to no more than the whole."""
    events = STREAMS[dialect.name]
    whole = dialect.read(folded(dialect, events)).usage
    assert whole is not None
    for end in range(len(events)):
        reading = dialect.read(folded(dialect, events[:end]))
        sound(reading)
        if reading.usage is not None:
            assert sum(reading.usage.tokens.values()) <= sum(whole.tokens.values())


@each
@LAW
@given(data=st.data())
def test_any_answer_is_read(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever stands in any place of an answer, a sound reading comes out, and never an exception."""
    body = data.draw(st.one_of(make.json_values, make.mutations(ANSWERS[dialect.name])))
    sound(dialect.read(body))
    assert all(isinstance(piece, str) for piece in dialect.answer(body))


@each_streamed
@LAW
@given(data=st.data())
def test_any_event_is_folded(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever events hold, they fold to a body that is read."""
    body = folded(dialect, data.draw(st.one_of(make.json_values, make.mutations(STREAMS[dialect.name]))))
    sound(dialect.read(body))
    assert all(isinstance(piece, str) for piece in dialect.answer(body))


@each
@LAW
@given(data=st.data())
def test_any_request_is_looked_at(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever a request holds, what it asks for has a name, its order is one, and its texts are texts."""
    good = REQUESTS.get(dialect.name.partition(".")[0], {})
    request = data.draw(st.one_of(make.json_values, make.mutations(good)))
    assert dialect.asked(request).keys() <= ASKED.keys()
    order = dialect.order(request)
    assert order.choices >= 1
    assert set(order.units or ()) <= UNITS
    assert all(isinstance(piece, str) for piece in dialect.prompt(request))


@pytest.mark.parametrize("name", native_messages.READERS)
@LAW
@given(data=st.data())
def test_any_content_is_written_down(name: str, data: st.DataObject) -> None:
    """Whatever a call holds, its messages are lists of plain JSON."""
    request = data.draw(st.one_of(make.json_values, make.mutations(REQUESTS.get(name.partition(".")[0], {}))))
    body = data.draw(st.one_of(make.json_values, make.mutations(ANSWERS[name])))
    content = native_messages.READERS[name](request, body)
    json.dumps(content)
    assert set(content) <= {"input", "output", "system", "tools"}


COUNT = st.integers(0, 10**6)


@LAW
@given(put=COUNT, got=COUNT, billed_in=COUNT, billed_out=COUNT, cached=COUNT)
def test_what_cohere_bills_is_what_is_counted(
    put: int, got: int, billed_in: int, billed_out: int, cached: int
) -> None:
    """Whatever the model has worked on, the buckets add up to the billed units, without a warning."""
    counts = Counts()
    stated = {
        "billed_units": {"input_tokens": float(billed_in), "output_tokens": float(billed_out)},
        "tokens": {"input_tokens": float(put), "output_tokens": float(got), "reasoning_tokens": got},
        "cached_tokens": float(cached),
    }
    usage = cohere_usage.usage_of(counts, stated)
    assert usage is not None
    assert usage.totals() == (billed_in, billed_out)
    assert counts.warnings == []


@LAW
@given(put=COUNT, got=COUNT, cached=COUNT, reasoning=COUNT)
def test_buckets_add_up(put: int, got: int, cached: int, reasoning: int) -> None:
    """Whatever is inside of the input and the output, their sums stay what was stated."""
    usage = counted(Counts(), put, got, cached=min(cached, put), reasoning=min(reasoning, got))
    assert usage is not None
    assert usage.totals() == (put, got)
