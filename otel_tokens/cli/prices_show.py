"""`otel-tokens prices show`: who sells a model, which row of the book prices it and why, what it costs."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime, timezone
from typing import Any, Final

from ..errors import ConfigError
from ..pricing import Terms
from ..pricing.override import Override
from ..pricing.price import VARIANTS
from ..pricing.sellers import LOCAL, spelled
from . import render
from .prices_books import Book, book_in_use, own_prices
from .prices_example import parsed
from .prices_page import page, survey
from .prices_sellers import close_names, elsewhere, providers, sellers
from .prices_shown import Shown, document, shown
from .surroundings import OK, WRONG, Surroundings


_END_S: Final = datetime(9999, 1, 1, tzinfo=timezone.utc).timestamp()


def show(args: Namespace, here: Surroundings) -> int:
    """Print what is known of a model; 1 if nothing is."""
    book = book_in_use(here)
    path, override = own_prices(args.prices, here)
    terms = _terms(args, here)
    usage = parsed(args.tokens) if args.tokens else None
    found = [
        shown(seller, book, override, terms, usage)
        for seller in sellers(book, override, args.model, args.provider)
    ]
    if args.json:
        here.say(render.document(_document(args, book, path, terms, found)))
        return OK if found or _is_local(args) else WRONG
    if not found:
        return _nothing(args, here, book, override)
    of_book = f"book {book.version}{f', own prices of {path}' if path else ''}"
    head = f"{render.moment(terms.at_s, 'UTC')} UTC, {terms.variant}, {of_book}"
    lines = page(found[0], head) if len(found) == 1 else survey(args.model, found, head)
    for line in lines:
        here.say(line)
    others = _others(args, book, found)
    if others:
        here.say(f"others have it under other names: {_names(others)}")
    return OK


def _others(args: Namespace, book: Book, found: list[Shown]) -> list[tuple[str, str]]:
    return elsewhere(book, args.model, [one.seller for one in found]) if found and not args.provider else []


def _names(found: list[tuple[str, str]]) -> str:
    return ", ".join([f"{name} ({seller})" for seller, name in found])


def _terms(args: Namespace, here: Surroundings) -> Terms:
    if args.variant not in VARIANTS:
        raise ConfigError(f"--variant {args.variant!r}: expected one of {', '.join(sorted(VARIANTS))}")
    return Terms(
        provider="",
        model=args.model,
        at_s=here.now_s() if args.at is None else _moment(args.at),
        variant=args.variant,
        server_address=args.server_address,
        inference_geo=args.inference_geo,
    )


def _moment(text: str) -> float:
    """A day or a time of UTC, in Unix seconds."""
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        at_s = (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        at_s = -1
    if not 0 <= at_s < _END_S:
        raise ConfigError(
            f"--at {text!r}: expected a day or a time of UTC, such as 2026-11-24 or 2026-11-24T02:00"
        )
    return at_s


def _is_local(args: Namespace) -> bool:
    return bool(args.provider) and spelled(args.provider) in LOCAL


def _nothing(args: Namespace, here: Surroundings, book: Book, override: Override) -> int:
    """Say that nobody sells it, and what looks like it."""
    if _is_local(args):
        here.say(
            f"{args.provider} runs on one's own machine: every model is free, unless own prices say more"
        )
        return OK
    provider = args.provider
    if provider and not book.catalog.knows(spelled(provider)):
        known = ", ".join(providers(book, override))
        here.err.write(f"otel-tokens: the provider {provider!r} is not in the book; known: {known}\n")
        return WRONG
    at = f" at {spelled(provider)}" if provider else ""
    text = f"no price of {args.model!r}{at} is known"
    close = close_names(book, args.model, provider)
    if close:
        text += f"; close: {_names(close)}"
    here.err.write(f"otel-tokens: {text}\n")
    return WRONG


def _document(
    args: Namespace, book: Book, path: str | None, terms: Terms, found: list[Shown]
) -> dict[str, Any]:
    close = [] if found else close_names(book, args.model, args.provider)
    others = _others(args, book, found)
    return {
        "model": args.model,
        "provider": args.provider,
        "at": render.iso(terms.at_s),
        "variant": terms.variant,
        "server_address": terms.server_address,
        "inference_geo": terms.inference_geo,
        "book": {"name": book.name, "version": book.version, "dated": book.dated},
        "own_prices": path,
        "sellers": [document(one) for one in found],
        "free_by_rule": not found and _is_local(args),
        "close": [{"provider": seller, "model": name} for seller, name in close],
        "under_other_names": [{"provider": seller, "model": name} for seller, name in others],
    }
