"""What may stand in a budget file, and a message with its line for what may not.

Every rule here refuses; none repairs. A cap that is read wrong costs money.
"""

from __future__ import annotations

import re

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ..errors import ConfigError
from ..files.checks import (
    Check,
    Place,
    check_needed,
    check_table,
    check_text,
    check_texts,
    list_of,
    listed,
    number_in,
    one_of,
    whole_number,
)
from ..ledgers.counting import CLOCKLESS
from ..ledgers.ledger import AMOUNT_LIMIT
from ..ledgers.settings import LedgerSettings
from .alerts import AlertSettings
from .budget import WINDOWS, Budget, Globs, Plan, RunawaySettings
from .numbers import dollars, seconds, share, times, usd
from .windows import why_no_zone, zone_of


_URLS: Final = re.compile(
    r"memory:(//)?|sqlite:///.+|unix://.+|(redis|valkey)s?(\+(cluster|sentinel))?://.+", re.DOTALL
)
_URL: Final = (
    "memory:, sqlite:///path, redis://host:port/db, rediss://, unix://, redis+cluster://, redis+sentinel://"
)
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*)://")
_ADDRESS: Final = re.compile(r"https?://[^\s\"'{}<>\\]+")
_NAME_LENGTH: Final = 100
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def checked(document: object, *, file: str, text: str) -> Plan:
    """The plan that a budget file states.

    Raises:
        ConfigError: It breaks a rule: file, line, value and accepted values.
    """
    place = Place(file, text)
    parts = check_table(document, place, _DOCUMENT)
    ledger = parts.get("ledger", {})
    on_failure = ledger.pop("on_failure", "allow")
    budgets = tuple([Budget(**{"on_failure": on_failure, **budget}) for budget in parts.get("budget", ())])
    _refuse_doubles(budgets, place.at("budget"))
    runaway = {"action": "block", **parts["runaway"]} if "runaway" in parts else {}
    return Plan(
        path=file,
        ledger=LedgerSettings(**ledger),
        budgets=budgets,
        runaway=RunawaySettings(**runaway),
        alerts=AlertSettings(**parts.get("alerts", {})),
    )


def _refuse_doubles(budgets: tuple[Budget, ...], place: Place) -> None:
    names: set[str] = set()
    for number, budget in enumerate(budgets):
        if budget.name in names:
            place.at(number).at("name").refuse("another budget has it", budget.name, "a name of its own")
        names.add(budget.name)


# Single values.


def _section(name: str, checks: Mapping[str, Check]) -> Check:
    """A table of the file. What stands there instead is not shown, as it may be a URL with a password."""

    def check(value: object, place: Place) -> dict[str, Any]:
        if not isinstance(value, dict):
            place.refuse("not a table", type(value).__name__, f"[{name}] with {listed(checks)}")
        return check_table(value, place, checks)

    return check


def _url(value: object, place: Place) -> str:
    url = value.strip() if isinstance(value, str) else ""
    if not _URLS.fullmatch(url):
        scheme = _SCHEME.match(url)
        place.refuse("not the URL of a ledger", f"{scheme[1]}://***" if scheme else "***", _URL)
    return url


def _word(marks: str, length: int) -> Check:
    """A text of letters, digits and `marks`."""

    def check(value: object, place: Place) -> str:
        word = check_text(value, place)
        if len(word) > length or not all(letter.isalnum() or letter in marks for letter in word):
            place.refuse("not a name", value, f"up to {length} letters, digits and {' '.join(marks)}")
        return word

    return check


def _alert_at(value: object, place: Place) -> tuple[Decimal, ...]:
    shares: list[Decimal] = list_of(share("shares above 0, up to 10: 0.8 or 80%", _is_alert))(value, place)
    if len(set(shares)) < len(shares):
        place.refuse("states a share twice", value, "each share once")
    return tuple(sorted(shares))


def _is_alert(number: Decimal) -> bool:
    return 0 < number <= 10  # noqa: PLR2004  # ten times the limit: for budgets that only warn


def _address(value: object, place: Place) -> str:
    address = check_text(value, place)
    if not _ADDRESS.fullmatch(address):
        place.refuse("not the address of a web page", value, "such as https://grafana.example.com")
    return address.rstrip("/")


def _is_part(number: Decimal) -> bool:
    return 0 < number <= 1


def _zone(value: object, place: Place) -> str:
    name = check_text(value, place)
    try:
        zone_of(name)
    except ConfigError:
        place.refuse(why_no_zone(), name, "UTC, or a name such as Europe/Berlin")
    return name


def _match(value: object, place: Place) -> dict[str, Globs]:
    if not isinstance(value, dict):
        place.refuse("not a table", value, 'labels with what they are to be: { team = "search" }')
    match: dict[str, Globs] = {}
    for name, globs in _labels(value, place):
        if name in match:
            place.refuse("states a label twice", name, "each label once")
        match[name] = globs
    return match


def _labels(table: Mapping[str, object], place: Place, before: str = "") -> Iterator[tuple[str, Globs]]:
    """Every label with its globs. TOML takes `service.name = …` for a table in a table, and people do not."""
    for name, inner in table.items():
        if isinstance(inner, dict):
            yield from _labels(inner, place.at(name), f"{before}{name}.")
        else:
            yield f"{before}{name}", _globs(inner, place.at(name))


def _globs(value: object, place: Place) -> Globs:
    globs = check_texts(value, place) if isinstance(value, list) else [check_text(value, place)]
    for glob in globs:
        if glob.startswith("!") and not glob[1:].strip("*"):
            place.refuse("fits nothing", glob, 'a glob such as "gpt-*", or "!gpt-*" for all others')
    return globs[0] if len(globs) == 1 else tuple(globs)


# A budget whole.


def _budgets(value: object, place: Place) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        place.refuse("not a list", "[budget]", "[[budget]], with two brackets, before each budget")
    budgets: list[dict[str, Any]] = list_of(_budget)(value, place)
    return budgets


def _budget(value: object, place: Place) -> dict[str, Any]:
    budget = check_table(value, place, _BUDGET)
    check_needed(budget, place, "name")
    if "limit_usd" in budget and "limit_tokens" in budget:
        place.at("limit_tokens").refuse("a second limit", budget["limit_tokens"], "limit_usd or limit_tokens")
    if budget.get("window") in CLOCKLESS and "per" in budget:
        place.at("per").refuse(f'window = "{budget["window"]}" counts apart already', budget["per"], "no per")
    if "limit_usd" in budget:
        budget["limit"] = budget.pop("limit_usd")
        return budget
    if "limit_tokens" not in budget:
        place.refuse("no limit", budget["name"], "limit_usd or limit_tokens")
    if "on_unknown" in budget:
        place.at("on_unknown").refuse("tokens need no price", budget["on_unknown"], "only with limit_usd")
    budget["limit"], budget["unit"] = budget.pop("limit_tokens"), "tokens"
    return budget


# The tables.

_ON_FAILURE: Final = one_of("allow", "block")

_LEDGER: Final[Mapping[str, Check]] = {
    "url": _url,
    "namespace": _word("-_.:", 64),
    "on_failure": _ON_FAILURE,
    "slice": share('0 to 0.5: "5%" or 0.05', lambda part: 0 <= part <= Decimal("0.5")),
    "timeout_s": seconds("0.01", 60),
    "lease_s": seconds("0.1", _HOUR_S),
}

_BUDGET: Final[Mapping[str, Check]] = {
    "name": _word("-_./ :", _NAME_LENGTH),
    "limit_usd": usd("above 0", lambda amount: amount > 0),
    "limit_tokens": whole_number(1, AMOUNT_LIMIT - 1),
    "window": one_of(*WINDOWS),
    "timezone": _zone,
    "match": _match,
    "per": check_text,
    "action": one_of("block", "warn"),
    "alert_at": _alert_at,
    "on_failure": _ON_FAILURE,
    "on_unknown": one_of("block", "allow"),
    "assume_output_tokens": whole_number(1, 10**9),
    "scopes_limit": whole_number(1, 10**6),
}

_RUNAWAY: Final[Mapping[str, Check]] = {
    "action": one_of("block", "warn", "off"),
    "open_s": seconds("1", _DAY_S),
    "repeats": whole_number(0, 10**9),
    "repeats_s": seconds("1", _DAY_S),
    "calls_per_trace": whole_number(0, 10**9),
    "cost_per_trace_usd": usd("from 0", lambda amount: amount >= 0),
    "velocity": number_in("0, or 1 to 1000000 times", lambda rate: rate == 0 or 1 <= rate <= 10**6),
    "velocity_floor_usd": usd("from 0", lambda amount: amount >= 0),
}


def _runaway(value: object, place: Place) -> dict[str, Any]:
    table = _section("runaway", _RUNAWAY)(value, place)
    return {key.removesuffix("_usd"): inner for key, inner in table.items()}


_ALERTS: Final[Mapping[str, Check]] = {
    "dashboards_url": _address,
    "spike_floor_usd": dollars,
    "spike_times": times,
    "spike_deviations": times,
    "runaway_times": times,
    "runaway_requests": whole_number(1, 10**9),
    "calls_per_trace": whole_number(1, 10**9),
    "calls_per_trace_times": times,
    "prompt_times": times,
    "prompt_floor_tokens": whole_number(1, 10**9),
    "waste_share": share('above 0, up to 1: "20%" or 0.2', _is_part),
    "waste_floor_usd": dollars,
    "cache_share": share('above 0, up to 1: "50%" or 0.5', _is_part),
    "cache_floor_tokens": whole_number(1, 10**12),
    "mismatch_share": share('above 0, up to 1: "5%" or 0.05', _is_part),
    "price_age_days": whole_number(1, 3650),
    "silent_minutes": whole_number(1, 1440),
}

_DOCUMENT: Final[Mapping[str, Check]] = {
    "ledger": _section("ledger", _LEDGER),
    "budget": _budgets,
    "runaway": _runaway,
    "alerts": _section("alerts", _ALERTS),
}
