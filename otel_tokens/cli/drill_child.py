"""The program that a fire drill runs in a process of its own: loops that spend without end, as agents do.

Each form of a call is made again and again, and every exception is swallowed. The process reaches nothing
but the stand-in: a connection to any other address fails.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import otel_tokens

from ..errors import BudgetExceeded
from .drill_forms import FORMS, LABEL, MODELS, OUTPUT_TOKENS, WORKERS, slug


_LOOPBACK: Final = ("127.0.0.1", "::1")
_MESSAGES: Final = [{"role": "user", "content": "Go on."}]


@dataclass
class Tried:
    """What a loop has seen of one form."""

    form: str
    tried: int = 0
    refused: int = 0
    errors: int = 0
    first_error: str | None = None
    first_refusal: str | None = None
    pico_usd: int = 0
    """What the ledger says was spent."""
    missing: bool = False
    """This version of the client has no such form."""

    def failed(self, error: BaseException) -> None:
        """Note an exception."""
        if isinstance(error, BudgetExceeded):
            self.refused += 1
            self.first_refusal = self.first_refusal or str(error)
            return
        self.errors += 1
        self.first_error = self.first_error or f"{type(error).__name__}: {error}"


@dataclass
class Run:
    """What was seen of one client."""

    client: str
    version: str = ""
    supports: str = ""
    problem: str | None = None
    forms: list[Tried] = field(default_factory=list)


def run(url: str, client: str, tries: int, report: str) -> None:
    """Make every form of `client`'s calls `tries` times, and write what was seen to the file `report`."""
    seen = Run(client)
    try:
        sys.addaudithook(_stay_here)
        _run(seen, url, tries)
    except Exception as error:  # noqa: BLE001  # told by the parent
        seen.problem = f"{type(error).__name__}: {error}"
        seen.forms = [form for form in seen.forms if form.tried]
    Path(report).write_text(json.dumps(asdict(seen)), "utf-8")


def _stay_here(event: str, args: tuple[Any, ...]) -> None:
    """Refuse connections that leave this machine."""
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in _LOOPBACK:
        raise ConnectionRefusedError(f"a drill connects to this machine alone, not to {args[1][0]}")


def _run(seen: Run, url: str, tries: int) -> None:
    seen.version = version(seen.client)
    seen.supports = importlib.import_module(f"otel_tokens.clients.{seen.client}").SUPPORTS
    if not is_supported(seen.version, seen.supports):
        seen.problem = f"{seen.version} is installed, and calls are only stopped of {seen.supports}"
        return
    otel_tokens.instrument()
    running = importlib.import_module("otel_tokens.instrumentor").OtelTokensInstrumentor.running
    if running is None:
        seen.problem = "metering does not start"
        return
    for form in FORMS[seen.client]:
        tried = Tried(form)
        seen.forms.append(tried)
        _loop(seen.client, tried, f"{url}/{seen.client}/{slug(form)}", tries)
    spent = {balance.account.scope: balance.spent for balance in running.gate.balances()}
    for tried in seen.forms:
        tried.pico_usd = spent.get(tried.form, 0)
    otel_tokens.uninstrument()


def is_supported(installed: str, supports: str) -> bool:
    """Whether a version is at least the one in `openai >= 1.40`."""
    least = supports.partition(">=")[2].strip().split(".")
    parts = installed.split(".")[: len(least)]
    return [int(part) if part.isdecimal() else 0 for part in parts] >= [int(part) for part in least]


# The loops.


def _loop(client: str, tried: Tried, url: str, tries: int) -> None:
    """Make one form of a call `tries` times, swallowing what is raised."""
    how = tried.form.split(", ")[1:]
    if "async" in how or "8 tasks" in how:
        asyncio.run(_loop_async(client, tried, url, tries, WORKERS if "8 tasks" in how else 1))
        return
    module = importlib.import_module(client)
    made = getattr(module, _CLASSES[client])(**_settings(client, url))
    call = _CALLS[client](made, tried.form)
    if call is None:
        tried.missing = True
    else:
        _loop_sync(tried, call, tries, WORKERS if "8 threads" in how else 1)
    made.close()


def _loop_sync(tried: Tried, call: Callable[[], Any], tries: int, workers: int) -> None:
    with ThreadPoolExecutor(workers) as pool:
        for seen in pool.map(lambda share: _work(tried.form, call, share), _shares(tries, workers)):
            _add(tried, seen)


def _shares(tries: int, workers: int) -> list[int]:
    return [tries // workers + (place < tries % workers) for place in range(workers)]


def _work(form: str, call: Callable[[], Any], tries: int) -> Tried:
    """What an agent without a stop does, in the thread it runs in."""
    seen = Tried(form)
    with otel_tokens.attribute({LABEL: form}):
        for _ in range(tries):
            seen.tried += 1
            try:
                call()
            except Exception as error:  # noqa: BLE001  # as agents do
                seen.failed(error)
    return seen


async def _loop_async(client: str, tried: Tried, url: str, tries: int, workers: int) -> None:
    module = importlib.import_module(client)
    made = getattr(module, f"Async{_CLASSES[client]}")(**_settings(client, url))
    call = _ASYNC_CALLS[client](made, tried.form)
    shares = _shares(tries, workers)
    for seen in await asyncio.gather(*[_work_async(tried.form, call, share) for share in shares]):
        _add(tried, seen)
    await made.close()


async def _work_async(form: str, call: Callable[[], Awaitable[Any]], tries: int) -> Tried:
    seen = Tried(form)
    with otel_tokens.attribute({LABEL: form}):
        for _ in range(tries):
            seen.tried += 1
            try:
                await call()
            except Exception as error:  # noqa: BLE001  # as agents do
                seen.failed(error)
    return seen


def _add(tried: Tried, seen: Tried) -> None:
    tried.tried += seen.tried
    tried.refused += seen.refused
    tried.errors += seen.errors
    tried.first_error = tried.first_error or seen.first_error
    tried.first_refusal = tried.first_refusal or seen.first_refusal


def _settings(client: str, url: str) -> dict[str, Any]:
    base_url = f"{url}/v1" if client == "openai" else url
    return {"api_key": "drill", "base_url": base_url, "max_retries": 0, "timeout": 20.0}


def _openai(client: Any, form: str) -> Callable[[], Any] | None:  # noqa: ANN401
    asked: dict[str, Any] = {"model": MODELS["openai"]}
    if form.startswith("responses"):
        if not hasattr(client, "responses"):  # before 1.66
            return None
        asked.update(input="Go on.", max_output_tokens=OUTPUT_TOKENS)
        create = client.responses.create
    else:
        asked.update(messages=_MESSAGES, max_tokens=OUTPUT_TOKENS)
        create = client.chat.completions.create
    if form.endswith("streamed"):
        return lambda: list(create(**asked, stream=True))
    if form.endswith("raw response"):
        return lambda: client.chat.completions.with_raw_response.create(**asked).parse()
    return lambda: create(**asked)


def _openai_async(client: Any, form: str) -> Callable[[], Awaitable[Any]]:  # noqa: ANN401
    return _async_call(client.chat.completions.create, "openai", form)


def _anthropic(client: Any, form: str) -> Callable[[], Any]:  # noqa: ANN401
    asked = {"model": MODELS["anthropic"], "messages": _MESSAGES, "max_tokens": OUTPUT_TOKENS}
    create = client.messages.create
    if form.endswith("streamed"):
        return lambda: list(create(**asked, stream=True))
    if form.endswith("raw response"):
        return lambda: client.messages.with_raw_response.create(**asked).parse()
    if form.endswith("stream helper"):
        return lambda: _read(client.messages.stream(**asked))
    return lambda: create(**asked)


def _read(stream: Any) -> None:  # noqa: ANN401
    with stream as opened:
        opened.get_final_message()


def _anthropic_async(client: Any, form: str) -> Callable[[], Awaitable[Any]]:  # noqa: ANN401
    return _async_call(client.messages.create, "anthropic", form)


def _async_call(create: Callable[..., Any], client: str, form: str) -> Callable[[], Awaitable[Any]]:
    asked: dict[str, Any] = {"model": MODELS[client], "messages": _MESSAGES, "max_tokens": OUTPUT_TOKENS}

    async def streamed() -> None:
        async for _ in await create(**asked, stream=True):
            pass

    return streamed if "streamed" in form else lambda: create(**asked)


_CLASSES: Final = {"openai": "OpenAI", "anthropic": "Anthropic"}
_CALLS: Final[dict[str, Callable[[Any, str], Callable[[], Any] | None]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
}
_ASYNC_CALLS: Final = {"openai": _openai_async, "anthropic": _anthropic_async}
