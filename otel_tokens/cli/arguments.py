"""The words that the command understands."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from typing import Any, Final, NoReturn

from ..errors import ConfigError
from ..version import __version__
from .change import reset, set_limit, top_up
from .check import check
from .collector_prices import collector_prices
from .collector_rules import collector_rules
from .drill import drill
from .drill_forms import FORMS
from .explain import explain
from .prices import diff, show, update
from .records import FORMAT
from .simulate import simulate
from .status import status
from .surroundings import OK, Surroundings
from .trail import trail


_CONFIG: Final = "the budget file (default: OTEL_TOKENS_CONFIG, else ./otel-tokens.toml)"


class _Parser(ArgumentParser):
    """A parser that takes no short forms of options, and has its errors printed with all others."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  # those of argparse
        super().__init__(**kwargs, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message} (see {self.prog} --help)")


def parser() -> ArgumentParser:
    """What reads the command line; `run` of its result is the command."""
    top = _Parser(prog="otel-tokens", description="A meter and a fuse for LLM spending.")
    top.add_argument("--version", action="version", version=f"otel-tokens {__version__}")
    top.set_defaults(run=_helper(top))
    groups = top.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    about = "See, change and test the budgets that cap what calls may cost."
    budget = groups.add_parser("budget", help="see, change and test budgets", description=about)
    budget.set_defaults(run=_helper(budget))
    commands = budget.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[Namespace, Surroundings], int], text: str, **more: Any) -> _Parser:  # noqa: ANN401
        made: _Parser = commands.add_parser(name, help=text, description=f"{_capital(text)}.", **more)
        made.set_defaults(run=run)
        return made

    _looks(command)
    _changes(command)
    _tests(command)
    _collector(groups)
    _prices(groups)
    return top


def _helper(of: ArgumentParser) -> Callable[[Namespace, Surroundings], int]:
    """A command that prints the help."""

    def run(_args: Namespace, here: Surroundings) -> int:
        here.out.write(of.format_help())
        return OK

    return run


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _collector(groups: Any) -> None:  # noqa: ANN401  # a private type of argparse
    about = "Make what the collector and Prometheus run: price table and rules."
    made: _Parser = groups.add_parser("collector", help="make price table and rules", description=about)
    made.set_defaults(run=_helper(made))
    commands = made.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    text = "the price table for spans of other instrumentations, as a configuration of the collector"
    table: _Parser = commands.add_parser("prices", help=text, description=f"{_capital(text)}.")
    table.set_defaults(run=collector_prices)
    table.add_argument("--prices", metavar="FILE", help="own prices (default: OTEL_TOKENS_PRICES)")
    table.add_argument(
        "--provider", action="append", default=[], metavar="NAME", help="only this one; may be repeated"
    )
    table.add_argument(
        "--label", action="append", default=[], metavar="NAME", help="a label of metrics; may be repeated"
    )
    table.add_argument(
        "--endpoint",
        action="append",
        default=[],
        metavar="HOST=PROVIDER",
        help="what stands behind a host that nobody knows; may be repeated",
    )
    table.add_argument("--output", default="-", metavar="FILE", help="where to write (default: here)")
    table.add_argument("--check", metavar="FILE", help="write nothing; exit 1 when this file is stale")

    text = "recording and alerting rules, with the thresholds of the budget file"
    rule: _Parser = commands.add_parser("rules", help=text, description=f"{_capital(text)}.")
    rule.set_defaults(run=collector_rules)
    rule.add_argument("--budgets", metavar="FILE", help=_CONFIG)
    rule.add_argument(
        "--labels", default="team", metavar="A,B", help="those of OTEL_TOKENS_LABELS (default: team)"
    )
    rule.add_argument(
        "--lookback", default="1d", metavar="D", help="how far a process may lie silent (default: 1d)"
    )
    rule.add_argument("--output", default="-", metavar="DIR", help="where to write (default: here)")
    rule.add_argument("--check", metavar="DIR", help="write nothing; exit 1 when files there are stale")


def _prices(groups: Any) -> None:  # noqa: ANN401  # a private type of argparse
    about = "See what a model costs and why, compare price books, and compile a newer one."
    made: _Parser = groups.add_parser("prices", help="see, compare and renew prices", description=about)
    made.set_defaults(run=_helper(made))
    commands = made.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    text = "who sells a model, which row of the book prices it and why, and what an example costs"
    shows: _Parser = commands.add_parser("show", help=text, description=f"{_capital(text)}.")
    shows.set_defaults(run=show)
    shows.add_argument("model", metavar="MODEL", help="its name, as a response states it")
    shows.add_argument("--provider", metavar="NAME", help="only this one (default: all that sell it)")
    shows.add_argument("--at", metavar="DATE", help="a day or a time of UTC (default: now)")
    shows.add_argument(
        "--variant", default="standard", metavar="V", help="batch, flex, priority, fast, committed"
    )
    shows.add_argument("--server-address", metavar="HOST", help="the host that is called")
    shows.add_argument("--inference-geo", metavar="GEO", help="where the provider says that it ran")
    shows.add_argument("--prices", metavar="FILE", help="own prices (default: OTEL_TOKENS_PRICES)")
    shows.add_argument(
        "--tokens",
        action="append",
        default=[],
        metavar="NAME=N,…",
        help="price this usage, such as input=1000,output=500,web_search=1",
    )
    _json(shows)

    text = "what is different between two price books, by model"
    diffs: _Parser = commands.add_parser("diff", help=text, description=f"{_capital(text)}.")
    diffs.set_defaults(run=diff)
    diffs.add_argument("old", nargs="?", metavar="OLD", help="a file, or shipped (default)")
    diffs.add_argument("new", nargs="?", metavar="NEW", help="a file, or shipped (default: the one in use)")
    diffs.add_argument("--prices", metavar="FILE", help="lay these own prices over NEW")
    _json(diffs)

    text = "compile a newer price book into a file, without touching what is installed"
    made = commands.add_parser("update", help=text, description=f"{_capital(text)}.")
    made.set_defaults(run=update)
    made.add_argument("--output", metavar="FILE", help="where to write (default: OTEL_TOKENS_BOOK)")
    made.add_argument("--version", metavar="V", help="of genai-prices (default: the newest)")
    made.add_argument(
        "--from", dest="source", metavar="PATH", help="a wheel or folder of genai-prices that is already here"
    )
    made.add_argument(
        "--max-change", default="50", metavar="PERCENT", help="ask about what changes by more (default: 50)"
    )
    made.add_argument("--dry-run", action="store_true", help="write nothing; say what would change")
    made.add_argument("--yes", action="store_true", help="do not ask")
    _json(made)


def _looks(command: Callable[..., _Parser]) -> None:
    """Commands that show what is."""
    made = command("status", status, "what every budget has spent, holds and may spend")
    made.add_argument("names", nargs="*", metavar="NAME", help="only these budgets")
    made.add_argument("--scope", metavar="S", help="only this value of what is counted apart")
    made.add_argument(
        "--all", action="store_true", help="every scope, not only the 10 nearest to their limits"
    )
    _common(made)
    made = command("trail", trail, "who has changed which limit or count, newest first")
    made.add_argument("name", nargs="?", metavar="NAME", help="only this budget")
    made.add_argument("--limit", type=_positive, default=20, metavar="N", help="how many lines (default: 20)")
    _common(made)
    made = command(
        "explain", explain, "which budgets a call would fall under, why, and whether it would pass"
    )
    made.add_argument("--model", metavar="M", help="the model that it asks for")
    made.add_argument("--provider", metavar="P", help="default: anthropic for claude…, else openai")
    made.add_argument(
        "--label", action="append", default=[], metavar="K=V", help="such as team=search; repeatable"
    )
    made.add_argument(
        "--max-output", type=_positive, metavar="N", help="the maximum of output tokens it states"
    )
    made.add_argument(
        "--input-tokens", type=_whole, default=1000, metavar="N", help="tokens of its input (default: 1000)"
    )
    _common(made)


def _changes(command: Callable[..., _Parser]) -> None:
    """Commands that change limits and counts."""
    made = command(
        "set", set_limit, "put another limit in place of the file's, for every account of a budget"
    )
    made.add_argument("name", metavar="NAME")
    made.add_argument("amount", nargs="?", metavar="AMOUNT", help="in USD or tokens, as the budget is")
    made.add_argument("--unset", action="store_true", help="take it away: the file's limit holds again")
    _common(made, json=False, signed=True)
    made = command(
        "reset", reset, "forget what has been spent in the current window; what is held stays held"
    )
    made.add_argument("name", metavar="NAME")
    made.add_argument("--scope", metavar="S", help="which one of what is counted apart")
    made.add_argument("--yes", action="store_true", help="do not ask")
    _common(made, json=False, signed=True)
    made = command("top-up", top_up, "add to the limit in the current window; a negative amount takes away")
    made.add_argument("name", metavar="NAME")
    made.add_argument("amount", metavar="AMOUNT", help="in USD or tokens, as the budget is")
    made.add_argument("--scope", metavar="S", help="which one of what is counted apart")
    _common(made, json=False, signed=True)


def _tests(command: Callable[..., _Parser]) -> None:
    """Commands that test a budget file, or this installation."""
    made = command("check", check, "read a budget file, say what it means, and try its ledger")
    made.add_argument("file", nargs="?", metavar="FILE", help="default: as --config")
    _common(made)
    made = command(
        "simulate",
        simulate,
        "replay recorded calls against a budget file, without touching its ledger",
        epilog=FORMAT,
        formatter_class=RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "records", nargs="+", metavar="RECORDS", help="files of recorded calls; - is standard input"
    )
    _common(made)
    made = command("drill", drill, "prove on this machine that every patched client is stopped at a cap")
    made.add_argument(
        "--client", action="append", choices=sorted(FORMS), metavar="NAME", help="only this one; repeatable"
    )
    _json(made)


def _common(made: ArgumentParser, *, json: bool = True, signed: bool = False) -> None:
    made.add_argument("--config", metavar="FILE", help=_CONFIG)
    if json:
        _json(made)
    if signed:
        made.add_argument("--who", metavar="WHO", help="for the audit trail (default: user@host)")


def _json(made: ArgumentParser) -> None:
    made.add_argument("--json", action="store_true", help="print JSON, with exact amounts")


def _positive(text: str) -> int:
    number = _whole(text)
    if not number:
        raise ValueError
    return number


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):  # noqa: PLR2004  # no call is that long
        raise ValueError
    return int(text)


_positive.__name__, _whole.__name__ = "whole number above 0", "whole number"  # what argparse calls them
