"""What `budget simulate` finds out about recorded calls."""

from __future__ import annotations

import json

from pathlib import Path
from typing import Any

import pytest

from .terminal import Terminal, at


HEAD = '[ledger]\nurl = "redis://nobody.invalid/0"\n'
"""The ledger of the file is not touched, so it need not be there."""

DAILY = HEAD + '[[budget]]\nname = "daily"\nlimit_usd = 1\nwindow = "day"\n'


def call(time: str, **more: Any) -> dict[str, Any]:
    """One recorded call, of half a dollar."""
    return {"at": f"2026-11-24T{time}Z", "cost_usd": "0.5", "tokens": 1000, **more}


def recorded(terminal: Terminal, *calls: dict[str, Any], name: str = "calls.jsonl") -> str:
    """A file of recorded calls."""
    file = terminal.folder / name
    file.write_text("\n".join([json.dumps(each) for each in calls]) + "\n", "utf-8")
    return str(file)


def simulated(terminal: Terminal, *calls: dict[str, Any]) -> Any:
    """What comes of them, for machines."""
    said = terminal("budget", "simulate", recorded(terminal, *calls), "--json")
    assert (said.code, said.err) == (0, "")
    return said.json


def one(document: Any, name: str) -> Any:
    """What became of one budget."""
    (row,) = [row for row in document["budgets"] if row["budget"] == name]
    return row


def test_what_would_have_been_blocked(terminal: Terminal) -> None:
    """Calls that overlap hold together; what is refused, what is saved, and the peak are told."""
    terminal.plan(DAILY + '[[budget]]\nname = "tokens"\nlimit_tokens = 1500\naction = "warn"\n')
    file = recorded(
        terminal,
        call("10:00:00", duration_s=2, hold_usd="0.8"),
        call("10:00:01", duration_s=2, hold_usd="0.8"),
        call("10:00:02", hold_usd="0.5"),
        call("10:00:30", hold_usd="0.1"),
    )

    said = terminal("budget", "simulate", file)

    assert (said.code, said.err) == (0, "")
    assert (
        said.out
        == """\
4 calls, 2026-11-24 10:00 to 2026-11-24 10:00:30 UTC, $2.00
2 would have been sent, 2 blocked; $1.00 and 2,000 tokens saved

daily   4 calls  2 blocked  0 warned  $1.00 saved  peak $1.00 of $1.00 at 2026-11-24 10:00:02
tokens  4 calls  0 blocked  1 warned               peak 2,000 tokens of 1,500 tokens at 2026-11-24 10:00:02

first refusals
  2026-11-24 10:00:01 UTC  budget 'daily' (day until 2026-11-25 00:00:00+00:00): this call may take \
$0.80, and $0.20 of $1.00 are left (spent $0.00, held $0.80)
"""
    )


def test_windows_roll_over(terminal: Terminal) -> None:
    """Time is that of the recording: the next day begins at 0."""
    terminal.plan(DAILY)

    found = simulated(
        terminal,
        call("23:59:57"),
        call("23:59:58"),
        call("23:59:59"),
        {**call("00:00:00"), "at": "2026-11-25T01:00:00+01:00"},
    )

    assert (found["sent"], found["blocked"]) == (3, 1)
    assert one(found, "daily")["first_refusal"]["at"] == "2026-11-24T23:59:59Z"


def test_the_order_of_lines_does_not_matter(terminal: Terminal) -> None:
    """Calls are replayed by the time they were sent, from several files and standard input together."""
    terminal.plan(DAILY)
    late = recorded(terminal, call("12:00:00"), call("11:00:00"))
    early = json.dumps(call("10:00:00")) + "\n\n"

    said = terminal("budget", "simulate", late, "-", "--json", stdin=early)

    assert said.json["calls"] == 3
    assert said.json["from"] == "2026-11-24T10:00:00Z"
    assert one(said.json, "daily")["first_refusal"]["at"] == "2026-11-24T12:00:00Z"


def test_a_call_that_costs_more_than_it_held(terminal: Terminal) -> None:
    """Its real cost counts, and passes the cap; that is the peak."""
    terminal.plan(DAILY)

    found = simulated(terminal, call("10:00:00", cost_usd="1.25", hold_usd="0.1", duration_s=1))

    assert one(found, "daily")["peak"] == {
        "amount": "1.25",
        "limit": "1",
        "unit": "usd",
        "at": "2026-11-24T10:00:01Z",
        "scope": "",
    }


def test_the_hold_is_taken_from_the_maximum(terminal: Terminal) -> None:
    """Without a stated hold, input and stated maximum are held at the price of the model."""
    terminal.plan(DAILY + '[[budget]]\nname = "tokens"\nlimit_tokens = 100000\n')
    gpt = {"provider": "openai", "model": "gpt-4o", "cost_usd": "0.0035", "tokens": 1100}

    found = simulated(
        terminal, call("10:00:00", **gpt, input_tokens=1000, max_output_tokens=4000, duration_s=9)
    )

    assert one(found, "daily")["peak"]["amount"] == "0.0425"  # 1,000 at $2.50, 4,000 at $10 a million
    assert one(found, "tokens")["peak"]["amount"] == "5000"


def test_without_a_price_the_cost_is_held(terminal: Terminal) -> None:
    """A model that has no price in the book holds what it cost; so does a call without a maximum."""
    terminal.plan(DAILY)
    mine = {"provider": "llm.corp", "model": "mine", "input_tokens": 10, "max_output_tokens": 10}

    found = simulated(terminal, call("10:00:00", **mine), call("10:00:01"))

    assert one(found, "daily")["peak"]["amount"] == "1"


def test_unknown_prices(terminal: Terminal) -> None:
    """A call whose price is not known is refused, or counts nothing, as the budget says."""
    terminal.plan(DAILY)
    unknown = {"at": "2026-11-24T10:00:00Z", "model": "mine"}

    file = recorded(terminal, unknown)
    said = terminal("budget", "simulate", file)
    assert said.out.startswith(
        "1 call, 2026-11-24 10:00 to 2026-11-24 10:00 UTC, $0.00 (1 of unknown price)\n"
    )
    found = simulated(terminal, unknown)
    assert one(found, "daily")["first_refusal"]["reason"] == "unknown_price"

    terminal.plan(DAILY + 'on_unknown = "allow"\n')
    found = simulated(terminal, unknown)
    assert (found["sent"], found["unpriced"]) == (1, 1)


def test_labels_traces_and_sessions(terminal: Terminal) -> None:
    """Labels decide which budgets count; each user, trace and session has its own count."""
    terminal.plan(
        HEAD
        + '[[budget]]\nname = "user"\nlimit_usd = 1\nper = "user.id"\nmatch = { team = "a" }\n'
        + '[[budget]]\nname = "trace"\nlimit_usd = 1\nwindow = "trace"\n'
        + '[[budget]]\nname = "session"\nlimit_usd = 1\nwindow = "session"\n'
    )
    u1 = {"labels": {"team": "a", "user.id": "u1", "session.id": 7, "none": None}, "trace": "first"}
    u2 = {"labels": {"team": "a", "user.id": "u2"}, "trace": "4bf92f3577b34da6a3ce929d0e0e4736"}

    found = simulated(
        terminal,
        call("10:00:00", **u1),
        call("10:00:01", **u2),
        call("10:00:02", **u2),
        call("10:00:03", labels={"team": "b"}),
        call("10:00:04", **{**u1, "trace": "z" * 32}),
        call("10:00:05", **u2, hold_usd="0.25"),
    )

    assert [one(found, name)["counted"] for name in ("user", "trace", "session")] == [5, 5, 2]
    assert found["blocked"] == 1
    assert one(found, "user")["blocked"] + one(found, "trace")["blocked"] == 1
    assert one(found, "trace")["peak"]["scope"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    said = terminal("budget", "simulate", str(terminal.folder / "calls.jsonl"))
    assert "at 2026-11-24 10:00:02 (u2)\n" in said.out


def test_saved_tokens(terminal: Terminal) -> None:
    """What a budget in tokens refuses is told in tokens."""
    terminal.plan(HEAD + '[[budget]]\nname = "tokens"\nlimit_tokens = 1500\n')

    said = terminal(
        "budget", "simulate", recorded(terminal, call("10:00:00"), call("10:00:01", hold_tokens=600))
    )

    assert "tokens  2 calls  1 blocked  0 warned  1,000 tokens saved  peak 1,000 tokens of 1,500" in said.out


def test_runaways(terminal: Terminal) -> None:
    """The detectors of runaways see the recording too, and refuse where they are told to."""
    terminal.plan(HEAD + "[runaway]\ncalls_per_trace = 5\n")
    calls = [call(f"10:00:{second:02}", trace="t") for second in range(20)]

    said = terminal("budget", "simulate", recorded(terminal, *calls))

    assert said.code == 0
    assert "runaway.calls_per_trace    15 blocked  0 warned  $7.50 saved\n" in said.out
    assert (
        "  2026-11-24 10:00:05 UTC  runaway.calls_per_trace: 6 requests where 5 requests is the" in said.out
    )
    assert "runaways\n  2026-11-24 10:00:05 UTC  runaway.calls_per_trace\n" in said.out


def test_many_runaways(terminal: Terminal) -> None:
    """Ten of them are listed, and how many more there are."""
    terminal.plan(HEAD + '[runaway]\ncalls_per_trace = 1\naction = "warn"\n')
    calls = [call(f"10:{minute:02}:0{n}", trace=f"t{minute}") for minute in range(12) for n in range(3)]

    said = terminal("budget", "simulate", recorded(terminal, *calls))

    assert said.out.endswith("  and 2 more\n")


def test_no_budget(terminal: Terminal) -> None:
    """Without budgets nothing is blocked."""
    terminal.plan(HEAD + '[runaway]\naction = "off"\n')

    said = terminal("budget", "simulate", recorded(terminal, call("10:00:00")))

    assert said.out.endswith(
        "1 would have been sent, 0 blocked; $0.00 and 0 tokens saved\n\nthere is no budget\n"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON (Expecting property name"),
        ("[]", "not a JSON object"),
        ('{"model": "m"}', "at is missing: when the call was sent"),
        (
            '{"at": "2026-11-24T10:00:00Z", "hold_us": 1}',
            "unknown key 'hold_us'; known: at, duration_s, provider",
        ),
        ('{"at": "2026-11-24T10:00:00"}', "at: '2026-11-24T10:00:00': expected a time such as"),
        ('{"at": "today"}', "at: 'today': expected a time such as"),
        ('{"at": true}', "at: True: expected a time such as"),
        ('{"at": -1}', "at: -1: expected a time such as"),
        ('{"at": 1, "cost_usd": "much"}', "cost_usd: 'much': expected a number of at least 0"),
        ('{"at": 1, "cost_usd": true}', "cost_usd: True: expected a number of at least 0"),
        ('{"at": 1, "cost_usd": -1}', "cost_usd: -1: expected a number of at least 0"),
        ('{"at": 1, "tokens": 1.5}', "tokens: Decimal('1.5'): expected a whole number"),
        ('{"at": 1, "model": 5}', "model: 5: expected a text"),
        ('{"at": 1, "labels": "team"}', "labels: 'team': expected an object of labels"),
        ('{"resourceSpans": [5]}', "not an export of traces in OTLP's JSON (AttributeError"),
        (
            '{"resourceSpans": [{"scopeSpans": [{"scope": {"name": "otel_tokens"}, "spans": [{}]}]}]}',
            "not an export of traces in OTLP's JSON (KeyError",
        ),
    ],
)
def test_a_wrong_line(terminal: Terminal, line: str, message: str) -> None:
    """A line that is wrong is refused with its file and number."""
    terminal.plan(DAILY)
    file = terminal.folder / "calls.jsonl"
    file.write_text(json.dumps(call("10:00:00")) + "\n\n" + line + "\n", "utf-8")

    said = terminal("budget", "simulate", str(file))

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"otel-tokens: {file}:3: ")
    assert message in said.err

    said = terminal("budget", "simulate", "-", stdin=line)
    assert said.err.startswith("otel-tokens: <stdin>:1: ")


@pytest.mark.parametrize("number", [1795514400, 1795514400.5])
def test_times_may_be_numbers(terminal: Terminal, number: float) -> None:
    """Unix seconds are a time too."""
    terminal.plan(DAILY)

    assert simulated(terminal, {"at": number})["from"].startswith("2026-11-24T10:00:00")


def test_files_that_cannot_be_read(terminal: Terminal) -> None:
    """A file that is missing or no text is named; one without calls too."""
    terminal.plan(DAILY)
    said = terminal("budget", "simulate", "nowhere.jsonl")
    assert said.code == 2
    assert said.err.startswith("otel-tokens: nowhere.jsonl: cannot be read: ")

    file = terminal.folder / "bytes"
    file.write_bytes(b"\xff\xfe\n")
    assert "cannot be read: " in terminal("budget", "simulate", str(file)).err

    file.write_text("\n")
    said = terminal("budget", "simulate", str(file))
    assert (said.code, said.err) == (2, f"otel-tokens: there are no calls in {file}\n")


# Traces of the Collector.


def value(of: object) -> dict[str, object]:
    """A value as OTLP's JSON wraps it."""
    if isinstance(of, bool):
        return {"boolValue": of}
    if isinstance(of, int):
        return {"intValue": str(of)}
    if isinstance(of, float):
        return {"doubleValue": of}
    return {"arrayValue": {"values": []}} if isinstance(of, list) else {"stringValue": of}


def attributes(of: dict[str, object]) -> list[dict[str, object]]:
    """Attributes as OTLP's JSON lists them."""
    return [{"key": name, "value": value(each)} for name, each in of.items()]


def span(second: int, trace: str = "0a" * 16, /, **own: object) -> dict[str, object]:
    """A span of one second; `__` in a name is a dot."""
    start = int(at("2026-11-24 10:00")) + second
    return {
        "traceId": trace,
        "spanId": f"{second:016x}",
        "name": "chat",
        "startTimeUnixNano": f"{start}000000000",
        "endTimeUnixNano": f"{start + 1}000000000",
        "attributes": attributes({name.replace("__", "."): each for name, each in own.items()}),
    }


def export(*spans: dict[str, object], scope: str = "otel_tokens", **resource: object) -> dict[str, Any]:
    """One line of the `file` exporter."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes(resource)},
                "scopeSpans": [{"scope": {"name": scope}, "spans": list(spans)}],
            }
        ]
    }


USAGE = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}
PRICED = {
    **USAGE,
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "otel_tokens.cost.usd": 0.0035,
    "otel_tokens.cost.status": "priced",
}


def test_traces_of_the_collector(terminal: Terminal) -> None:
    """Spans of calls are read with cost, tokens and maximum; resource and span attributes are labels."""
    terminal.plan(
        HEAD
        + '[[budget]]\nname = "a"\nlimit_usd = 1\nper = "tenant"\n'
        + 'match = { "service.name" = "shop", beta = "True" }\n'
    )

    found = simulated(
        terminal,
        {"resourceMetrics": []},
        export(
            span(0, **PRICED, **{"gen_ai.request.max_tokens": 4000}),
            span(5, **{**PRICED, "otel_tokens.trace.cost.usd": 0.007, "tags": []}),
            {**span(9, http__route="/chat", **{"otel_tokens.trace.cost.usd": 0.007}), "name": "GET /chat"},
            **{"service.name": "shop", "beta": True, "tenant": 7},
        ),
    )

    assert (found["calls"], found["cost_usd"]) == (3, "0.007")
    row = one(found, "a")
    assert row["counted"] == 3
    assert row["peak"]["amount"] == "0.0425"
    assert row["peak"]["scope"] == "7"


def test_spans_of_other_instrumentations(terminal: Terminal) -> None:
    """Spans that state usage are calls too; the book gives their cost; what sums up others is left out."""
    terminal.plan(DAILY)

    found = simulated(
        terminal,
        export(
            span(0, **USAGE, **{"gen_ai.system": "openai", "gen_ai.response.model": "gpt-4o"}),
            span(1, **USAGE, **{"gen_ai.operation.name": "invoke_agent"}),
            span(2, **USAGE, **{"gen_ai.provider.name": "llm.corp"}),
            span(3, **{"http.route": "/"}),
            scope="other",
        ),
    )

    assert found["calls"] == 2
    assert found["cost_usd"] == "0.0035"
    assert found["unpriced"] == 1
    assert found["left_out"] == {"sums of other calls": 1}


def test_each_call_once(terminal: Terminal) -> None:
    """In a trace that this package has metered, the spans of others say the same again."""
    terminal.plan(DAILY)

    found = simulated(
        terminal,
        export(span(0, **PRICED), span(1, **PRICED, otel_tokens__outcome="ok")),
        export(span(0, **USAGE), span(0, "0b" * 16, **USAGE), scope="other"),
    )

    assert found["calls"] == 3
    assert found["left_out"] == {"of another instrumentation, in a trace that otel_tokens has metered": 1}
    file = str(terminal.folder / "calls.jsonl")
    said = terminal("budget", "simulate", file)
    assert "left out: 1 span: of another instrumentation, in a trace that otel_tokens" in said.out


def test_spans_that_were_no_calls(terminal: Terminal) -> None:
    """Blocked calls were not sent, and answers that were fetched again had been counted."""
    terminal.plan(DAILY)

    found = simulated(
        terminal,
        export(
            span(0, **PRICED),
            span(1, otel_tokens__outcome="blocked"),
            span(2, otel_tokens__outcome="blocked"),
            span(3, **PRICED, otel_tokens__counted_before=True),
        ),
    )

    assert found["calls"] == 1
    assert found["left_out"] == {
        "answers that had been counted before": 1,
        "blocked when they were recorded": 2,
    }
    out = terminal("budget", "simulate", str(terminal.folder / "calls.jsonl")).out
    assert "left out: 2 spans: blocked when they were recorded\n" in out


def test_costs_that_are_not_stated(terminal: Terminal) -> None:
    """A free call and one without usage cost nothing; one of an unknown model is of unknown price."""
    terminal.plan(DAILY)

    found = simulated(
        terminal,
        export(
            {**span(0, "", otel_tokens__cost__status="free"), "endTimeUnixNano": "0"},
            span(1, otel_tokens__cost__status="no_usage"),
            span(2, otel_tokens__cost__status="unknown_model", **USAGE),
        ),
    )

    assert (found["calls"], found["unpriced"], found["cost_usd"]) == (3, 1, "0")


def test_it_leaves_the_ledger_alone(terminal: Terminal) -> None:
    """A replay counts in memory: the ledger of the file is neither made nor read."""
    terminal.plan(DAILY.replace("redis://nobody.invalid/0", "sqlite:///ledger.db"))

    simulated(terminal, call("10:00:00"))

    assert not Path(terminal.folder / "ledger.db").exists()
