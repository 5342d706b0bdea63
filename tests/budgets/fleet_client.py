"""Processes of a fleet that call a real client over a fake transport: one that races, one that forks."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, Final

import otel_tokens

from otel_tokens import shield
from otel_tokens.errors import BudgetExceeded
from otel_tokens.instrumentor import OtelTokensInstrumentor
from tests.clients import bodies
from tests.clients.transport import Transport, json_reply, openai_client, stream_reply

from .fleet import PATIENCE_S, wait_for_the_others


COST: Final = Decimal("0.001625")
"""USD of one call: 500 tokens in and 100 out of GPT-5, less than it is held for."""
_REQUEST: Final[dict[str, Any]] = {
    "model": "gpt-5",
    "messages": [{"role": "user", "content": "x" * 750}],
    "max_completion_tokens": 125,
}
_MODEL: Final = "gpt-5-2025-08-07"


def _reply(sent: Any) -> Any:
    usage = bodies.chat_usage(500, 100)
    if not sent.json.get("stream"):
        return json_reply(bodies.chat(model=_MODEL, usage=usage))
    chunks = [{**chunk, "model": _MODEL} for chunk in bodies.chat_chunks()]
    return stream_reply(bodies.sse(*chunks, {**chunks[-1], "choices": [], "usage": usage}))


class _Program:
    """A program with one client."""

    def __init__(self) -> None:
        shield.strict = True
        otel_tokens.instrument()
        self.transport = Transport(_reply)
        self._client = openai_client(self.transport)

    def call(self, **more: Any) -> Any:
        """Make a call."""
        return self._client.chat.completions.create(**_REQUEST, **more)

    def refusal(self) -> BudgetExceeded | None:
        """Make a call; None, or why it is not sent."""
        try:
            self.call()
        except BudgetExceeded as refusal:
            return refusal
        return None

    @property
    def sent(self) -> int:
        """How many requests have reached the transport."""
        return len(self.transport.requests)


def _race(threads: int) -> Any:
    """Call until what is spent leaves no room for another call."""
    program = _Program()
    wait_for_the_others()

    def work(_: int) -> Decimal:
        while True:
            refusal = program.refusal()
            if refusal is not None and refusal.spent + refusal.asked > refusal.limit:
                return refusal.asked
            time.sleep(0.002)

    with ThreadPoolExecutor(threads) as pool:
        asked = list(pool.map(work, range(threads)))
    otel_tokens.uninstrument()
    return {"sent": program.sent, "asked": str(max(asked))}


def _serve(rounds: int, children: int, calls: int) -> Any:
    """Fork servers, as the parent goes on to call, and has an answer half read."""
    program = _Program()
    wait_for_the_others()
    sent, odd = 0, []
    for _ in range(rounds):
        program.call()
        events = iter(program.call(stream=True))
        next(events)
        busy = threading.Thread(target=lambda: [program.call() for _ in range(calls)])
        busy.start()
        read, write = os.pipe()
        pids = []
        for _ in range(children):
            if (pid := os.fork()) == 0:
                _child(program, events, calls, write)
            pids.append(pid)
        os.close(write)
        busy.join()
        list(events)
        odd += [status for status in (os.waitpid(pid, 0)[1] for pid in pids) if status]
        with os.fdopen(read) as lines:
            sent += sum(map(int, lines))
    sent += program.sent
    otel_tokens.uninstrument()
    return {"sent": sent, "odd": odd}


def _child(program: _Program, events: Any, calls: int, write: int) -> None:
    """Call with two threads, and end as forked servers do; the answer that is half read is the parent's."""
    status = 1
    try:
        signal.alarm(round(PATIENCE_S / 2))  # who hangs is ended
        before, spent = program.sent, _spent()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: program.call(), range(calls)))
        list(events)
        own = program.sent - before
        if os.environ["FLEET_LEDGER"] != "memory" or _spent() - spent == own * COST:
            os.write(write, f"{own}\n".encode())
            status = 0
    finally:
        os._exit(status)


def _spent() -> Decimal:
    """What this process takes for spent, in USD."""
    running = OtelTokensInstrumentor.running
    assert running is not None
    return Decimal(sum(found.spent for found in running.gate.balances())).scaleb(-12)


def _main() -> None:
    work, *numbers = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps({"race": _race, "serve": _serve}[work](*numbers)))


if __name__ == "__main__":
    _main()
