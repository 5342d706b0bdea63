"""Small wire bodies, written by us from the documented formats; each says what tokens it states.

Dicts are whole JSON answers; bytes are streams, files of rows and audio. Every call makes a new
one, so that a test may change what it gets. Recorded bodies are elsewhere: `tests/recordings`.

Source: OpenAI and Anthropic API references, and the types of openai 3.54 and anthropic 2.12.
"""

from __future__ import annotations

import json

from collections.abc import Iterable, Mapping
from typing import Any


Body = dict[str, Any]

CHAT_MODEL = "gpt-4o-mini-2024-07-18"
REASONING_MODEL = "gpt-5-mini-2025-08-07"
CLAUDE = "claude-sonnet-4-5-20250929"
CREATED = 1_760_000_000

DONE = b"data: [DONE]\n\n"
SPEECH = b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(range(256)) * 4
"""An MP3 that nobody should look into: it states nothing."""


def sse(*events: object) -> bytes:
    """An event stream without names, as OpenAI chat sends it, and `[DONE]` at its end."""
    return b"".join(_data(event) for event in events) + DONE


def named_sse(*events: Mapping[str, Any]) -> bytes:
    """An event stream whose events are named by their `type`, with no mark at its end."""
    return b"".join(f"event: {event['type']}\n".encode() + _data(event) for event in events)


def _data(event: object) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def jsonl(*rows: object) -> bytes:
    """A file of JSON rows."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


# OpenAI chat


def chat_usage(prompt: int = 12, completion: int = 7) -> Body:
    """A usage object without details: by default 12 in, 7 out."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def chat(content: str | None = "Hello there.", **changes: Any) -> Body:
    """A whole chat answer: 12 in, 7 out, finished by `stop`."""
    message: Body = {"role": "assistant", "content": content, "refusal": None, "annotations": []}
    return {
        "id": "chatcmpl-plain",
        "object": "chat.completion",
        "created": CREATED,
        "model": CHAT_MODEL,
        "choices": [_choice(message)],
        "usage": chat_usage(),
        "service_tier": "default",
        "system_fingerprint": "fp_test",
        **changes,
    }


def _choice(message: Body, reason: str = "stop", index: int = 0) -> Body:
    return {"index": index, "message": message, "logprobs": None, "finish_reason": reason}


def chat_details(**changes: Any) -> Body:
    """A whole chat answer: 1,200 in, of which 1,024 cached; 300 out, of which 192 reasoning."""
    usage = {
        "prompt_tokens": 1200,
        "completion_tokens": 300,
        "total_tokens": 1500,
        "prompt_tokens_details": {"cached_tokens": 1024, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 192,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    return chat(id="chatcmpl-details", model=REASONING_MODEL, usage=usage, **changes)


def chat_cache_write(**changes: Any) -> Body:
    """A whole chat answer: 2,000 in, 500 of them read from and 1,400 written to a cache; 10 out."""
    usage = chat_usage(2000, 10)
    usage["prompt_tokens_details"] = {"cached_tokens": 500, "cache_write_tokens": 1400}
    return chat(id="chatcmpl-write", usage=usage, **changes)


def chat_audio(**changes: Any) -> Body:
    """A whole chat answer: 100 in, of which 80 audio; 60 out, of which 50 audio."""
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 60,
        "total_tokens": 160,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 80, "text_tokens": 20},
        "completion_tokens_details": {"audio_tokens": 50, "text_tokens": 10, "reasoning_tokens": 0},
    }
    audio = {"id": "audio_1", "data": "AAAA", "expires_at": CREATED + 60, "transcript": "Hello."}
    message = {"role": "assistant", "content": None, "refusal": None, "audio": audio}
    return chat(
        id="chatcmpl-audio",
        model="gpt-4o-audio-preview-2024-12-17",
        choices=[_choice(message)],
        usage=usage,
        **changes,
    )


def chat_tools(**changes: Any) -> Body:
    """A whole chat answer that calls two tools: 82 in, 35 out, finished by `tool_calls`."""
    calls = [_tool_call("call_1", '{"city": "Paris"}'), _tool_call("call_2", '{"city": "Rome"}')]
    message = {"role": "assistant", "content": None, "refusal": None, "tool_calls": calls}
    return chat(
        id="chatcmpl-tools",
        choices=[_choice(message, "tool_calls")],
        usage=chat_usage(82, 35),
        **changes,
    )


def _tool_call(call_id: str, arguments: str) -> Body:
    function = {"name": "weather", "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def chat_refusal(**changes: Any) -> Body:
    """A whole chat answer that refuses: 20 in, 9 out, finished by `stop`."""
    message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    return chat(id="chatcmpl-refusal", choices=[_choice(message)], usage=chat_usage(20, 9), **changes)


def chat_choices(**changes: Any) -> Body:
    """A whole chat answer with two choices: 12 in, 18 out, finished by `stop` and `length`."""
    first = {"role": "assistant", "content": "Heads.", "refusal": None}
    second = {"role": "assistant", "content": "Tails, because", "refusal": None}
    choices = [_choice(first), _choice(second, "length", 1)]
    return chat(id="chatcmpl-two", choices=choices, usage=chat_usage(12, 18), **changes)


def chunk(delta: Body | None = None, reason: str | None = None, **changes: Any) -> Body:
    """One chunk of a streamed chat answer; without `delta` it has no choices."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return {
        "id": "chatcmpl-stream",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": CHAT_MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_test",
        "choices": [] if delta is None else [choice],
        **changes,
    }


def chat_chunks(words: Iterable[str] = ("Hello", " there", ".")) -> list[Body]:
    """The chunks of a streamed chat answer without usage, finished by `stop`."""
    said = [chunk({"content": word}) for word in words]
    return [chunk({"role": "assistant", "content": "", "refusal": None}), *said, chunk({}, "stop")]


def chat_stream(*, usage: Body | None = None) -> bytes:
    """A streamed chat answer with `include_usage`: 12 in, 7 out in a chunk of its own."""
    chunks = [{**one, "usage": None} for one in chat_chunks()]
    return sse(*chunks, chunk(usage=usage or chat_usage()))


def chat_stream_without_usage() -> bytes:
    """A streamed chat answer as it comes unasked: no chunk states any token."""
    return sse(*chat_chunks())


def chat_stream_growing_usage() -> bytes:
    """A streamed chat answer of a compatible server: usage grows by chunk, to 12 in, 5 out."""
    chunks = chat_chunks()
    return sse(*[{**one, "usage": chat_usage(12, at + 1)} for at, one in enumerate(chunks)])


def chat_tool_stream() -> bytes:
    """A streamed chat answer that calls a tool: 82 in, 17 out, finished by `tool_calls`."""
    start = {"index": 0, **_tool_call("call_1", "")}
    parts = [{"index": 0, "function": {"arguments": text}} for text in ('{"city":', ' "Paris"}')]
    chunks = [
        chunk({"role": "assistant", "content": None, "tool_calls": [start]}),
        *[chunk({"tool_calls": [part]}) for part in parts],
        chunk({}, "tool_calls"),
        chunk(usage=chat_usage(82, 17)),
    ]
    return sse(*chunks)


def chat_error_stream() -> bytes:
    """A streamed chat answer that fails after two words: no usage, an error instead of the rest."""
    error = {"message": "The server had an error.", "type": "server_error", "code": None}
    first, *_ = chat_chunks()
    said = [chunk({"content": word}) for word in ("Hello", " there")]
    return b"".join(_data(event) for event in [first, *said, {"error": error}])


# OpenAI legacy completions


def completion(**changes: Any) -> Body:
    """A whole text completion: 5 in, 16 out, finished by `length`."""
    choice = {"text": " upon a time", "index": 0, "logprobs": None, "finish_reason": "length"}
    return {
        "id": "cmpl-plain",
        "object": "text_completion",
        "created": CREATED,
        "model": "gpt-3.5-turbo-instruct:20230824-v2",
        "choices": [choice],
        "usage": chat_usage(5, 16),
        **changes,
    }


def completion_stream() -> bytes:
    """A streamed text completion with `include_usage`: 5 in, 16 out in a chunk of its own."""
    body = completion(usage=None)
    words = [(" upon", None), (" a", None), (" time", None), ("", "length")]
    said = [
        {**body, "choices": [{**body["choices"][0], "text": word, "finish_reason": reason}]}
        for word, reason in words
    ]
    return sse(*said, {**body, "choices": [], "usage": chat_usage(5, 16)})


# OpenAI responses


def response_usage(
    prompt: int = 30, output: int = 11, *, cached: int = 0, written: int = 0, reasoning: int = 0
) -> Body:
    """A usage object of Responses: by default 30 in, 11 out."""
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": prompt + output,
    }


def response(**changes: Any) -> Body:
    """A whole response: 30 in, 11 out, completed."""
    return {
        "id": "resp_plain",
        "object": "response",
        "created_at": CREATED,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "model": CHAT_MODEL,
        "output": [_text_item("Hello there.")],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": response_usage(),
        "metadata": {},
        **changes,
    }


def _text_item(text: str) -> Body:
    content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def response_details(**changes: Any) -> Body:
    """A whole response: 2,000 in (512 read, 1,024 written to a cache), 400 out (320 reasoning)."""
    usage = response_usage(2000, 400, cached=512, written=1024, reasoning=320)
    reasoning = {"id": "rs_1", "type": "reasoning", "summary": []}
    return response(
        id="resp_details",
        model=REASONING_MODEL,
        output=[reasoning, _text_item("Four.")],
        usage=usage,
        **changes,
    )


def response_queued(**changes: Any) -> Body:
    """A background response that has not begun: it states nothing yet."""
    return response(
        id="resp_background",
        status="queued",
        background=True,
        output=[],
        usage=None,
        service_tier="auto",
        **changes,
    )


def response_background(**changes: Any) -> Body:
    """The same background response when it is done: 30 in, 11 out."""
    return response(id="resp_background", background=True, **changes)


def response_failed(**changes: Any) -> Body:
    """A response with status 200 that failed: no usage."""
    error = {"code": "server_error", "message": "The server had an error."}
    return response(id="resp_failed", status="failed", error=error, output=[], usage=None, **changes)


def response_incomplete(**changes: Any) -> Body:
    """A response that hit its limit: 30 in, 16 out, incomplete for `max_output_tokens`."""
    return response(
        id="resp_incomplete",
        status="incomplete",
        incomplete_details={"reason": "max_output_tokens"},
        usage=response_usage(output=16),
        **changes,
    )


def response_web_search(**changes: Any) -> Body:
    """A response that searched the web twice and files once: 300 in, 40 out, three fees."""
    searches = [
        {
            "id": f"ws_{at}",
            "type": "web_search_call",
            "status": "completed",
            "action": {"type": "search", "query": "weather", "queries": ["weather"]},
        }
        for at in (1, 2)
    ]
    files = {
        "id": "fs_1",
        "type": "file_search_call",
        "status": "completed",
        "queries": ["weather"],
        "results": None,
    }
    return response(
        id="resp_search",
        output=[*searches, files, _text_item("Sunny.")],
        usage=response_usage(300, 40),
        **changes,
    )


def response_stream(last: Body | None = None) -> bytes:
    """A streamed response, whose last event holds `last`: by default 30 in, 11 out, completed."""
    last = last or response()
    begun = {**last, "status": "in_progress", "output": [], "usage": None, "error": None}
    item = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    empty = {**_text_item(""), "status": "in_progress", "content": []}
    events: list[Body] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": empty},
        {"type": "response.content_part.added", **item, "part": part},
        {"type": "response.output_text.delta", **item, "delta": "Hello", "logprobs": []},
        {"type": "response.output_text.delta", **item, "delta": " there.", "logprobs": []},
        {"type": "response.output_text.done", **item, "text": "Hello there.", "logprobs": []},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": _text_item("Hello there."),
        },
        {"type": f"response.{last['status']}", "response": last},
    ]
    return named_sse(*[{**event, "sequence_number": at} for at, event in enumerate(events)])


def response_error_stream() -> bytes:
    """A streamed response that ends in an error event after its first word: no usage."""
    whole = response_stream().split(b"\n\n")
    error = {
        "type": "error",
        "code": "server_error",
        "message": "The server had an error.",
        "param": None,
        "sequence_number": 5,
    }
    return b"\n\n".join(whole[:5]) + b"\n\n" + named_sse(error)


# The rest of OpenAI


def embeddings(count: int = 2, **changes: Any) -> Body:
    """Embeddings: 8 in, no output."""
    data = [{"object": "embedding", "index": at, "embedding": [0.25, -0.5, 0.125]} for at in range(count)]
    return {
        "object": "list",
        "data": data,
        "model": "text-embedding-3-small",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
        **changes,
    }


def images(**changes: Any) -> Body:
    """One image: 50 in, of which 10 text and 40 image; 1,056 out, all image."""
    usage = {
        "input_tokens": 50,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40},
        "output_tokens": 1056,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": 1056},
        "total_tokens": 1106,
    }
    return {
        "created": CREATED,
        "background": "opaque",
        "data": [{"b64_json": "iVBORw0KGgo="}],
        "output_format": "png",
        "quality": "medium",
        "size": "1024x1024",
        "usage": usage,
        **changes,
    }


def images_without_usage() -> Body:
    """Two images of a model that bills by the image: no usage."""
    url = {"url": "https://images.invalid/1.png"}
    return {"created": CREATED, "data": [url, dict(url)]}


def transcription_tokens() -> Body:
    """A transcription billed in tokens: 40 in, of which 36 audio and 4 text; 9 out."""
    usage = {
        "type": "tokens",
        "input_tokens": 40,
        "input_token_details": {"audio_tokens": 36, "text_tokens": 4},
        "output_tokens": 9,
        "total_tokens": 49,
    }
    return {"text": "Hello there.", "usage": usage}


def transcription_duration() -> Body:
    """A transcription billed by time: 12 seconds, no tokens."""
    return {"text": "Hello there.", "usage": {"type": "duration", "seconds": 12}}


def batch(**changes: Any) -> Body:
    """A finished OpenAI batch of two: 60 in, 22 out in all. Its file states the same once more."""
    return {
        "id": "batch_1",
        "object": "batch",
        "endpoint": "/v1/responses",
        "model": CHAT_MODEL,
        "errors": None,
        "input_file_id": "file-in",
        "completion_window": "24h",
        "status": "completed",
        "output_file_id": "file-out",
        "error_file_id": None,
        "created_at": CREATED,
        "completed_at": CREATED + 600,
        "request_counts": {"total": 2, "completed": 2, "failed": 0},
        "usage": response_usage(60, 22),
        "metadata": None,
        **changes,
    }


def batch_rows() -> bytes:
    """The file of an OpenAI batch: two responses of 30 in, 11 out, and a row that failed."""
    rows = [_batch_row(at, 200, response(id=f"resp_row{at}")) for at in (0, 1)]
    return jsonl(*rows, _batch_row(2, 400, openai_error(400)))


def batch_chat_rows() -> bytes:
    """The file of an OpenAI batch of chats: 12 in, 7 out, and 1,200 in, 300 out with details."""
    bodies = [chat(id="chatcmpl-row0"), chat_details()]
    return jsonl(*[_batch_row(at, 200, body) for at, body in enumerate(bodies)])


def _batch_row(at: int, status: int, body: Body) -> Body:
    answer = {"status_code": status, "request_id": f"req_{at}", "body": body}
    return {"id": f"batch_req_{at}", "custom_id": str(at), "response": answer, "error": None}


_OPENAI_ERRORS = {
    400: ("invalid_request_error", "invalid_value"),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
    503: ("server_error", None),
    529: ("server_error", "overloaded"),
}


def openai_error(status: int) -> Body:
    """The body of an OpenAI error with this status."""
    kind, code = _OPENAI_ERRORS[status]
    return {"error": {"message": f"It failed: {status}.", "type": kind, "param": None, "code": code}}


# Anthropic


def message_usage(**changes: Any) -> Body:
    """A usage object of Messages: 25 in, 9 out, nothing cached."""
    return {
        "input_tokens": 25,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 9,
        "service_tier": "standard",
        "inference_geo": "global",
        **changes,
    }


def message(**changes: Any) -> Body:
    """A whole message: 25 in, 9 out, ended by `end_turn`."""
    return {
        "id": "msg_plain",
        "type": "message",
        "role": "assistant",
        "model": CLAUDE,
        "content": [{"type": "text", "text": "Hello there."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": message_usage(),
        **changes,
    }


def message_cached(**changes: Any) -> Body:
    """A whole message: 50 fresh, 3,000 read, 1,000 written for 5 min and 200 for an hour; 9 out."""
    return message(id="msg_cached", usage=_cached_usage(), **changes)


def _cached_usage() -> Body:
    return message_usage(
        input_tokens=50,
        cache_read_input_tokens=3000,
        cache_creation_input_tokens=1200,
        cache_creation={"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 200},
    )


def message_unsplit_cache(**changes: Any) -> Body:
    """A whole message of an older API: 50 fresh, 1,200 written, for how long unsaid; 9 out."""
    usage = {
        "input_tokens": 50,
        "cache_creation_input_tokens": 1200,
        "cache_read_input_tokens": 0,
        "output_tokens": 9,
    }
    return message(id="msg_unsplit", usage=usage, **changes)


def message_tools(**changes: Any) -> Body:
    """A whole message that calls a tool: 400 in, 60 out, ended by `tool_use`."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}
    return message(
        id="msg_tools",
        content=[{"type": "text", "text": "Let me look."}, use],
        stop_reason="tool_use",
        usage=message_usage(input_tokens=400, output_tokens=60),
        **changes,
    )


def message_server_tools(**changes: Any) -> Body:
    """A whole message that searched twice and fetched once: 9,000 in, 120 out, two search fees."""
    use = {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "weather"},
    }
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    usage = message_usage(
        input_tokens=9000,
        output_tokens=120,
        server_tool_use={"web_search_requests": 2, "web_fetch_requests": 1},
    )
    return message(
        id="msg_search",
        content=[use, result, {"type": "text", "text": "Sunny."}],
        usage=usage,
        **changes,
    )


def message_thinking(**changes: Any) -> Body:
    """A whole message: 40 in, 500 out, of which 450 thinking."""
    thought = {"type": "thinking", "thinking": "Two and two.", "signature": "c2ln"}
    usage = message_usage(input_tokens=40, output_tokens=500, output_tokens_details={"thinking_tokens": 450})
    return message(
        id="msg_thinking",
        content=[thought, {"type": "text", "text": "Four."}],
        usage=usage,
        **changes,
    )


ADVISOR = "claude-opus-4-5-20251101"


def message_iterations(**changes: Any) -> Body:
    """A whole message: 25 in, 9 out, and beside them an advisor and a compaction.

    The headline leaves out both: the advisor's 800 in and 90 out are billed at its own model, the
    compaction's 5,000 in and 300 out at the model of the message.
    """
    steps = [
        _step("compaction", 5000, 300),
        _step("message", 25, 9),
        {**_step("advisor_message", 800, 90), "model": ADVISOR},
    ]
    return message(id="msg_steps", usage=message_usage(iterations=steps), **changes)


def _step(kind: str, fresh: int, output: int) -> Body:
    return {
        "type": kind,
        "input_tokens": fresh,
        "output_tokens": output,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    }


def message_stream() -> bytes:
    """A streamed message: 25 in, 9 out; its start claims 1 out, which the end replaces."""
    return _stream(message_usage(output_tokens=1), {"output_tokens": 9})


def message_cached_stream() -> bytes:
    """A streamed message: 50 fresh, 3,000 read, 1,000 + 200 written; 9 out.

    Only its start tells the cache writes of 5 minutes from those of an hour.
    """
    counts = {
        "input_tokens": 50,
        "cache_creation_input_tokens": 1200,
        "cache_read_input_tokens": 3000,
        "output_tokens": 9,
    }
    return _stream({**_cached_usage(), "output_tokens": 2}, counts)


def message_growing_stream() -> bytes:
    """A streamed message with a server tool: the start says 2,000 in, the end 9,000 in, 120 out."""
    counts = {
        "input_tokens": 9000,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 120,
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    }
    return _stream(message_usage(input_tokens=2000, output_tokens=3), counts)


def message_events(start: Body, counts: Body, reason: str = "end_turn") -> list[Body]:
    """The events of a streamed message: usage at the start, counts so far at its end."""
    begun = message(content=[], stop_reason=None, usage=start, id="msg_stream")
    texts = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in ("Hello", " there", ".")
    ]
    return [
        {"type": "message_start", "message": begun},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {"type": "ping"},
        *texts,
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": None},
            "usage": counts,
        },
        {"type": "message_stop"},
    ]


def _stream(start: Body, counts: Body) -> bytes:
    return named_sse(*message_events(start, counts))


def message_error_stream() -> bytes:
    """A streamed message that is overloaded after two words: 25 in, output unknown."""
    begun = message_events(message_usage(output_tokens=1), {"output_tokens": 9})[:5]
    return named_sse(*begun, anthropic_error(529))


def count_tokens() -> Body:
    """What a prompt would have: it is free and used nothing."""
    return {"input_tokens": 2095}


def message_batch(**changes: Any) -> Body:
    """An ended Anthropic batch: it says where the rows are, and no tokens."""
    return {
        "id": "msgbatch_1",
        "type": "message_batch",
        "processing_status": "ended",
        "request_counts": {
            "processing": 0,
            "succeeded": 2,
            "errored": 1,
            "canceled": 0,
            "expired": 1,
        },
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-01-02T00:00:00Z",
        "ended_at": "2026-01-01T00:10:00Z",
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results",
        **changes,
    }


def message_batch_rows() -> bytes:
    """Rows: 25 in, 9 out; 4,250 in (3,000 read, 1,200 written), 9 out; two that failed."""
    first = message(id="msg_row0", usage=message_usage(service_tier="batch"))
    second = message(id="msg_row1", usage={**_cached_usage(), "service_tier": "batch"})
    return jsonl(
        {"custom_id": "0", "result": {"type": "succeeded", "message": first}},
        {"custom_id": "1", "result": {"type": "succeeded", "message": second}},
        {"custom_id": "2", "result": {"type": "errored", "error": anthropic_error(400)}},
        {"custom_id": "3", "result": {"type": "expired"}},
    )


_ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def anthropic_error(status: int) -> Body:
    """The body of an Anthropic error with this status; also its form in a stream and in a batch."""
    error = {"type": _ANTHROPIC_ERRORS[status], "message": f"It failed: {status}."}
    return {"type": "error", "error": error, "request_id": "req_test"}
