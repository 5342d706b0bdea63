"""Prompts and answers: nowhere unless they are asked for, and then only where."""

from __future__ import annotations

import json
import logging

from collections.abc import Callable
from typing import Any

import pytest

from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from ..clients import bodies
from ..clients.transport import json_reply, stream_reply
from .scene import Scene, body, chat


Start = Callable[..., Scene]
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
CANARY = "canary-in-the-prompt"
ANSWER = "canary-in-the-answer"


def exported(made: Scene) -> bytes:
    """Every byte that would leave the process."""
    data = made.readers[0].get_metrics_data()
    return b"".join(
        message.SerializeToString()
        for message in (
            encode_spans(made.exported.get_finished_spans()),
            encode_metrics(data),
            encode_logs(made.logged.get_finished_logs()),
        )
    )


def conversation(**options: Any) -> None:
    """Calls of every outcome, with a canary in what is asked and in what is answered."""
    told = bodies.chat(ANSWER)
    messages = [{"role": "system", "content": CANARY}, {"role": "user", "content": CANARY}]
    tools = [{"type": "function", "function": {"name": "f", "description": CANARY}}]
    more = {"messages": messages, "tools": tools, **options}
    chat(json_reply({**body(), "choices": told["choices"]}), **more)
    chat(stream_reply(bodies.chat_stream()), stream=True, **more)
    refusal = {"error": {"message": f"{CANARY} is bad", "type": "t", "code": "c"}}
    for status in (400, 500):
        with pytest.raises(Exception, match=CANARY):
            chat(json_reply(refusal, status=status), **more)
    silent = {**body(), "choices": told["choices"]}
    del silent["usage"]
    chat(json_reply(silent), **more)


def test_nothing_of_a_conversation_leaves_unasked(scene: Start, caplog: pytest.LogCaptureFixture) -> None:
    """No exported byte and no line of the log has a word of a prompt or an answer."""
    with caplog.at_level(logging.DEBUG, "otel_tokens"):
        made = scene()
        with made.tracer.start_as_current_span("GET /"):
            conversation(user=CANARY, metadata={"a": CANARY})
    sent = exported(made)
    assert b"chat gpt-4o-mini" in sent
    assert CANARY.encode() not in sent
    assert ANSWER.encode() not in sent
    assert b"canary" not in sent
    assert "canary" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("otel_tokens"))
    assert made.logged.get_finished_logs() == ()


INPUT = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
OUTPUT = [
    {
        "role": "assistant",
        "parts": [{"type": "text", "content": "Hello there."}],
        "finish_reason": "stop",
    }
]
NAMES = ("gen_ai.input.messages", "gen_ai.output.messages")


@pytest.mark.parametrize(
    ("word", "spans", "events"),
    [
        ("NO_CONTENT", False, False),
        ("SPAN_ONLY", True, False),
        ("EVENT_ONLY", False, True),
        ("SPAN_AND_EVENT", True, True),
    ],
)
def test_content_goes_where_it_is_asked_for(
    scene: Start,
    word: str,
    spans: bool,  # noqa: FBT001
    events: bool,  # noqa: FBT001
) -> None:
    """On spans content is JSON, in events it is structured, and otherwise it is nowhere."""
    made = scene(**{CAPTURE: word})
    chat(json_reply(body()))

    (span,) = made.spans
    on_span = [json.loads(span.attributes[name]) for name in NAMES if name in span.attributes]
    assert on_span == ([INPUT, OUTPUT] if spans else [])

    records = [item.log_record for item in made.logged.get_finished_logs()]
    assert len(records) == events
    for record in records:
        assert record.event_name == "gen_ai.client.inference.operation.details"
        assert json.loads(json.dumps([record.attributes[name] for name in NAMES])) == [INPUT, OUTPUT]
        assert record.attributes["gen_ai.operation.name"] == "chat"
        assert record.attributes["gen_ai.usage.input_tokens"] == 12
        assert (record.trace_id, record.span_id) == (span.context.trace_id, span.context.span_id)
    exported(made)


def test_content_of_a_stream_is_what_came(scene: Start) -> None:
    """A stream has the answer that its pieces add up to."""
    made = scene(**{CAPTURE: "SPAN_ONLY"})
    chat(stream=True)
    (span,) = made.spans
    assert json.loads(span.attributes["gen_ai.output.messages"]) == OUTPUT


def test_content_that_cannot_be_written_costs_no_money(scene: Start) -> None:
    """Whatever a message holds, the call is counted."""
    made = scene(**{CAPTURE: "SPAN_AND_EVENT"})
    chat(
        json_reply(body()),
        messages=[{"role": "tool", "tool_call_id": "t", "content": [{"type": "thinking"}, {"type": "text"}]}],
    )
    assert made.points("otel_tokens.requests", "otel_tokens.outcome") == {("ok",): 1}
    exported(made)


def test_half_a_character_loses_nothing_else(scene: Start) -> None:
    """What a stream has cut within a character is replaced, and the batch is exported."""
    made = scene(**{CAPTURE: "SPAN_AND_EVENT"})
    answer = body()
    answer["choices"][0]["message"]["content"] = "Hi \ud83d"
    chat(json_reply(answer))

    (span,) = made.spans
    (message,) = json.loads(span.attributes["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": "Hi \ufffd"}]
    exported(made)
