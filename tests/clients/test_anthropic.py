"""The `anthropic` client: every case, on every API of it, and what only this client has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import anthropic
import pytest

from . import bodies
from .cases import (
    ABANDONED,
    ANTHROPIC,
    MESSAGES,
    STREAMED,
    Api,
    Case,
    Scene,
    Seen,
    era,
    look,
    looks,
    parameters,
    passes,
    streamed,
)
from .faces import FACES, SYNC, Face
from .transport import JSONL, Transport, anthropic_client, bytes_reply, json_reply


@pytest.mark.parametrize(("api", "face", "case"), parameters(ANTHROPIC))
def test_case(metered: Callable[[], Any], api: Api, face: Face, case: Case) -> None:
    """The application sees what it would see unmetered, and the call is one span and the right metrics.

    Among the cases are pitfalls 3, 4, 7, 18, 20 and 22.
    """
    passes(metered, api, face, case)


# Helpers.


async def _helper(scene: Scene) -> Seen:
    async with scene.within(scene.resource.stream(**scene.api.request)) as stream:
        events = looks(await scene.rest(stream))
        return [*events, look(await scene.of(stream.get_final_message()))]


async def _helper_text(scene: Scene) -> Seen:
    async with scene.within(scene.resource.stream(**scene.api.request)) as stream:
        return list(await scene.rest(stream.text_stream))


async def _helper_final(scene: Scene) -> Seen:
    async with scene.within(scene.resource.stream(**scene.api.request)) as stream:
        return [look(await scene.of(stream.get_final_message()))]


async def _helper_left(scene: Scene) -> Seen:
    """Pitfall 1."""
    async with scene.within(scene.resource.stream(**scene.api.request)) as stream:
        return looks(await scene.take(stream, scene.api.some))


HELPERS = (
    Case("helper", streamed, _helper, STREAMED),
    Case("helper-text", streamed, _helper_text, STREAMED),
    Case("helper-final", streamed, _helper_final, STREAMED),
    Case("helper-left", streamed, _helper_left, ABANDONED),
)


HAS_BETA_HELPER = hasattr(anthropic.resources.beta.messages.Messages, "stream")


@pytest.mark.parametrize(
    ("api", "face", "case"), parameters(ANTHROPIC if HAS_BETA_HELPER else [MESSAGES], HELPERS)
)
def test_helper(metered: Callable[[], Any], api: Api, face: Face, case: Case) -> None:
    """Pitfall 1: the helper closes the raw stream or its response, and each way out is seen."""
    passes(metered, api, face, case)


@pytest.mark.skipif(era("anthropic") < (0, 70), reason="this anthropic has no tool runner")
@pytest.mark.parametrize("face", FACES, ids=str)
def test_tool_runner(telemetry: Any, face: Face) -> None:
    """Each round of the tool runner is a call of its own."""
    tool = getattr(anthropic, "beta_async_tool" if face.asynchronous else "beta_tool")

    if face.asynchronous:

        @tool
        async def weather(city: str) -> str:
            """The weather in a city."""
            return f"Rain in {city}"

    else:

        @tool
        def weather(city: str) -> str:
            """The weather in a city."""
            return f"Rain in {city}"

    async def play() -> Seen:
        scene = Scene(MESSAGES, face, json_reply(bodies.message_tools()), json_reply(bodies.message()))
        runner = scene.client.beta.messages.tool_runner(**MESSAGES.request, tools=[weather])
        return [message.stop_reason for message in await face.rest(runner)]

    assert face.run(play()) == ["tool_use", "end_turn"]
    telemetry.settle()
    assert [span.attributes["gen_ai.usage.output_tokens"] for span in telemetry.spans] == [60, 9]


# Counting.


def test_streamed_usage_is_cumulative(telemetry: Any) -> None:
    """Pitfall 8: the output of the start is replaced by that of the end, not added to it."""
    api = replace(MESSAGES, stream=lambda _sent: bodies.message_growing_stream())

    async def play() -> Seen:
        scene = Scene(api, SYNC, *streamed(api))
        return await scene.rest(await scene.stream())

    SYNC.run(play())
    assert telemetry.attributes["gen_ai.usage.input_tokens"] == 9000
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 120
    assert telemetry.attributes["otel_tokens.usage.web_search"] == 2


def test_cache_writes_keep_their_time(telemetry: Any) -> None:
    """Cache writes for five minutes and for an hour are buckets of their own, streamed too."""
    api = replace(MESSAGES, stream=lambda _sent: bodies.message_cached_stream())

    async def play() -> Seen:
        scene = Scene(api, SYNC, *streamed(api))
        return await scene.rest(await scene.stream())

    SYNC.run(play())
    found = telemetry.attributes
    assert found["gen_ai.usage.input_tokens"] == 4250
    assert found["gen_ai.usage.cache_read.input_tokens"] == 3000
    assert found["gen_ai.usage.cache_write.input_tokens"] == 1200
    assert found["otel_tokens.usage.cache_write_5m"] == 1000
    assert found["otel_tokens.usage.cache_write_1h"] == 200


STABLE = pytest.mark.skipif(
    not hasattr(anthropic.resources.messages.Messages, "batches"), reason="in this anthropic it is beta"
)


@STABLE
@pytest.mark.parametrize("face", FACES, ids=str)
def test_batch_results(telemetry: Any, face: Face) -> None:
    """The rows of a batch are read as the application reads them, at half price, once."""

    async def play() -> Seen:
        reply = bytes_reply(bodies.message_batch_rows(), JSONL)
        scene = Scene(MESSAGES, face, json_reply(bodies.message_batch()), reply)
        rows = await face.of(scene.client.messages.batches.results("msgbatch_1"))
        seen = [row.custom_id for row in await face.rest(rows)]
        scene.transport.then(json_reply(bodies.message_batch()), reply)
        again = await face.of(scene.client.messages.batches.results("msgbatch_1"))
        return seen + [row.custom_id for row in await face.rest(again)]

    assert face.run(play()) == ["0", "1", "2", "3"] * 2
    telemetry.settle()
    assert telemetry.total("otel_tokens.tokens") == 34 + 4259
    assert telemetry.total("otel_tokens.requests") == 1


@STABLE
def test_counting_tokens_is_free(telemetry: Any) -> None:
    """Counting the tokens of a prompt spends none."""
    client = anthropic_client(Transport(json_reply(bodies.count_tokens())))
    client.messages.count_tokens(model=MESSAGES.request["model"], messages=MESSAGES.request["messages"])

    assert telemetry.total("otel_tokens.tokens") == 0
    assert telemetry.total("otel_tokens.unpriced.requests") == 0


def test_advisor_is_billed_at_its_own_model(telemetry: Any) -> None:
    """Tokens of an advisor inside an answer are counted and billed at the advisor's model."""
    SYNC.run(Scene(MESSAGES, SYNC, json_reply(bodies.message_iterations())).create())

    counted = partial(telemetry.total, "otel_tokens.tokens")
    assert counted(gen_ai__response__model=bodies.ADVISOR) == 890
    assert counted(gen_ai__response__model=bodies.CLAUDE) == 25 + 9 + 5000 + 300
    assert telemetry.attributes["otel_tokens.cost.usd"] == pytest.approx(
        (5025 * 3 + 309 * 15 + 800 * 5 + 90 * 25) / 1e6
    )
