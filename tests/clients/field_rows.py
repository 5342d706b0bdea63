"""Our column of the two tables of the field: every row, played with the real clients.

    python -m tests.clients.field_rows

prints both tables as Markdown. One OpenAI call is 1000 input tokens, of which 800 cached, and 100 output, of
which 60 reasoning: $0.00135. One Anthropic call is 200 fresh, 800 read from a cache, 100 written to it (40
for five minutes, 60 for an hour) and 100 output: $0.00285.
"""

from __future__ import annotations

import asyncio
import gc
import sys

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.clients import bodies
from tests.clients.transport import (
    Transport,
    anthropic_client,
    async_openai_client,
    hanging,
    json_reply,
    openai_client,
    stream_reply,
)


GPT = "gpt-5"
CLAUDE = "claude-sonnet-4-6"
PROMPT = "The meter on the wall counts every single word. " * 90
MESSAGES = [{"role": "user", "content": PROMPT}]
CHAT = {"model": GPT, "messages": MESSAGES}
MESSAGE = {"model": CLAUDE, "messages": MESSAGES, "max_tokens": 200}
ASKED = {"stream_options": {"include_usage": True}}
WORDS = [
    "Once",
    "upon",
    "a",
    "time",
    "there",
    "was",
    "a",
    "small",
    "meter",
    "on",
    "a",
    "wall",
    "that",
    "counted",
    "every",
    "word",
    "it",
    "heard",
    ".",
]


def _chat(**changes: Any) -> Any:
    usage = {
        **bodies.chat_usage(1000, 100),
        "prompt_tokens_details": {"cached_tokens": 800},
        "completion_tokens_details": {"reasoning_tokens": 60},
    }
    return bodies.chat('{"word": "Hello"}', **{"model": GPT, "usage": usage, **changes})


def _chat_stream(sent: Any) -> Any:
    asked = (sent.json.get("stream_options") or {}).get("include_usage")
    chunks = [{**one, "model": GPT} for one in bodies.chat_chunks([f" {word}" for word in WORDS])]
    if asked:
        last = bodies.chunk(usage=_chat()["usage"], model=GPT)
        chunks = [*[{**one, "usage": None} for one in chunks], last]
    return stream_reply(bodies.sse(*chunks))


def _response() -> Any:
    return bodies.response(model=GPT, usage=bodies.response_usage(1000, 100, cached=800, reasoning=60))


def _message_usage(**changes: Any) -> Any:
    return bodies.message_usage(
        input_tokens=200,
        cache_read_input_tokens=800,
        cache_creation_input_tokens=100,
        cache_creation={"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 60},
        **{"output_tokens": 100, **changes},
    )


def _message() -> Any:
    return bodies.message(model=CLAUDE, usage=_message_usage())


def _message_stream() -> Any:
    start = _message_usage(output_tokens=1)
    events = bodies.message_events(start, {"output_tokens": 100})
    events[0]["message"]["model"] = CLAUDE
    return stream_reply(bodies.named_sse(*events))


class Word(BaseModel):
    """What the answer is parsed into."""

    word: str


def create() -> None:
    """One whole answer."""
    openai_client(Transport(json_reply(_chat()))).chat.completions.create(**CHAT)


def stream_no_include_usage() -> None:
    """A stream whose usage the application has not asked for."""
    list(openai_client(Transport(_chat_stream)).chat.completions.create(**CHAT, stream=True))


def stream_with_it() -> None:
    """A stream whose usage it has asked for."""
    list(openai_client(Transport(_chat_stream)).chat.completions.create(**CHAT, **ASKED, stream=True))


def stream_closed_early() -> None:
    """A stream that is closed after eight words."""
    with openai_client(Transport(_chat_stream)).chat.completions.create(**CHAT, stream=True) as stream:
        for _ in range(9):
            next(stream)


def stream_dropped_unclosed() -> None:
    """A stream that is dropped after eight words."""
    stream = openai_client(Transport(_chat_stream)).chat.completions.create(**CHAT, stream=True)
    for _ in range(9):
        next(stream)


def async_task_cancelled_mid_stream() -> None:
    """A task that is cancelled after eight words."""

    async def consume(seen: list[Any]) -> None:
        client = async_openai_client(Transport(lambda sent: hanging(_chat_stream(sent), 9)))
        async for chunk in await client.chat.completions.create(**CHAT, stream=True):
            seen.append(chunk)  # noqa: PERF401

    async def cancel() -> None:
        seen: list[Any] = []
        task = asyncio.create_task(consume(seen))
        for _ in range(10_000):
            await asyncio.sleep(0)
            if len(seen) == 9:
                break
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(cancel())


def raw_response() -> None:
    """One whole answer, raw, then parsed."""
    openai_client(Transport(json_reply(_chat()))).chat.completions.with_raw_response.create(**CHAT).parse()


def raw_stream() -> None:
    """A stream, raw, then parsed and read."""
    client = openai_client(Transport(_chat_stream))
    list(client.chat.completions.with_raw_response.create(**CHAT, **ASKED, stream=True).parse())


def streaming_response() -> None:
    """An answer that is read line by line."""
    client = openai_client(Transport(json_reply(_chat())))
    with client.chat.completions.with_streaming_response.create(**CHAT) as response:
        list(response.iter_lines())


def responses_api_stream_helper() -> None:
    """Responses, whole, streamed and by the helper."""
    reply = json_reply(_response())
    stream = stream_reply(bodies.response_stream(_response()))
    client = openai_client(Transport(reply, stream, stream))
    client.responses.create(model=GPT, input=PROMPT)
    list(client.responses.create(model=GPT, input=PROMPT, stream=True))
    with client.responses.stream(model=GPT, input=PROMPT) as helper:
        list(helper)


def parse() -> None:
    """An answer that is parsed into a class."""
    client = openai_client(Transport(json_reply(_chat())))
    chats = (
        client.chat.completions if hasattr(client.chat.completions, "parse") else client.beta.chat.completions
    )
    chats.parse(**CHAT, response_format=Word)


def image_4000_output_tokens() -> None:
    """An image of 4000 output tokens."""
    usage = {
        "input_tokens": 50,
        "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
        "output_tokens": 4000,
        "total_tokens": 4050,
    }
    client = openai_client(Transport(json_reply(bodies.images(usage=usage))))
    client.images.generate(model="gpt-image-1", prompt="A meter")


def unknown_model() -> None:
    """A model without a price."""
    client = openai_client(Transport(json_reply(_chat(model="gpt-unheard-of"))))
    client.chat.completions.create(**{**CHAT, "model": "gpt-unheard-of"})


def two_failures_and_a_success() -> None:
    """Three requests."""
    failures = json_reply(bodies.openai_error(429), 429), json_reply(bodies.openai_error(500), 500)
    openai_client(Transport(*failures, json_reply(_chat()))).chat.completions.create(**CHAT)


def anthropic_create() -> None:
    """One whole answer."""
    anthropic_client(Transport(json_reply(_message()))).messages.create(**MESSAGE)


def anthropic_stream_helper() -> None:
    """A stream, and one by the helper."""
    client = anthropic_client(Transport(_message_stream()))
    list(client.messages.create(**MESSAGE, stream=True))
    with client.messages.stream(**MESSAGE) as stream:
        list(stream)


def anthropic_stream_closed_early() -> None:
    """A stream that is closed after two words."""
    with anthropic_client(Transport(_message_stream())).messages.create(**MESSAGE, stream=True) as stream:
        for _ in range(4):
            next(stream)


def anthropic_raw_response() -> None:
    """One whole answer, raw, then parsed."""
    anthropic_client(Transport(json_reply(_message()))).messages.with_raw_response.create(**MESSAGE).parse()


Rows = Mapping[str, Callable[[], None]]

OPENAI: Rows = {
    "create": create,
    "stream, no `include_usage`": stream_no_include_usage,
    "stream with it": stream_with_it,
    "stream closed early": stream_closed_early,
    "stream dropped unclosed": stream_dropped_unclosed,
    "async task cancelled mid-stream": async_task_cancelled_mid_stream,
    "raw response": raw_response,
    "raw stream": raw_stream,
    "streaming-response": streaming_response,
    "Responses API, stream, helper": responses_api_stream_helper,
    "parse": parse,
    "image, 4000 output tokens": image_4000_output_tokens,
    "unknown model": unknown_model,
    "2 failures + success = 3 requests": two_failures_and_a_success,
}
ANTHROPIC: Rows = {
    "spans per call (SDK emits one natively)": anthropic_create,
    "create": anthropic_create,
    "stream, helper": anthropic_stream_helper,
    "stream closed early": anthropic_stream_closed_early,
    "raw response": anthropic_raw_response,
}


def cell(row: str, spans: list[Any]) -> str:
    """What our spans say, in the words of the tables."""
    if row.startswith("spans per call"):
        return str(len(spans))
    said = {_words(dict(span.attributes)) for span in spans}
    return " / ".join(sorted(said))


def _words(found: Mapping[str, Any]) -> str:
    put, got = found["gen_ai.usage.input_tokens"], found["gen_ai.usage.output_tokens"]
    cost = f"${found['otel_tokens.cost.usd']:.8f}".rstrip("0") if "otel_tokens.cost.usd" in found else "no $"
    if "otel_tokens.cost.usd" not in found:
        cost += f", `{found['otel_tokens.cost.status']}`"
    if (attempts := found.get("otel_tokens.attempts", 1)) > 1:
        cost += f", {attempts} attempts"
    match found["otel_tokens.usage.source"]:
        case "provider":
            return f"tok, {cost}"
        case _:
            exact = "" if found["gen_ai.provider.name"] == "anthropic" else "≈"
            return f"{exact}{put} in, ≥{got} out, {cost}, `partial`, `{found['otel_tokens.outcome']}`"


def table(rows: Rows, play: Callable[[Callable[[], None]], list[Any]]) -> str:
    """Our column, as Markdown."""
    lines = ["| Case | otel_tokens |", "|---|---|"]
    return "\n".join([*lines, *[f"| {row} | {cell(row, play(call))} |" for row, call in rows.items()]])


def main() -> None:
    """Print both tables."""
    from opentelemetry import trace  # noqa: PLC0415  # only as a script: the provider is global
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

    import otel_tokens  # noqa: PLC0415

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    otel_tokens.instrument()

    def play(call: Callable[[], None]) -> list[Any]:
        call()
        gc.collect()
        otel_tokens.uninstrument()
        otel_tokens.instrument()
        spans = list(exporter.get_finished_spans())
        exporter.clear()
        return spans

    print(f"OpenAI\n\n{table(OPENAI, play)}\n\nAnthropic\n\n{table(ANTHROPIC, play)}")  # noqa: T201


if __name__ == "__main__":
    main()
