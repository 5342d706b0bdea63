"""The cases that defeat other caps, for every ledger: no leak, no broken application, no lost answer.

One call costs $0.0025, and the cap is $0.01: four calls fit, of the fifty that are tried.
"""

from __future__ import annotations

import asyncio
import threading

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import otel_tokens

from otel_tokens.errors import BudgetExceeded
from tests.clients import bodies
from tests.clients.transport import (
    Transport,
    anthropic_client,
    async_anthropic_client,
    async_openai_client,
    json_reply,
    openai_client,
    stream_reply,
)

from .plans import Store


PROMPT = "x" * 750
CHAT = {
    "model": "gpt-5",
    "messages": [{"role": "user", "content": PROMPT}],
    "max_completion_tokens": 125,
}
RESPONSE = {"model": "gpt-5", "input": PROMPT, "max_output_tokens": 125}
TRIES = 50
FIT = 4


def _usage() -> dict[str, Any]:
    return bodies.chat_usage(1000, 125)


def chat_reply(_sent: Any = None) -> Any:
    """An answer that costs $0.0025."""
    return json_reply(bodies.chat(model="gpt-5-2025-08-07", usage=_usage()))


def stream(_sent: Any = None) -> Any:
    """The same, streamed."""
    chunks = [{**chunk, "model": "gpt-5-2025-08-07"} for chunk in bodies.chat_chunks()]
    last = {**chunks[-1], "choices": [], "usage": _usage()}
    return stream_reply(bodies.sse(*chunks, last) + bodies.DONE)


@pytest.fixture(params=["memory", "sqlite", "redis"])
def capped(
    request: pytest.FixtureRequest, store: Callable[[str], Store], metered: Callable[[], Any], tmp_path: Path
) -> Any:
    """Metering with a cap of one cent, in every ledger in turn."""
    kept = store(request.param)
    kept.plan(tmp_path, '[[budget]]\nname = "cap"\nlimit_usd = "0.01"\nwindow = "total"\n')
    return metered()


def loop(call: Callable[[], Any]) -> tuple[list[Any], int]:
    """Try and try again as a program does that swallows every exception: the answers, and the refusals."""
    answers, refused = [], []

    def attempt() -> None:
        try:
            answers.append(call())
        except Exception as error:  # noqa: BLE001  # whatever it is
            refused.append(error)

    for _ in range(TRIES):
        attempt()
    assert {type(error) for error in refused} <= {BudgetExceeded}
    return answers, len(refused)


def test_a_loop_that_swallows_exceptions(capped: Any) -> None:
    """Exactly the calls that fit are sent, and every answer that was paid for is delivered."""
    transport = Transport(chat_reply)
    client = openai_client(transport)

    answers, refused = loop(lambda: client.chat.completions.create(**CHAT))

    assert (len(transport.requests), len(answers), refused) == (FIT, FIT, TRIES - FIT)
    assert capped.total("otel_tokens.cost.usd") == pytest.approx(0.01)
    assert capped.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)
    assert capped.total("otel_tokens.budget.held.usd") == 0
    assert capped.total("otel_tokens.blocked.requests", otel_tokens__budget="cap") == refused


def test_ten_threads(capped: Any) -> None:
    """Threads that start with an empty context are under the cap too."""
    transport = Transport(chat_reply)
    client = openai_client(transport)
    answers: list[Any] = []

    def work() -> None:
        for _ in range(TRIES // 10):
            with suppress(BudgetExceeded):
                answers.append(client.chat.completions.create(**CHAT))

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(transport.requests) == len(answers) == FIT
    assert capped.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)


def test_streams_closed_early(capped: Any) -> None:
    """A stream that is closed early is counted, and is capped with all others."""
    transport = Transport(stream)
    client = openai_client(transport)

    def call() -> Any:
        with client.chat.completions.create(stream=True, **CHAT) as events:
            return next(iter(events))

    loop(call)

    spent = capped.total("otel_tokens.budget.spent.usd")
    assert 0 < len(transport.requests) < TRIES
    assert spent <= 0.01
    assert spent == pytest.approx(capped.total("otel_tokens.cost.usd"))
    assert capped.total("otel_tokens.budget.held.usd") == 0


def test_streams_read_to_the_end(capped: Any) -> None:
    """A plain loop over a stream that looks into `choices[0]` goes on working, and is capped."""
    transport = Transport(stream)
    client = openai_client(transport)

    def call() -> str:
        events = client.chat.completions.create(stream=True, **CHAT)
        return "".join([event.choices[0].delta.content or "" for event in events])

    answers, refused = loop(call)

    assert answers == ["Hello there."] * FIT
    assert (len(transport.requests), refused) == (FIT, TRIES - FIT)
    assert capped.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)


def test_the_responses_api(capped: Any) -> None:
    """Responses are under the cap as chats are."""
    body = bodies.response(model="gpt-5-2025-08-07")
    body["usage"] |= {"input_tokens": 1000, "output_tokens": 125, "total_tokens": 1125}
    body["usage"]["input_tokens_details"]["cached_tokens"] = 0
    transport = Transport(json_reply(body))
    client = openai_client(transport)

    answers, _ = loop(lambda: client.responses.create(**RESPONSE))

    assert len(transport.requests) == len(answers) == FIT
    assert capped.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)


def test_an_unknown_model(capped: Any) -> None:
    """A model whose price is not known does not slip through a cap in dollars."""
    transport = Transport(chat_reply)
    client = openai_client(transport)

    with pytest.raises(BudgetExceeded, match="OTEL_TOKENS_PRICES") as caught:
        client.chat.completions.create(**{**CHAT, "model": "gpt-99-secret"})

    assert transport.requests == []
    assert caught.value.reason == "unknown_price"
    assert capped.attributes["otel_tokens.outcome"] == "blocked"


def test_a_request_without_a_maximum(capped: Any) -> None:
    """A call that might cost more than the whole cap is refused, and the message says what to do."""
    transport = Transport(chat_reply)
    client = openai_client(transport)

    with pytest.raises(BudgetExceeded, match="assume_output_tokens"):
        client.chat.completions.create(model="gpt-5", messages=CHAT["messages"])

    assert transport.requests == []
    assert capped.total("otel_tokens.blocked.requests", otel_tokens__budget="cap") == 1


def test_many_tasks(capped: Any) -> None:
    """Tasks of an event loop that run at once are under the cap, and the loop is not blocked."""
    transport = Transport(chat_reply)

    async def call(client: Any) -> bool:
        try:
            await client.chat.completions.create(**CHAT)
        except BudgetExceeded:
            return False
        return True

    async def program() -> list[bool]:
        async with async_openai_client(transport) as client:
            first = await asyncio.gather(*[call(client) for _ in range(TRIES)])
            return [*first, *[await call(client) for _ in range(TRIES)]]

    sent = asyncio.run(program())

    assert sum(sent) == len(transport.requests) == FIT
    assert capped.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)


def test_a_pool_of_threads_in_a_block(metered: Callable[[], Any]) -> None:
    """The budget of a block covers the pool that the block uses, made before it or in it."""
    metered()
    transport = Transport(chat_reply)
    client = openai_client(transport)

    def call(_: int) -> bool:
        try:
            client.chat.completions.create(**CHAT)
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(4) as before:
        list(before.map(abs, range(4)))
        with (
            otel_tokens.budget("job", limit_usd="0.01") as job,
            ThreadPoolExecutor(4) as within,
        ):
            sent = [*before.map(call, range(TRIES)), *within.map(call, range(TRIES))]
        assert call(0), "a thread of the pool has kept the budget of a block that was left"

    assert sum(sent) == FIT
    assert (str(job.spent), job.left) == ("0.010000000000", 0)


def anthropic_reply(_sent: Any = None) -> Any:
    """An answer of Claude that costs $0.0025."""
    usage = {"input_tokens": 1000, "output_tokens": 300}
    return json_reply(bodies.message(model="claude-haiku-4-5", usage=usage) | {"model": "claude-haiku-4-5"})


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_claude(capped: Any, kind: str) -> None:
    """The other client library is under the same cap."""
    transport = Transport(anthropic_reply)
    request: Any = {
        "model": "claude-haiku-4-5",
        "max_tokens": 300,
        "messages": [{"role": "user", "content": PROMPT}],
    }

    async def program() -> None:
        async with async_anthropic_client(transport) as client:
            for _ in range(TRIES):
                with suppress(BudgetExceeded):
                    await client.messages.create(**request)

    if kind == "sync":
        client = anthropic_client(transport)
        loop(lambda: client.messages.create(**request))
    else:
        asyncio.run(program())

    assert len(transport.requests) == FIT
    assert capped.total("otel_tokens.budget.spent.usd") == pytest.approx(0.01)
