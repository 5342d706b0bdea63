"""`otel-tokens collector prices`: the price table of the collector, from the same book as the library's."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Final

from ..errors import ConfigError
from ..pricing.override import EMPTY, Override, read
from .surroundings import OK, WRONG, Surroundings


_STDOUT: Final = "-"


def collector_prices(args: Namespace, here: Surroundings) -> int:
    """Write the table, or say whether a file of it is what would be written."""
    from ..collector.price_metrics import LABELS  # noqa: PLC0415
    from ..collector.prices import compiled  # noqa: PLC0415  # with the whole book
    from .prices_books import book_in_use  # noqa: PLC0415

    text = compiled(
        _override(args.prices, here),
        args.provider,
        labels=args.label or LABELS,
        endpoints=dict([_endpoint(word) for word in args.endpoint]),
        command=_command(args),
        data=book_in_use(here).data,
    )
    if args.check is not None:
        return _check(Path(args.check), text, here)
    if args.output == _STDOUT:
        here.out.write(text)
        return OK
    path = Path(args.output)
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot write the prices: {error}") from error
    here.say(f"{path}: {len(text):,} bytes")
    return OK


def _override(given: str | None, here: Surroundings) -> Override:
    own = given or here.env.get("OTEL_TOKENS_PRICES", "").strip()
    return read(Path(own)) if own else EMPTY


def _endpoint(word: str) -> tuple[str, str]:
    host, equals, provider = word.partition("=")
    if not equals or not host.strip() or not provider.strip():
        raise ConfigError(f"--endpoint {word!r}: expected HOST=PROVIDER, such as llm.corp=openai")
    return host.strip().lower(), provider.strip()


def _command(args: Namespace) -> str:
    """The command that makes the same file again; where it is written to does not matter."""
    words = ["otel-tokens collector prices"]
    words += [f"--prices {args.prices}"] if args.prices else []
    words += [f"--provider {name}" for name in args.provider]
    words += [f"--label {name}" for name in args.label or ()]
    words += [f"--endpoint {word}" for word in args.endpoint]
    return " ".join(words)


def _check(path: Path, text: str, here: Surroundings) -> int:
    try:
        found = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot read the prices: {error}") from error
    if found == text:
        here.say(f"{path}: is what the book says")
        return OK
    lines = zip(found.splitlines(), text.splitlines(), strict=False)
    number = next((place for place, (is_, should) in enumerate(lines, 1) if is_ != should), "the end")
    here.say(f"{path}: is stale, from line {number} on: run `{_command_of(text)}` again")
    return WRONG


def _command_of(text: str) -> str:
    return text.split("`")[1]
