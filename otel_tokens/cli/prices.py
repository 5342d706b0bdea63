"""`otel-tokens prices`: its commands, each imported when it is run, as others need no whole price book."""

from __future__ import annotations

from argparse import Namespace

from .surroundings import Surroundings


def show(args: Namespace, here: Surroundings) -> int:
    """Who sells a model, and what it costs."""
    from .prices_show import show as run  # noqa: PLC0415

    return run(args, here)


def diff(args: Namespace, here: Surroundings) -> int:
    """What is different between two books."""
    from .prices_diff import diff as run  # noqa: PLC0415

    return run(args, here)


def update(args: Namespace, here: Surroundings) -> int:
    """A newer book."""
    from .prices_update import update as run  # noqa: PLC0415

    return run(args, here)
