"""Processes that spend one budget together: what each of them does, and how a test starts and ends them.

A process says `ready`, waits for a line, spends until the budget leaves no room or another line comes, and
says what it has done. When the test goes away its standard input ends, and so does the process.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import subprocess
import sys
import threading
import time

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any, Final

from typing_extensions import Self

from otel_tokens.budgets.budget import Budget
from otel_tokens.budgets.lines import Part
from otel_tokens.budgets.purse import Purse
from otel_tokens.errors import LedgerError
from otel_tokens.ledgers.ledger import Account, Balance, Ledger
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings
from tests.clients.processes import ROOT


PATIENCE_S: Final = 120.0
"""Whatever takes longer hangs."""
ACCOUNT: Final = Account("fleet", "total")


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one process does."""

    url: str = "memory:"
    namespace: str = "default"
    cap: int
    amount: int = 100
    """What every call holds."""
    equal: bool = True
    """Whether every call costs what it holds; else anything from 1 to that."""
    threads: int = 1
    slice: str = "0"
    timeout_s: float = 10.0
    lease_s: float = 60.0
    on_failure: str = "block"
    pause_s: float = 0.0
    """How long a call takes, and how long it is until the next one, at most."""
    endless: bool = False
    """Whether to go on until it is told to stop."""
    notes: str = ""
    """A file in which to note what each call costs: as it is begun, and once it is refused, sent, settled."""
    seed: int = 0


@dataclass
class Done:
    """What one process has done."""

    sent: int = 0
    spent: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """How many holds were refused, by reason."""
    failures: int = 0
    """Steps of the ledger that failed."""
    seconds: float = 0.0
    steps_us: list[int] = field(default_factory=list)
    """How long hold and settle took, call by call."""


class Spender:
    """Threads that spend, through one purse."""

    def __init__(self, job: Job, ledger: Ledger) -> None:
        settings = LedgerSettings(
            url=job.url, slice=Decimal(job.slice), timeout_s=job.timeout_s, lease_s=job.lease_s
        )
        self.purse = Purse(ledger, settings, self)
        self.done = Done()
        self.ends = threading.Event()
        self.most = 0
        """The most that was ever spent and out at once, as this process knows without any ledger."""
        self._job = job
        self._budget = Budget(name=ACCOUNT.budget, limit=job.cap, on_failure=job.on_failure)
        self._lock = threading.Lock()
        self._out = 0
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._notes = os.open(job.notes, flags, 0o600) if job.notes else -1

    def ledger_failure(self, error: LedgerError, *, first: bool) -> None:
        """Count a step that failed."""
        del error, first
        self.done.failures += 1

    def ledger_back(self, down_s: float) -> None:
        """Nothing to do."""

    def spent(self, budget: Budget, balance: Balance) -> None:
        """Nothing to do."""

    def run(self) -> Done:
        """Spend with all threads, and see to it that the ledger knows all of it."""
        threads = [threading.Thread(target=self._work, args=(at,)) for at in range(self._job.threads)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.done.seconds = time.monotonic() - begun
        patiently(self._caught_up)
        self.purse.stop()
        return self.done

    def _caught_up(self) -> bool:
        try:
            self.purse.balances()
        except LedgerError:
            return False
        return True

    def _work(self, thread: int) -> None:
        job, chance = self._job, random.Random(f"{self._job.seed} {thread}")  # noqa: S311
        while not self.ends.is_set():
            cost = job.amount if job.equal else chance.randint(1, job.amount)
            if self._call(cost, chance):
                return
            time.sleep(chance.uniform(0, job.pause_s))

    def _call(self, cost: int, chance: random.Random) -> bool:
        """Make a call; whether there will never be room for another one."""
        amount = self._job.amount
        part = Part(self.purse.line(ACCOUNT, self._budget), amount)
        self._note("begun", cost)
        begun = time.perf_counter()
        refused = None if self.purse.take([part]) else self.purse.ask([part])
        held = time.perf_counter()
        if refused is not None:
            self._note("refused", cost)
            with self._lock:
                self.done.refused[refused.why] = self.done.refused.get(refused.why, 0) + 1
            time.sleep(chance.uniform(0.001, 0.01))
            return refused.why == "limit" and refused.balance.spent + amount > refused.balance.cap
        self._note("sent", cost)
        with self._lock:
            self._out += amount
            self.most = max(self.most, self.done.spent + self._out)
        time.sleep(chance.uniform(0, self._job.pause_s))
        with self._lock:  # the call is over; before its hold is, so that `most` is never too much
            self._out -= amount
            self.done.spent += cost
            self.done.sent += 1
        ended = time.perf_counter()
        self.purse.settle([(part.line, amount, cost)], wait=True)
        self.done.steps_us.append(round(1e6 * (held - begun + time.perf_counter() - ended)))
        self._note("settled", cost)
        return False

    def _note(self, what: str, cost: int) -> None:
        """One line of the notes, written in one go."""
        if self._notes >= 0:
            os.write(self._notes, f"{what} {cost}\n".encode())


def patiently(seen: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < until, "it has not come"
        time.sleep(0.005)


class Fleet:
    """Processes at work; a context that leaves none behind."""

    def __init__(self, module: str, jobs: Sequence[Any], **env: str) -> None:
        """Start one process for each job, and wait until all are ready."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **env}
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-W", "error", "-m", module, json.dumps(job)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env=environment,
            )
            for job in jobs
        ]
        self._readers: list[threading.Thread] = []
        self._said: dict[int, str] = {}
        for process in self.processes:
            assert self._out(process).readline() == "ready\n"

    @classmethod
    def of(cls, *jobs: Job) -> Self:
        """A fleet of purses."""
        return cls(__name__, [dataclasses.asdict(job) for job in jobs])

    @staticmethod
    def _out(process: subprocess.Popen[str]) -> Any:
        return process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        for reader in self._readers:
            reader.join()
        for process in self.processes:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def tell(self) -> None:
        """Tell every process to begin, or to stop; those that are dead are told nothing."""
        for process in self.processes:
            if process.poll() is None and process.stdin is not None:
                process.stdin.write("\n")
                process.stdin.flush()
        if not self._readers:
            for at in range(len(self.processes)):
                self._readers.append(threading.Thread(target=self._read, args=(at,)))
                self._readers[-1].start()

    def _read(self, at: int) -> None:
        self._said[at] = self._out(self.processes[at]).read()

    @property
    def is_busy(self) -> bool:
        """Whether any process is still at work."""
        return any(process.poll() is None for process in self.processes)

    def said(self) -> list[Any]:
        """What every process has said at its end, which all must reach in good order."""
        patiently(lambda: not self.is_busy)
        assert [process.returncode for process in self.processes] == [0] * len(self.processes)
        for reader in self._readers:
            reader.join()
        return [json.loads(self._said[at]) for at in range(len(self.processes))]

    def done(self) -> list[Done]:
        """What a fleet of purses has done."""
        return [Done(**said) for said in self.said()]


def wait_for_the_others() -> None:
    """Say that this process is ready, and wait until all are."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _main() -> None:
    job = Job(**json.loads(sys.argv[1]))
    settings = LedgerSettings(url=job.url, namespace=job.namespace, timeout_s=job.timeout_s)
    spender = Spender(job, open_ledger(settings))
    wait_for_the_others()
    if job.endless:

        def listen() -> None:
            sys.stdin.readline()
            spender.ends.set()

        threading.Thread(target=listen, daemon=True).start()
    sys.stdout.write(json.dumps(dataclasses.asdict(spender.run())))


if __name__ == "__main__":
    _main()
