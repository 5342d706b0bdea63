"""The settings: environment variables to a frozen `Config`; the only reader of the environment.

A wrong setting that concerns telemetry warns and falls back; one that concerns money stops `instrument()`.
"""

from __future__ import annotations

import logging
import os
import tempfile

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from .budgets.budget import FILE_NAME, Plan
from .clients import CLIENTS
from .errors import ConfigError
from .providers import Endpoint
from .telemetry.names import COST_ALIASES


log = logging.getLogger("otel_tokens")

T = TypeVar("T")

_VOCABULARIES: Final = Path(tempfile.gettempdir()) / "data-gym-cache"
"""Where tiktoken keeps vocabularies unless it is told otherwise."""

_CONTENT: Final = {
    "no_content": (False, False),
    "span_only": (True, False),
    "event_only": (False, True),
    "span_and_event": (True, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that can be set. The names in brackets are the environment variables."""

    clients: tuple[str, ...] = tuple(CLIENTS)
    """Client libraries to meter (`OTEL_TOKENS_CLIENTS`: `all`, `openai,anthropic`, `-openai`)."""
    stream_usage: str = "inject"
    """Whether to ask for the usage of streams (`OTEL_TOKENS_STREAM_USAGE`: `inject`, `always`, `off`)."""
    prices: Path | None = None
    """A file of own prices (`OTEL_TOKENS_PRICES`)."""
    book: Path | None = None
    """A compiled price book in place of the shipped one (`OTEL_TOKENS_BOOK`)."""
    plan: Plan = field(default_factory=Plan)
    """Budgets: a TOML file (`OTEL_TOKENS_CONFIG`, else `otel-tokens.toml` in the working directory)."""
    runaway: str | None = None
    """What detectors of runaways do, whatever the budget file says (`OTEL_TOKENS_RUNAWAY`: `warn`, `block`,
    `off`)."""
    labels: tuple[str, ...] = ()
    """Labels on spans and metrics (`OTEL_TOKENS_LABELS`)."""
    span_labels: tuple[str, ...] = ()
    """Labels on spans alone (`OTEL_TOKENS_SPAN_LABELS`)."""
    cost_alias: str | None = "gen_ai.usage.cost"
    """One more attribute that states the cost (`OTEL_TOKENS_COST_ALIAS`)."""
    semconv: str = "released"
    """Which metrics of the conventions (`OTEL_TOKENS_SEMCONV`: `released`, `latest`, `both`)."""
    series_limit: int = 2000
    """How many points an instrument may have (`OTEL_TOKENS_SERIES_LIMIT`)."""
    endpoints: tuple[Endpoint, ...] = ()
    """What stands behind a URL (`OTEL_TOKENS_ENDPOINTS`: `https://llm.corp/v1=openai`)."""
    native: str = "replace"
    """What becomes of spans that a client library makes itself (`OTEL_TOKENS_NATIVE`)."""
    native_asked: bool = False
    """The environment asks for Anthropic's own spans (`ANTHROPIC_OPEN_TELEMETRY`)."""
    content_on_spans: bool = False
    content_in_events: bool = False
    """Whether to record prompts and answers (`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`)."""
    sdk_disabled: bool = False
    """`OTEL_SDK_DISABLED`."""
    vocabularies: Path | None = _VOCABULARIES
    """Where tiktoken keeps its vocabularies (`TIKTOKEN_CACHE_DIR`); None where it keeps none."""


def from_environment(env: Mapping[str, str], folder: Path | None = None) -> Config:
    """The configuration that `env` asks for; `folder` is where a budget file is looked for.

    Raises:
        ConfigError: a setting that decides what calls cost or may cost is wrong.
    """
    spans, events = _content(env)
    cache = env.get("TIKTOKEN_CACHE_DIR", env.get("DATA_GYM_CACHE_DIR"))
    alias = _one_of(env, "OTEL_TOKENS_COST_ALIAS", COST_ALIASES)
    prices, book = [env.get(name, "").strip() for name in ("OTEL_TOKENS_PRICES", "OTEL_TOKENS_BOOK")]
    native_asked = env.get("ANTHROPIC_OPEN_TELEMETRY", "").strip().lower()
    return Config(
        clients=_lenient(env, "OTEL_TOKENS_CLIENTS", clients, tuple(CLIENTS)),
        stream_usage=_one_of(env, "OTEL_TOKENS_STREAM_USAGE", ("inject", "always", "off")),
        prices=Path(prices) if prices else None,
        book=Path(book) if book else None,
        plan=_plan(env, folder or Path.cwd()),
        runaway=_runaway(env),
        labels=_names(env, "OTEL_TOKENS_LABELS"),
        span_labels=_names(env, "OTEL_TOKENS_SPAN_LABELS"),
        cost_alias=None if alias == "none" else alias,
        semconv=_one_of(env, "OTEL_TOKENS_SEMCONV", ("released", "latest", "both")),
        series_limit=_lenient(env, "OTEL_TOKENS_SERIES_LIMIT", _limit, 2000),
        endpoints=endpoints(env.get("OTEL_TOKENS_ENDPOINTS", "")),
        native=_one_of(env, "OTEL_TOKENS_NATIVE", ("replace", "metrics-only", "both")),
        native_asked=native_asked not in ("", "false"),
        content_on_spans=spans,
        content_in_events=events,
        sdk_disabled=env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true",
        vocabularies=_VOCABULARIES if cache is None else Path(cache) if cache else None,
    )


def _plan(env: Mapping[str, str], folder: Path) -> Plan:
    """The budget file there is, else a plan without budgets that warns of runaways."""
    named = env.get("OTEL_TOKENS_CONFIG")
    if not (named and named.strip()) and not os.path.lexists(folder / FILE_NAME):
        return Plan()  # as most programs have, so that nothing has to be imported to read one
    from .budgets.file import find_plan, read_plan  # noqa: PLC0415

    path = find_plan(named, folder)
    return Plan() if path is None else read_plan(path)


def _runaway(env: Mapping[str, str]) -> str | None:
    name = "OTEL_TOKENS_RUNAWAY"
    return _one_of(env, name, ("warn", "block", "off")) if env.get(name, "").strip() else None


def clients(words: str) -> tuple[str, ...]:
    """The client libraries that `words` chooses: `all`, a list, or all but those with a `-` before them.

    Raises:
        ConfigError: a name is none of a client library.
    """
    given = [word.strip().lower() for word in words.split(",") if word.strip()]
    for word in given:
        if word != "all" and word.removeprefix("-") not in CLIENTS:
            raise ConfigError(
                f"OTEL_TOKENS_CLIENTS={words!r}: {word!r} is not known; expected `all`, or names, or names "
                f"with a `-` before them to leave out, of: {', '.join(CLIENTS)}"
            )
    chosen = [word for word in given if not word.startswith("-")]
    if not chosen or "all" in chosen:
        chosen = list(CLIENTS)
    return tuple([name for name in chosen if f"-{name}" not in given])


def endpoints(words: str) -> tuple[Endpoint, ...]:
    """What `words` says of servers: `URL=provider`, separated by commas.

    Raises:
        ConfigError: an entry is no URL with a provider, because calls would then have no cost.
    """
    return tuple([_endpoint(word.strip()) for word in words.split(",") if word.strip()])


def _endpoint(word: str) -> Endpoint:
    url, equals, provider = word.rpartition("=")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), -1
    if (
        not equals
        or not provider
        or parts.scheme not in ("http", "https")
        or not parts.hostname
        or port == -1
    ):
        raise ConfigError(
            f"OTEL_TOKENS_ENDPOINTS: {word!r}: expected URL=provider, such as "
            "https://llm.corp/v1=openai or http://10.0.0.5:8000=vllm"
        )
    default = 80 if parts.scheme == "http" else 443
    return Endpoint(parts.scheme, parts.hostname, port or default, parts.path.rstrip("/"), provider.strip())


def _names(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([word.strip() for word in env.get(name, "").split(",") if word.strip()]))


def _one_of(env: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    word = env.get(name, "").strip().lower()
    if not word:
        return words[0]
    if word not in words:
        log.warning("%s=%r: expected one of %s; using %s", name, env[name], ", ".join(words), words[0])
        return words[0]
    return word


def _lenient(env: Mapping[str, str], name: str, read: Callable[[str], T], default: T) -> T:
    """The setting `name`, or `default` with a warning when it cannot be read."""
    word = env.get(name, "").strip()
    if not word:
        return default
    try:
        return read(word)
    except ConfigError as error:
        log.warning("%s; using the default", error)
        return default


def _limit(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise ConfigError(f"OTEL_TOKENS_SERIES_LIMIT={word!r}: expected a whole number above 0")
    return int(word)


def _content(env: Mapping[str, str]) -> tuple[bool, bool]:
    name = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    word = env.get(name, "").strip().lower()
    if word and word not in _CONTENT:
        log.warning(
            "%s=%r: expected one of %s; recording no content",
            name,
            env[name],
            ", ".join(_CONTENT).upper(),
        )
    return _CONTENT.get(word, (False, False))
