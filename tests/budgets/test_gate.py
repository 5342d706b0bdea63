"""The gate in a running program: scopes, windows, warnings, events, gauges, reloading, runaways, blocks."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import time

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from opentelemetry import baggage, context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

import otel_tokens

from otel_tokens.errors import BudgetExceeded
from otel_tokens.instrumentor import OtelTokensInstrumentor
from tests.clients import bodies
from tests.clients.transport import Transport, async_openai_client, json_reply, openai_client

from .test_torture import CHAT, FIT, TRIES, chat_reply


DAY = '[[budget]]\nname = "day"\nlimit_usd = "0.01"\nwindow = "day"\n'


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes the budget file."""
    file = tmp_path / "otel-tokens.toml"
    monkeypatch.setenv("OTEL_TOKENS_CONFIG", str(file))

    def write(text: str) -> Path:
        file.write_text(text, "utf-8")
        return file

    return write


class Program:
    """A program with one client."""

    def __init__(self) -> None:
        self.transport = Transport(chat_reply)
        self.client = openai_client(self.transport)

    def call(self, **more: Any) -> bool:
        """Make a call; whether it was sent."""
        try:
            self.client.chat.completions.create(**{**CHAT, **more})
        except BudgetExceeded:
            return False
        return True

    def calls(self, tries: int = TRIES) -> int:
        """How many of so many calls are sent."""
        return sum([self.call() for _ in range(tries)])


@pytest.fixture
def program() -> Program:
    """The program."""
    return Program()


# Which calls a budget counts.


def test_per_user(plan: Any, metered: Any, program: Program) -> None:
    """Each user has a count of its own, and calls without one share another."""
    plan(DAY + 'per = "user.id"\n')
    telemetry = metered()

    sent = {}
    for user in ("ann", "bob", None):
        with otel_tokens.attribute({"user.id": user}):
            sent[user] = program.calls()

    assert sent == {"ann": FIT, "bob": FIT, None: FIT}
    assert {
        labels["otel_tokens.scope"] for labels, _ in telemetry.points("otel_tokens.budget.spent.usd")
    } == {
        "global",
        "max:user.id",
    }


@pytest.mark.settings(OTEL_TOKENS_LABELS="team")
def test_per_a_label_of_the_metrics(plan: Any, metered: Any, program: Program) -> None:
    """What metrics carry anyway tells accounts apart in the gauges too."""
    plan(DAY + 'per = "team"\n')
    telemetry = metered()
    for team in ("search", "ads"):
        with otel_tokens.attribute(team=team):
            program.call()

    points = telemetry.points("otel_tokens.budget.spent.usd")
    assert {labels["otel_tokens.scope"] for labels, _ in points} == {"search", "ads"}


def test_more_users_than_a_budget_tells_apart(plan: Any, metered: Any, program: Program) -> None:
    """Newcomers past the limit share one count; whoever has one keeps it."""
    plan(DAY + 'per = "user.id"\nscopes_limit = 2\n')
    metered()

    sent = []
    for user in ("a", "b", "c", "d", "a"):
        with otel_tokens.attribute({"user.id": user}):
            sent.append(program.calls(3))

    assert sent == [3, 3, 3, 1, 1]


def test_only_what_matches(plan: Any, metered: Any, program: Program) -> None:
    """Labels from the code, from baggage, and the model decide."""
    plan(DAY + 'match = { team = "sea*", "gen_ai.request.model" = "gpt-5*" }\n')
    metered()
    assert program.calls(6) == 6

    token = context.attach(baggage.set_baggage("team", "search"))
    try:
        assert program.calls(6) == FIT
        with otel_tokens.attribute(team="ads"):
            assert program.calls(6) == 6
    finally:
        context.detach(token)


def test_per_trace(plan: Any, metered: Any, program: Program) -> None:
    """One request of a server has a limit of its own, and the next one starts anew."""
    plan('[[budget]]\nname = "request"\nlimit_usd = "0.01"\nwindow = "trace"\n')
    telemetry = metered()
    assert program.calls(6) == 6  # each of them is a trace of its own

    for _ in range(2):
        with telemetry.tracer.start_as_current_span("GET /answer"):
            assert program.calls() == FIT


def test_per_session(plan: Any, metered: Any, program: Program) -> None:
    """A session has a limit; what is in none is not limited by it."""
    plan('[[budget]]\nname = "session"\nlimit_tokens = 5000\nwindow = "session"\n')
    metered()
    assert program.calls(6) == 6

    for session in ("s1", "s2"):
        with otel_tokens.attribute({"session.id": session}):
            assert program.calls() == FIT


def test_all_budgets_of_a_call(plan: Any, metered: Any, program: Program) -> None:
    """The tightest budget decides, and the others hold nothing for what it refuses."""
    plan(DAY + '[[budget]]\nname = "wide"\nlimit_usd = "100"\n')
    telemetry = metered()

    assert program.calls() == FIT

    spent = {
        labels["otel_tokens.budget"]: value
        for labels, value in telemetry.points("otel_tokens.budget.spent.usd")
    }
    assert spent == pytest.approx({"day": 0.01, "wide": 0.01})
    assert telemetry.total("otel_tokens.budget.held.usd") == 0
    assert telemetry.total("otel_tokens.budget.limit.usd", otel_tokens__budget="wide") == 100


def test_the_gauges_state_the_window(plan: Any, metered: Any) -> None:
    """A budget that nothing was spent on yet is there with its limit and its window."""
    plan(DAY + '[[budget]]\nname = "ever"\nlimit_tokens = 9\n')
    telemetry = metered()

    start = telemetry.total("otel_tokens.budget.window.start", otel_tokens__budget="day")
    end = telemetry.total("otel_tokens.budget.window.end", otel_tokens__budget="day")

    assert start <= time.time() < end
    assert end - start == 86_400
    assert telemetry.points("otel_tokens.budget.window.end") == [
        ({"otel_tokens.budget": "day", "otel_tokens.window": "day", "otel_tokens.scope": "global"}, end)
    ]
    assert telemetry.total("otel_tokens.budget.limit.tokens") == 9
    assert telemetry.total("otel_tokens.budget.spent.usd") == 0
    assert telemetry.total("otel_tokens.ledger.failures") == 0


# What it costs at most.


def test_an_assumed_maximum(plan: Any, metered: Any, program: Program) -> None:
    """A budget may assume how long answers are, where the request does not say."""
    plan(DAY + "assume_output_tokens = 125\n")
    metered()
    request = {name: value for name, value in CHAT.items() if name != "max_completion_tokens"}

    sent = 0
    with suppress(BudgetExceeded):
        for _ in range(TRIES):
            program.client.chat.completions.create(**request)
            sent += 1

    assert sent == FIT


def test_unknown_prices_may_be_allowed(plan: Any, metered: Any, program: Program) -> None:
    """A budget can let calls pass whose price nobody knows; they count as unpriced."""
    plan(DAY + 'on_unknown = "allow"\n')
    telemetry = metered()

    assert program.call(model="gpt-99-secret")

    assert telemetry.total("otel_tokens.unpriced.requests") == 0  # the answer names a model that has a price
    assert telemetry.total("otel_tokens.budget.spent.usd") == pytest.approx(0.0025)


def test_free_calls_are_not_capped(plan: Any, metered: Any) -> None:
    """What costs nothing passes a budget that is used up."""
    plan('[[budget]]\nname = "nothing"\nlimit_usd = "0.000000000001"\n')
    metered()
    transport = Transport(json_reply({"id": "m", "model": "omni-moderation", "results": []}))

    openai_client(transport).moderations.create(input="is this all right?")

    assert len(transport.requests) == 1


def test_an_answer_that_is_made_in_the_background(plan: Any, metered: Any) -> None:
    """What is made in the background is held until it is fetched, and fetching is never refused."""
    plan('[[budget]]\nname = "cap"\nlimit_usd = "0.01"\n')
    telemetry = metered()
    done = bodies.response_background(model="gpt-5-2025-08-07")
    transport = Transport(json_reply(bodies.response_queued()), json_reply(done))
    client = openai_client(transport)
    request: Any = {"model": "gpt-5", "input": "hello", "background": True, "max_output_tokens": 900}

    queued = client.responses.create(**request)
    assert telemetry.total("otel_tokens.budget.held.usd") > 0.009
    with pytest.raises(BudgetExceeded):
        client.responses.create(**request)
    client.responses.retrieve(queued.id)
    time.sleep(0.6)  # gauges read the ledger twice a second at the most

    assert telemetry.total("otel_tokens.budget.held.usd") == 0
    assert telemetry.total("otel_tokens.budget.spent.usd") == pytest.approx(
        telemetry.total("otel_tokens.cost.usd")
    )


# What is told.


def test_a_budget_that_warns(plan: Any, metered: Any, program: Program) -> None:
    """Calls go on, and each that would have been stopped is counted and on its span."""
    plan(DAY + 'action = "warn"\n')
    telemetry = metered()

    assert program.calls(10) == 10

    assert telemetry.total("otel_tokens.warned.requests", otel_tokens__budget="day") == 6
    assert telemetry.points("otel_tokens.blocked.requests") == []
    warned = [span.attributes.get("otel_tokens.warned") for span in telemetry.spans]
    assert warned == [None] * FIT + [("day",)] * 6


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryLogRecordExporter]:
    """The log records of OpenTelemetry."""
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    original = otel_tokens.instrument
    monkeypatch.setattr(
        otel_tokens, "instrument", lambda **kwargs: original(logger_provider=provider, **kwargs)
    )
    yield exporter
    provider.shutdown()


def test_events(
    plan: Any,
    records: InMemoryLogRecordExporter,
    metered: Any,
    program: Program,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each threshold is told once, and the first call that is refused; not all of them."""
    plan(DAY + 'alert_at = ["50%", "80%", "100%"]\n')
    metered()

    with caplog.at_level(logging.WARNING):
        program.calls()

    told = [record.log_record for record in records.get_finished_logs()]
    assert [record.event_name for record in told] == [
        "otel_tokens.budget.threshold",
        "otel_tokens.budget.threshold",
        "otel_tokens.budget.threshold",
        "otel_tokens.budget.blocked",
    ]
    assert [record.attributes.get("otel_tokens.threshold") for record in told] == [0.5, 0.8, 1.0, None]
    assert told[-1].attributes == {"otel_tokens.budget": "day", "otel_tokens.blocked.reason": "limit"}
    assert (
        caplog.messages[0] == "budget 'day' is at 50% of its limit: $0.005 spent and $0 held of $0.01 (day)"
    )
    assert caplog.messages[-1].startswith("a call was not sent: budget 'day' (day until ")
    assert len(caplog.messages) == 4


def test_the_exception(plan: Any, metered: Any, program: Program) -> None:
    """It says the thing, the numbers and the limit, and travels between processes."""
    plan(DAY + 'per = "user.id"\ntimezone = "Europe/Berlin"\n')
    metered()
    with otel_tokens.attribute({"user.id": "u1"}):
        assert program.calls(FIT) == FIT
        with pytest.raises(otel_tokens.BudgetExceeded) as caught:
            program.client.chat.completions.create(**CHAT)

    refusal = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert type(refusal) is BudgetExceeded
    assert (refusal.budget, refusal.scope, refusal.window, refusal.unit) == ("day", "u1", "day", "USD")
    assert (str(refusal.limit), str(refusal.spent)) == ("0.010000000000", "0.010000000000")
    assert refusal.window_end.utcoffset() is not None
    assert str(refusal).startswith("budget 'day' (day until ")
    assert "user.id 'u1'" in str(refusal)
    assert "$0.00 of $0.01 are left (spent $0.01, held $0.00)" in str(refusal)
    assert "xxx" not in str(refusal)


# While it runs.


def test_the_file_may_change(plan: Any, metered: Any, program: Program) -> None:
    """Another limit counts from the next second on, and the counts stay."""
    file = plan(DAY)
    telemetry = metered()
    assert program.calls() == FIT
    gate = running_gate()
    gate._file._tick = lambda: time.monotonic() + 100  # a second has passed

    plan(DAY.replace("0.01", "0.02"))
    old = time.time() - 10
    import os  # noqa: PLC0415

    os.utime(file, (old, old))
    assert program.calls() == FIT
    assert telemetry.total("otel_tokens.budget.spent.usd") == pytest.approx(0.02)


def running_gate() -> Any:
    """The gate of the running program."""
    running = OtelTokensInstrumentor.running
    assert running is not None
    return running.gate


def test_a_wrong_file_stops_the_start(plan: Any) -> None:
    """A cap that cannot be understood is an error with file and line, not a cap that is absent."""
    file = plan(DAY + 'windw = "day"\n')

    with pytest.raises(otel_tokens.ConfigError, match=f"{file}:5: "):
        otel_tokens.instrument()


# Runaways.


def test_a_loop_is_stopped(plan: Any, metered: Any, program: Program) -> None:
    """Where the file has a `[runaway]` table, a program that repeats itself is stopped by default."""
    plan("[runaway]\nrepeats = 10\n")
    telemetry = metered()

    assert program.calls() == 10

    assert telemetry.total("otel_tokens.repeated.requests") == 9
    assert telemetry.total("otel_tokens.blocked.requests", otel_tokens__budget="runaway.repeats") == 40
    with pytest.raises(
        BudgetExceeded, match=r"runaway\.repeats: 11 requests where 10 requests is the limit"
    ) as caught:
        program.client.chat.completions.create(**CHAT)
    assert caught.value.reason == "runaway"
    assert caught.value.window_end is not None


def test_without_a_file_a_loop_is_only_told(metered: Any, program: Program, caplog: Any) -> None:
    """A program that nobody has set a limit for is not stopped, and its repetitions are counted."""
    telemetry = metered()

    with caplog.at_level(logging.WARNING):
        assert program.calls(150) == 150

    assert telemetry.total("otel_tokens.repeated.requests") == 149
    assert [text for text in caplog.messages if "run away" in text] == [
        "this program seems to run away: repeats at 101 where 100 requests is the limit; it only warns"
    ]


@pytest.mark.settings(OTEL_TOKENS_RUNAWAY="off")
def test_detectors_can_be_off(metered: Any, program: Program) -> None:
    """Without detectors no request is looked at for repetitions."""
    telemetry = metered()
    assert program.calls(3) == 3
    assert telemetry.points("otel_tokens.repeated.requests") == []


# Blocks of code.


def test_a_block(metered: Any, program: Program) -> None:
    """A block has a cap of its own each time it is entered, and needs no file."""
    telemetry = metered()

    for _ in range(2):
        with otel_tokens.budget("job", limit_usd="0.01") as job:
            assert program.calls() == FIT
            assert job is not None
            assert (job.spent, job.held, job.left) == (job.limit, 0, 0)

    assert program.calls(6) == 6
    assert telemetry.total("otel_tokens.blocked.requests", otel_tokens__budget="job") == 2 * (TRIES - FIT)


def test_blocks_within_blocks(plan: Any, metered: Any, program: Program) -> None:
    """An inner block counts for the outer ones, too, also where a function calls itself."""
    plan(DAY)
    metered()

    @otel_tokens.budget("deep", limit_tokens=2 * 1125 + 1000)
    def deep(more: int) -> list[bool]:
        return [program.call(), *(deep(more - 1) if more else [])]

    assert deep(3) == [True, True, False, False]
    with otel_tokens.budget("outer", limit_usd=1), otel_tokens.budget("inner", limit_usd=1) as inner:
        assert program.calls(3) == 2
        assert inner is not None
        assert float(inner.spent) == pytest.approx(0.005)


def test_a_block_that_warns(metered: Any, program: Program) -> None:
    """It stops nothing and counts what it would have stopped."""
    telemetry = metered()
    with otel_tokens.budget("job", limit_usd="0.005", action="warn"):
        assert program.calls(5) == 5
    assert telemetry.total("otel_tokens.warned.requests", otel_tokens__budget="job") == 3


def test_a_block_with_a_window(metered: Any, program: Program) -> None:
    """With a window the count is kept in the ledger, and goes on where the block is entered again."""
    metered()

    def enter() -> int:
        with otel_tokens.budget("daily", limit_usd="0.01", window="day") as nothing:
            assert nothing is None
            return program.calls(3)

    assert [enter(), enter(), enter()] == [3, 1, 0]


def test_the_limit_of_the_file_wins(plan: Any, metered: Any, program: Program) -> None:
    """Code that names a budget of the file cannot give itself more than the file does."""
    plan(DAY)
    metered()

    with otel_tokens.budget("day", limit_usd=100, window="day"):
        assert program.calls() == FIT


def test_a_decorated_function_of_every_kind(metered: Any, program: Program) -> None:
    """Each call of a function, a coroutine or a generator has a count of its own, over all its steps."""
    metered()
    capped = otel_tokens.budget("each", limit_usd="0.01")
    client = async_openai_client(Transport(chat_reply))

    @capped
    def generator() -> Iterator[bool]:
        for _ in range(6):
            yield program.call()

    @capped
    async def coroutine() -> int:
        sent = 0
        for _ in range(6):
            with suppress(BudgetExceeded):
                await client.chat.completions.create(**CHAT)
                sent += 1
        return sent

    @capped
    async def stream() -> Any:
        for _ in range(6):
            yield await coroutine()

    async def steps() -> list[int]:
        return [sent async for sent in stream()]

    steps_of_one = generator()
    assert [next(steps_of_one), program.call()] == [True, True]
    assert sum(steps_of_one) == FIT - 1
    assert sum(generator()) == FIT
    assert asyncio.run(coroutine()) == FIT
    assert asyncio.run(steps()) == [FIT, 0, 0, 0, 0, 0]


def test_a_thread_goes_on_after_the_block(metered: Any, program: Program) -> None:
    """A thread that was started in a block stays under its cap."""
    metered()
    ready, sent = threading.Event(), []

    def work() -> None:
        ready.wait()
        sent.append(program.calls(6))

    with otel_tokens.budget("job", limit_usd="0.01"):
        thread = threading.Thread(target=work)
        thread.start()
    ready.set()
    thread.join()

    assert sent == [FIT]


def test_a_block_without_metering_says_so() -> None:
    """A cap that nobody enforces is told of."""
    with pytest.warns(RuntimeWarning, match="'job' caps nothing"), otel_tokens.budget("job", limit_usd=1):
        pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "expected limit_usd or limit_tokens"),
        ({"limit_usd": 1, "limit_tokens": 1}, "and not both"),
        ({"limit_usd": 0}, "limit_usd=0: accepted: a number of USD above 0"),
        ({"limit_usd": "five"}, "limit_usd='five': accepted"),
        ({"limit_usd": True}, "limit_usd=True: accepted"),
        ({"limit_usd": "NaN"}, "limit_usd='NaN': accepted"),
        ({"limit_usd": []}, r"limit_usd=\[\]: accepted"),
        ({"limit_usd": 1e9}, "limit_usd=1000000000.0: accepted"),
        ({"limit_tokens": 1.5}, "limit_tokens=1.5: accepted: a whole number"),
        ({"limit_usd": 1, "action": "stop"}, "action='stop': accepted: block, warn"),
        ({"limit_usd": 1, "window": "year"}, "window='year': accepted: minute"),
        ({"limit_usd": 1, "window": "day", "timezone": "Mars"}, "timezone='Mars': accepted"),
        ({"limit_usd": 1, "on_unknown": "ask"}, "on_unknown='ask': accepted"),
        ({"limit_usd": 1, "on_failure": "ask"}, "on_failure='ask': accepted"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    """A wrong argument is refused with the value and what is accepted."""
    with pytest.raises((TypeError, ValueError), match=message):
        otel_tokens.budget("job", **arguments)
