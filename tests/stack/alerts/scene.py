"""The scene: the stack in compressed time, calm at first; then every cause comes, is told of, and ends."""

from __future__ import annotations

import time
import urllib.error
import urllib.request

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from collector.stack import Program, Stack, with_webhooks

from ..queries import fetched, scalar
from . import compressed
from .compressed import MINUTE
from .sources import Fleet
from .table import MUTED, ROWS, fits
from .webhook import Told, Webhook


SILENCE_S: Final = 10.0
"""After so long what comes twice a second comes no more. Alertmanager repeats it for 4 seconds by itself."""


def nothing() -> None:
    """Leave everything as it is."""


@dataclass
class Step:
    """Something that happens, the rows that somebody has to be told of for it, and what is muted."""

    do: Callable[[], object]
    rows: Sequence[str] = ()
    muted: Sequence[str] = ()
    keep: Callable[[], object] = nothing
    """What goes on happening until everything is told."""
    over: bool = False
    """Whether what has happened is over when it is told, as money that is not spent any more."""


@dataclass
class Cause:
    """A cause of alerts, from its start to its end."""

    steps: Sequence[Step]
    end: Callable[[], object] = nothing
    after: Callable[[], bool] = lambda: True
    patience_s: float = 120
    """After so long it ends, told of or not."""


@dataclass
class Outcome:
    """What came of a row."""

    began: float = float("inf")
    told: Mapping[str, Told] = field(default_factory=dict)
    ended: float = float("inf")
    resolved: Mapping[str, Told] = field(default_factory=dict)
    gone: bool = False
    """Whether Prometheus has stopped firing it after its cause had ended."""


@dataclass
class Muting:
    """What came of an alert that another one mutes."""

    fired: bool = False
    told: Mapping[str, Told] | None = None


class Scene:
    """The stack, its senders and its people."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.people = Webhook()
        self.fleet = Fleet(stack.ports.http)
        self.collector: Program = stack.collector()
        self.firing: list[Mapping[str, str]] = []
        """The labels of the alerts that Prometheus fires now."""
        self.outcomes = {name: Outcome() for name in ROWS}
        self.mutings = {name: Muting() for name in MUTED}
        self.calm: list[Mapping[str, str]] = []
        """What was fired or told of before any cause."""
        self.watchdog_silent_s = 0.0
        """How long nothing was heard of what always fires, when Prometheus had ended."""

    def start(self) -> None:
        """Start everything, with divided durations.

        Prometheus finds its targets within 5 seconds, which are 10 minutes of the rules: these come after it.
        """
        stack = self.stack
        self.people.start()
        config = with_webhooks(stack.folder, self.people.url)
        config.write_text(compressed.routes(config.read_text("utf-8")), "utf-8")
        rules, stack.rules = stack.rules, stack.folder / "none"
        stack.alertmanager_file = config
        stack.scrape_s = stack.evaluation_s = MINUTE
        self.alertmanager, self.prometheus = stack.alertmanager(), stack.prometheus()
        self.prometheus.command = [
            *self.prometheus.command,
            f"--query.lookback-delta={compressed.divided('5m')}",
            "--rules.alert.resend-delay=1s",
        ]
        stack.start(self.collector, self.alertmanager, self.prometheus)
        self.until(lambda: scalar(stack.ports.prometheus, "sum(up)") == 3, 60)
        compressed.rules(rules, self.prometheus.folder / "rules")
        self.reload()
        self.fleet.start()

    def stop(self) -> None:
        """End what is not the stack's."""
        if self.fleet.is_alive():
            self.fleet.stop()
        self.people.stop()

    def reload(self) -> None:
        """Let Prometheus read its rules again."""
        url = f"http://127.0.0.1:{self.stack.ports.prometheus}/-/reload"
        request = urllib.request.Request(url, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
            assert answer.status == 200

    def fires(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels fires, by the last look."""
        return any(fits(labels, each) for each in self.firing)

    def look(self) -> None:
        """See what Prometheus fires."""
        try:
            found = fetched(f"http://127.0.0.1:{self.stack.ports.prometheus}/api/v1/alerts")
        except (urllib.error.URLError, ConnectionError):
            return
        self.firing = [each["labels"] for each in found["data"]["alerts"] if each["state"] == "firing"]

    def until(self, question: Callable[[], Any], seconds: float) -> bool:
        """Wait for something, so long at most."""
        end = time.monotonic() + seconds
        while not question():
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
            self.look()
        return True

    def note_calm(self) -> None:
        """Note what is fired, and what has been told of so far."""
        self.look()
        self.calm = [*self.firing, *(each.labels for each in self.people.told)]

    def listen(self) -> None:
        """Wait until nothing is heard of what always fires, which comes every half a second."""

        def is_silent() -> bool:
            last = max(each.at for each in list(self.people.told) if each.receiver == "deadman")
            self.watchdog_silent_s = time.monotonic() - last
            return self.watchdog_silent_s > SILENCE_S

        self.until(is_silent, 60)

    def play(self, causes: Sequence[Cause]) -> None:
        """Let causes come, all at once, until all is over."""
        plays = [self._play(cause) for cause in causes]

        def is_over() -> bool:
            plays[:] = [play for play in plays if not next(play, True)]
            return not plays

        self.until(is_over, sum(2 * cause.patience_s for cause in causes))

    def _play(self, cause: Cause) -> Iterator[bool]:
        late = time.monotonic() + cause.patience_s
        while not cause.after() and time.monotonic() < late:
            yield False
        rows: list[str] = []
        for step in cause.steps:
            began = time.monotonic()
            step.do()
            rows += step.rows
            while not (self._is_told(step.rows, began) & self._are_muted(step.muted, began)):
                if time.monotonic() > late:
                    break
                step.keep()
                yield False
            if step.over:
                self._end(step.rows)
        self._end(rows)
        cause.end()
        is_late = time.monotonic() > late
        while not self._is_over(rows) and not is_late:
            yield False
            is_late = time.monotonic() > late + cause.patience_s

    def _is_told(self, rows: Sequence[str], began: float) -> bool:
        for name in rows:
            outcome = self.outcomes[name]
            outcome.began = min(outcome.began, began)
            outcome.told = self.people.about(ROWS[name].labels, "firing", after=outcome.began)
        return all(self.outcomes[name].told.keys() >= ROWS[name].to for name in rows)

    def _are_muted(self, muted: Sequence[str], began: float) -> bool:
        for name in muted:
            muting = self.mutings[name]
            muting.fired |= self.fires(MUTED[name])
            muting.told = self.people.about(MUTED[name], "firing", after=began)
        return all(self.mutings[name].fired for name in muted)

    def _end(self, rows: Sequence[str]) -> None:
        for name in rows:
            outcome = self.outcomes[name]
            outcome.ended = min(outcome.ended, time.monotonic())

    def _is_over(self, rows: Sequence[str]) -> bool:
        for name in rows:
            outcome, labels = self.outcomes[name], ROWS[name].labels
            outcome.gone = not self.fires(labels)
            outcome.resolved = self.people.about(labels, "resolved", after=outcome.ended)
        return all(
            self.outcomes[name].gone
            and self.outcomes[name].resolved.keys() >= ROWS[name].to - {"digest", "deadman"}
            for name in rows
        )
