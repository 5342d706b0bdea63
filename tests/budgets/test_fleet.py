"""A fleet under one cap: real processes that race, die, lose their ledger, disagree on the time, and fork."""

from __future__ import annotations

import dataclasses
import logging
import random
import struct
import threading
import time
import uuid
import zoneinfo

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from otel_tokens.budgets.budget import Budget, Plan
from otel_tokens.budgets.facts import Facts
from otel_tokens.budgets.gate import Gate
from otel_tokens.budgets.lines import Part
from otel_tokens.budgets.purse import Purse
from otel_tokens.errors import BudgetExceeded
from otel_tokens.ledgers.ledger import Balance, Ledger
from otel_tokens.ledgers.memory import MemoryLedger
from otel_tokens.ledgers.opening import open_ledger
from otel_tokens.ledgers.settings import LedgerSettings
from otel_tokens.ledgers.sqlite import SqliteLedger

from .conftest import Place
from .fleet import Done, Fleet, Job, Spender, patiently
from .fleet_client import COST
from .plans import Store
from .redis_server import Server, redis_server
from .test_purse import Process, Told


pytestmark = pytest.mark.load

log = logging.getLogger("fleet")

PROCESSES = 16
THREADS = 8
AMOUNT = 100
CALLS = 1200
CAP = CALLS * AMOUNT + AMOUNT // 3
"""A little is left in the end that no call fits into."""


class Sampler:
    """Reads a ledger all the time, and keeps the most that was ever spent and held."""

    def __init__(self, read: Callable[[], list[Any]]) -> None:
        self.most = 0
        self.samples = 0
        self._read = read

    def look(self) -> None:
        """Look once."""
        for found in self._read():
            self.most = max(self.most, found.spent + found.held)
        self.samples += 1

    def during(self, is_busy: Callable[[], bool]) -> None:
        """Look as long as something goes on, and once after it."""
        while is_busy():
            self.look()
            time.sleep(0.001)
        self.look()


def balance(ledger: Ledger) -> tuple[int, int]:
    """What is spent and held on the one account."""
    (found,) = ledger.balances()
    return found.spent, found.held


def report(name: str, done: list[Done], samples: int = 0) -> None:
    """Say what was measured; seen with `--log-cli-level=INFO`."""
    steps = sorted(us for one in done for us in one.steps_us)
    sent, seconds = sum(one.sent for one in done), max(one.seconds for one in done)
    log.info(
        "%s: %d calls, %.0f a second; steps of one p50 %d us, p99 %d us; %d samples; refused %s; failed %s",
        name,
        sent,
        sent / seconds,
        steps[len(steps) // 2],
        steps[len(steps) * 99 // 100],
        samples,
        [one.refused for one in done[:4]],
        [one.failures for one in done[:4]],
    )


def assert_all_was_spent(done: list[Done], *, equal: bool, cap: int = CAP) -> int:
    """What a fleet has spent when each stops as soon as no call fits any more."""
    spent = sum(one.spent for one in done)
    assert cap - AMOUNT < spent <= cap
    if equal:
        assert sum(one.sent for one in done) == cap // AMOUNT
    assert [one.failures for one in done] == [0] * len(done)
    return spent


# A race.


@pytest.mark.parametrize("equal", [True, False], ids=["equal", "random"])
def test_threads_race_in_memory(*, equal: bool) -> None:
    """128 threads of one process send exactly the calls that fit, and are never past the cap."""
    spender = Spender(Job(cap=CAP, equal=equal, threads=PROCESSES * THREADS), MemoryLedger())
    sampler = Sampler(spender.purse.balances)
    found: list[Done] = []
    worker = threading.Thread(target=lambda: found.append(spender.run()))
    worker.start()
    sampler.during(worker.is_alive)
    worker.join()
    report(f"memory {equal=}", found, sampler.samples)

    spent = assert_all_was_spent(found, equal=equal)
    assert sampler.most <= CAP
    assert spender.most <= CAP
    assert balance(spender.purse.ledger)[0] == spent


@pytest.mark.parametrize(
    ("share", "equal"),
    [("0", True), ("0", False), ("0.05", False)],
    ids=["equal", "random", "slices"],
)
def test_processes_race(shared_place: Place, *, share: str, equal: bool) -> None:
    """16 processes of 8 threads send exactly the calls that fit, and are never past the cap."""
    settings, ledger = shared_place.settings, shared_place.open()
    job = {"url": settings.url, "namespace": settings.namespace, "cap": CAP, "equal": equal}
    jobs = [Job(**job, slice=share, threads=THREADS, seed=seed) for seed in range(PROCESSES)]
    sampler = Sampler(ledger.balances)
    with Fleet.of(*jobs) as fleet:
        fleet.tell()
        sampler.during(lambda: fleet.is_busy)
        done = fleet.done()
    report(f"{shared_place.kind} {share=} {equal=}", done, sampler.samples)

    spent = assert_all_was_spent(done, equal=equal)
    assert sampler.most <= CAP
    assert balance(ledger) == (spent, 0)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_clients_race(store: Callable[[str], Store], tmp_path: Path, kind: str) -> None:
    """4 processes of 4 threads with a real client send exactly the requests that fit."""
    kept, limit = store(kind), Decimal("0.325")
    kept.plan(
        tmp_path, f'[[budget]]\nname = "fleet"\nlimit_usd = "{limit}"\non_failure = "block"\n', timeout_s=10
    )
    settings = LedgerSettings(url=kept.url, namespace=kept.namespace, timeout_s=10)
    ledger = open_ledger(settings)
    sampler = Sampler(ledger.balances)
    with Fleet("tests.budgets.fleet_client", [["race", 4]] * 4) as fleet:
        fleet.tell()
        sampler.during(lambda: fleet.is_busy)
        said = fleet.said()

    asked = min(Decimal(one["asked"]) for one in said)
    sent = sum(one["sent"] for one in said)
    assert COST < asked < 2 * COST
    assert sent == (limit - asked) // COST + 1
    assert sampler.most <= limit.scaleb(12)
    (found,) = ledger.balances()
    assert (found.spent, found.held) == (int(sent * COST.scaleb(12)), 0)
    ledger.close()


# Death.


def noted(file: Path) -> dict[str, int]:
    """What calls have cost that a process has begun, refused, sent and settled."""
    sums = {"begun": 0, "refused": 0, "sent": 0, "settled": 0}
    for line in file.read_text().splitlines():
        what, cost = line.split()
        sums[what] += int(cost)
    return sums


def test_random_deaths(shared_place: Place, tmp_path: Path) -> None:
    """Processes that are killed at any moment lose nothing, count nothing twice and do not hold for long."""
    settings, ledger, chance = shared_place.settings, shared_place.open(), random.Random(7)  # noqa: S311
    job = Job(
        url=settings.url, namespace=settings.namespace, cap=20_000_000, lease_s=0.5, threads=2, equal=False
    )
    jobs = [
        dataclasses.replace(job, endless=True, pause_s=0.005, notes=str(tmp_path / f"{seed}"), seed=seed)
        for seed in range(8)
    ]
    with Fleet.of(*jobs) as fleet:
        fleet.tell()
        for process in fleet.processes:
            time.sleep(chance.uniform(0.05, 0.15))
            process.kill()
        patiently(lambda: not fleet.is_busy)
        patiently(lambda: balance(ledger)[1] == 0)

    spent, notes = balance(ledger)[0], [noted(tmp_path / f"{seed}") for seed in range(8)]
    settled = sum(one["settled"] for one in notes)
    assert settled > 0
    assert settled <= spent <= sum(one["begun"] - one["refused"] for one in notes)
    assert "expire" in [line.action for line in ledger.trail()], "nobody has died with a call under way"
    log.info("%s: %d deaths, settled %d, spent %d", shared_place.kind, len(jobs), settled, spent)

    amount = (job.cap - spent) // 50
    with Fleet.of(dataclasses.replace(job, amount=amount, equal=True)) as fleet:
        fleet.tell()
        (done,) = fleet.done()
    assert done.sent == 50
    assert balance(ledger) == (spent + 50 * amount, 0)


# Trouble with Redis.


Trouble = Callable[[Server, Callable[[], None]], None]
"""What happens to a server; it calls back several times while nothing can be answered."""


def away(look: Callable[[], None]) -> None:
    """Half a second in which a server does not answer, and what was answered before it has been taken in."""
    for _ in range(3):
        time.sleep(0.25)
        look()


def restart(server: Server, look: Callable[[], None]) -> None:
    """End it without a warning, and start it again."""
    server.kill()
    away(look)
    server.start()


def hang(server: Server, look: Callable[[], None]) -> None:
    """Let it take everything, and answer nothing."""
    server.pause()
    away(look)
    time.sleep(0.25)
    server.resume()


def cut(server: Server, look: Callable[[], None]) -> None:
    """Close all connections, again and again."""
    del look  # there are answers all the time
    with server.client() as client:
        for _ in range(40):
            client.client_kill_filter(_type="normal", skipme=True)
            time.sleep(0.02)


EMPTY: dict[str, str] = {}
KEPT = {"appendonly": "yes", "appendfsync": "always"}
TROUBLES = [
    pytest.param(restart, KEPT, id="restart"),
    pytest.param(hang, EMPTY, id="hang"),
    pytest.param(cut, EMPTY, id="cut"),
]
NOTHING_LEFT = pytest.param(restart, EMPTY, id="restart-empty")


def troubled(server: Server, **job: Any) -> list[Job]:
    """Four processes that spend at a Redis which will not always answer."""
    return [
        Job(url=server.url, threads=2, timeout_s=0.3, pause_s=0.02, seed=seed, **job) for seed in range(4)
    ]


@pytest.mark.parametrize(("trouble", "options"), [*TROUBLES, NOTHING_LEFT])
def test_all_is_caught_up(trouble: Trouble, options: dict[str, str]) -> None:
    """Whatever happens to Redis, in the end it knows exactly what was spent."""
    with redis_server(**options) as server:
        with Fleet.of(*troubled(server, cap=10**9, on_failure="allow", equal=False, endless=True)) as fleet:
            fleet.tell()
            time.sleep(0.3)
            trouble(server, lambda: None)
            time.sleep(0.3)
            fleet.tell()
            done = fleet.done()
        report(f"{trouble.__name__} {options} allow", done)
        ledger = open_ledger(LedgerSettings(url=server.url))
        assert balance(ledger) == (sum(one.spent for one in done), 0)
        ledger.close()
    assert [one.refused for one in done] == [{}] * 4
    assert trouble is cut or all(one.failures for one in done)


@pytest.mark.parametrize(("trouble", "options"), [*TROUBLES, NOTHING_LEFT])
def test_a_strict_cap_holds(tmp_path: Path, trouble: Trouble, options: dict[str, str]) -> None:
    """With `on_failure = "block"` calls stop while Redis is away, and exactly those that fit are sent."""
    notes = [tmp_path / f"{seed}" for seed in range(4)]

    seen: list[int] = []

    def sent() -> int:
        return sum(file.read_text().count("sent") for file in notes)

    with redis_server(**options) as server:
        jobs = troubled(server, cap=500 * AMOUNT)
        jobs = [dataclasses.replace(job, notes=str(file)) for job, file in zip(jobs, notes, strict=True)]
        with Fleet.of(*jobs) as fleet:
            fleet.tell()
            patiently(lambda: sent() > 100)
            trouble(server, lambda: seen.append(sent()))
            done = fleet.done()
        report(f"{trouble.__name__} {options} strict", done)
        ledger = open_ledger(LedgerSettings(url=server.url))
        assert balance(ledger) == (500 * AMOUNT, 0)
        ledger.close()
    assert sum(one.sent for one in done) == sent() == 500
    assert trouble is cut or all(one.refused["ledger_unreachable"] for one in done)
    assert len(set(seen)) <= 1, "calls went out while Redis was away"
    assert trouble is cut or seen[0] < 500


# Threads that are quick, sleepers, and losses that nobody has seen.


class Quick(Told):
    """As soon as it is told of a step, another call is there."""

    def __init__(self, call: Callable[[], bool]) -> None:
        super().__init__()
        self.taken: list[bool] = []
        self._call = call

    def spent(self, budget: Budget, balance: Balance) -> None:
        """Make the call."""
        del budget, balance
        self.taken.append(self._call())


def test_what_is_granted_is_held_at_once(shared_place: Place) -> None:
    """Who comes between the ledger's answer and the call that asked gets nothing of what was granted."""
    one, other = Process(shared_place.open()), Process(shared_place.open())
    quick = one.purse._listener = Quick(lambda: one.purse.take([Part(one.line(), 600)]))
    assert one.spend(1) is None
    quick.taken.clear()
    with one.purse._step:  # so that what is settled is stated together with what is asked
        asking = threading.Thread(target=one.hold, args=(600,))
        asking.start()
        one.settle(0, 1, wait=False)
        time.sleep(0.05)
    asking.join()

    assert set(quick.taken) == {False}
    assert one.line().held == 600
    assert other.hold(399) == "limit"
    assert other.hold(398) is None
    for process in (one, other):
        process.purse.stop()


def test_a_sleeper_has_no_slice_any_more(shared_place: Place) -> None:
    """A process that was silent for longer than its lease spends nothing of the slice that it had."""
    budget = Budget(name="team", limit=1000, on_failure="block")
    sleeper = Process(shared_place.open(), slice=Decimal("0.5"), lease_s=0.4)
    other = Process(shared_place.open(), lease_s=30)
    assert [sleeper.spend(1, budget), sleeper.spend(1, budget)] == [None, None]
    assert sleeper.line(budget).share > 100
    sleeper.purse._stopped = True  # it gives no sign of life
    patiently(lambda: other.hold(990, budget) is None)
    other.settle(990, 990, budget)

    spent = sum([10 for _ in range(50) if sleeper.spend(10, budget) is None])

    assert (spent, balance(shared_place.open())) == (0, (992, 0))
    other.purse.stop()


def test_after_a_loss_a_strict_cap_still_holds() -> None:
    """Who comes back first to a Redis that has lost all goes by what it knew of the others."""
    budget = Budget(name="team", limit=1000, on_failure="block")
    with redis_server() as server:
        settings = LedgerSettings(url=server.url, timeout_s=5)
        one, other = Process(open_ledger(settings)), Process(open_ledger(settings))
        assert [one.spend(600, budget), other.spend(100, budget)] == [None, None]
        server.kill()
        server.start()

        patiently(lambda: other.hold(400, budget) == "limit")  # it may have to connect anew
        assert other.spend(200, budget) is None
        assert other.hold(101, budget) == "limit"
        patiently(lambda: one.hold(400, budget) == "limit")
        assert one.spend(10, budget) is None
        assert other.spend(90, budget) is None
        assert other.hold(1, budget) == "limit"
        ledger = open_ledger(settings)
        patiently(lambda: balance(ledger) == (1000, 0))
        for process in (one, other):
            process.purse.stop()
        ledger.close()


def test_what_the_dead_have_spent_is_forgotten_with_them() -> None:
    """What nobody has stated again for the time of a lease after a loss is spent by nobody who is alive."""
    budget = Budget(name="team", limit=1000, on_failure="block")
    with redis_server() as server:
        settings = LedgerSettings(url=server.url, timeout_s=5)
        dead, alive = Process(open_ledger(settings)), Process(open_ledger(settings), lease_s=0.5)
        assert [dead.spend(600, budget), alive.spend(100, budget)] == [None, None]
        dead.purse.stop()
        server.kill()
        server.start()

        patiently(lambda: alive.hold(400, budget) == "limit")
        patiently(lambda: alive.spend(400, budget) is None)
        alive.purse.stop()


def test_a_loss_that_nobody_saw() -> None:
    """What an idle process has spent on all its budgets comes back soon after Redis has lost it."""
    idle_for_long, other_budget = Budget(name="team", limit=1000), Budget(name="other", limit=1000)
    with redis_server() as server:
        settings = LedgerSettings(url=server.url, timeout_s=5)
        idle, ledger = Process(open_ledger(settings), lease_s=0.4), open_ledger(settings)
        idle.spend(600, idle_for_long)
        idle.spend(50, other_budget)
        server.kill()
        server.start()

        patiently(lambda: [found.spent for found in ledger.balances()] == [50, 600])
        idle.purse.stop()
        ledger.close()


def test_a_loss_that_is_only_seen_at_the_end() -> None:
    """Whoever leaves says once more what it has spent, if that was lost."""
    with redis_server() as server:
        settings = LedgerSettings(url=server.url, timeout_s=5)
        idle, ledger = Process(open_ledger(settings)), open_ledger(settings)
        idle.spend(600)
        idle.spend(50, Budget(name="other", limit=1000))
        idle.line(Budget(name="unused", limit=1000))
        server.kill()
        server.start()

        idle.purse.stop()

        assert [found.spent for found in ledger.balances()] == [50, 600]
        ledger.close()


# Forks.


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
def test_servers_that_fork(store: Callable[[str], Store], tmp_path: Path, kind: str) -> None:
    """Children of a busy parent, 20 times four of them, all call; all is counted once, and nobody hangs."""
    kept = store(kind)
    kept.plan(tmp_path, '[[budget]]\nname = "fleet"\nlimit_usd = "100"\non_failure = "block"\n', timeout_s=10)
    begun = time.monotonic()
    with Fleet("tests.budgets.fleet_client", [["serve", 20, 4, 6]], FLEET_LEDGER=kind) as fleet:
        fleet.tell()
        (said,) = fleet.said()
    log.info("%s: 80 forks, %d calls in %.2f s", kind, said["sent"], time.monotonic() - begun)

    assert said == {"sent": 20 * (1 + 1 + 6 + 4 * 6), "odd": []}
    if kind != "memory":
        ledger = open_ledger(LedgerSettings(url=kept.url, namespace=kept.namespace))
        assert balance(ledger) == (int(said["sent"] * COST.scaleb(12)), 0)
        ledger.close()


# Clocks that differ.


class Amounts(NamedTuple):
    """The bound of a call, in tokens."""

    tokens: int = AMOUNT
    usd: Decimal | None = None
    status: str = "unknown"
    assumed: bool = False
    output_tokens: int = 0


class Quiet:
    """Wants to hear nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class Clock:
    """A clock that one sets."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """The time that was set."""
        return self.now_s


class Host:
    """A program on a host with a clock of its own."""

    def __init__(self, ledger: Ledger, clock: Callable[[], float], timezone: str = "UTC") -> None:
        settings = LedgerSettings()
        minute = Budget(
            name="fleet",
            unit="tokens",
            limit=PER_MINUTE * AMOUNT,
            window="minute",
            timezone=timezone,
            on_failure="block",
        )
        self.purse = Purse(ledger, settings, Quiet(), clock=clock)
        self.odd = 0
        """How many calls were refused though there was room for them."""
        self._gate = Gate(Plan(ledger=settings, budgets=(minute,)), self.purse, Quiet())

    def call(self) -> int:
        """Make a call; the first second of the window that it counts in, or -1 when it is refused."""
        bound: Any = Amounts()
        try:
            hold = self._gate.hold(Facts("openai", "gpt-5", (), 0, None, lambda _: bound, lambda _: None))
        except BudgetExceeded as refusal:
            self.odd += refusal.spent + refusal.held + refusal.asked <= refusal.limit
            return -1
        (parts,) = hold._parts
        hold.settle(None, AMOUNT, wait=True)
        return parts[0].line.account.start_s


PER_MINUTE = 20
NOON = 20_000 * 86_400 + 43_200


def test_clocks_90_seconds_apart_share_a_minute(tmp_path: Path) -> None:
    """Hosts whose clocks differ never spend two minutes' worth in a minute of the ledger's clock."""
    chance = random.Random(3)  # noqa: S311
    skews = (0, 90, -90)
    clocks = [Clock(NOON + skew) for skew in skews]
    ledgers = [SqliteLedger(tmp_path / "ledger.db", timeout_s=10, clock=clock) for clock in clocks]
    view = SqliteLedger(tmp_path / "ledger.db", timeout_s=10, clock=Clock(NOON - 90))
    hosts = [Host(ledger, clock) for ledger, clock in zip(ledgers, clocks, strict=True)]
    sent: Counter[int] = Counter()
    for second in range(400):
        for clock, skew in zip(clocks, skews, strict=True):
            clock.now_s = NOON + second + skew
        for host in chance.choices(hosts, k=3):
            if (start_s := host.call()) >= 0:
                minute_s = int(view.now_s()) // 60 * 60
                assert start_s == minute_s
                sent[minute_s] += 1
    for host in hosts:
        host.purse.stop()
    view.close()

    assert [host.odd for host in hosts] == [0, 0, 0]
    assert max(sent.values()) == PER_MINUTE
    assert len(sent) >= 6


def test_the_minute_ends_between_two_looks_at_the_clock(tmp_path: Path) -> None:
    """A call that asks for a minute which is just over is asked again, for the new one."""
    ahead, behind = Clock(NOON + 59), Clock(NOON + 59)
    ledgers = [SqliteLedger(tmp_path / "ledger.db", timeout_s=10, clock=clock) for clock in (ahead, behind)]
    one, other = Host(ledgers[0], ahead), Host(ledgers[1], behind)
    assert [one.call() for _ in range(PER_MINUTE + 1)] == [NOON] * PER_MINUTE + [-1]
    assert other.call() == -1

    ahead.now_s = NOON + 60
    assert one.call() == NOON + 60
    assert other.purse.now_s() == NOON + 59
    assert [other.call() for _ in range(PER_MINUTE)] == [NOON + 60] * (PER_MINUTE - 1) + [-1]
    assert other.purse.now_s() == NOON + 60
    one.purse.stop()
    other.purse.stop()


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Callable[[int], str]]:
    """Makes a time zone so many seconds away from UTC, to have minutes begin where it suits."""

    def make(offset_s: int) -> str:
        name = f"Fleet/{uuid.uuid4().hex}"
        head = struct.pack(">4sc15x6l", b"TZif", b"\0", 0, 0, 0, 0, 1, 4)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(head + struct.pack(">lbb4s", offset_s, 0, 0, b"FLT\0"))
        return name

    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path), *before])
    yield make
    zoneinfo.reset_tzpath(before)


def test_clocks_that_differ_from_the_server(
    redis_servers: Callable[[], Server], zone: Callable[[int], str]
) -> None:
    """Over the end of a real minute of Redis, hosts 90 s ahead and behind spend each minute's worth once."""
    settings = LedgerSettings(url=redis_servers().url, namespace=uuid.uuid4().hex, timeout_s=10)
    view = open_ledger(settings)
    edge_s = int(view.now_s()) + 2
    timezone = zone(-edge_s % 60)
    hosts = [
        Host(open_ledger(settings), lambda skew=skew: time.time() + skew, timezone) for skew in (0, 90, -90)
    ]
    sent: list[tuple[float, int, float]] = []

    def work(host: Host) -> None:
        while (before_s := view.now_s()) < edge_s + 0.5:
            if (start_s := host.call()) >= 0:
                sent.append((before_s, start_s, view.now_s()))

    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(work, hosts))
    spent = {found.account.start_s: found.spent for found in view.balances() if found.spent or found.held}
    for host in hosts:
        host.purse.stop()
    view.close()

    assert Counter(start_s for _, start_s, _ in sent) == {edge_s - 60: PER_MINUTE, edge_s: PER_MINUTE}
    for before_s, start_s, after_s in sent:
        assert start_s <= after_s
        assert before_s < start_s + 60
    assert spent == {edge_s: PER_MINUTE * AMOUNT}
    assert [host.odd for host in hosts] == [0, 0, 0]
