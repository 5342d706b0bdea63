"""A ledger in a file, and all that can happen to files and processes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from otel_tokens.errors import LedgerError
from otel_tokens.ledgers import sqlite_file
from otel_tokens.ledgers.ledger import Account, Statement
from otel_tokens.ledgers.sqlite import SqliteLedger


TOTAL = Account("cap", "total")
BEGIN = """
import os, sys, threading, time
from pathlib import Path
from otel_tokens.ledgers.ledger import Account, Statement
from otel_tokens.ledgers.sqlite import SqliteLedger
from otel_tokens.errors import LedgerError
TOTAL = Account("cap", "total")
ledger = SqliteLedger(Path(sys.argv[1]), timeout_s=10)
def spend(amount, turn=1, holder="a"):
    return ledger.state(holder, turn, [Statement(TOTAL, 10**9, amount, 0)], lease_s=60).balances[0].spent
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "ledger.db"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., SqliteLedger]]:
    """Opens ledgers, and closes them in the end."""
    ledgers: list[SqliteLedger] = []

    def begin(at: Path = path, timeout_s: float = 0.2) -> SqliteLedger:
        ledgers.append(SqliteLedger(at, timeout_s=timeout_s))
        return ledgers[-1]

    yield begin
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def ledger(opened: Callable[..., SqliteLedger]) -> SqliteLedger:
    """A ledger at `path`."""
    return opened()


def spend(ledger: SqliteLedger, spent: int, turn: int = 1, holder: str = "a") -> int:
    """What is spent by all when one holder has spent so much."""
    answer = ledger.state(holder, turn, [Statement(TOTAL, 10**9, spent, 0)], lease_s=60)
    return answer.balances[0].spent


def run(code: str, path: Path, *arguments: str) -> list[str]:
    """What a process says that runs `code` with a ledger at `path`."""
    command = [sys.executable, "-c", BEGIN + code, str(path), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")[:-1]


def fails(ledger: SqliteLedger, reason: str, at: Path | None = None) -> None:
    """See that a step fails for a reason, and that the error names the file."""
    with pytest.raises(LedgerError, match=reason) as caught:
        spend(ledger, 1)
    if at is not None:
        assert repr(str(at)) in str(caught.value)


# The file.


def test_only_its_owner_may_read_it(ledger: SqliteLedger, path: Path) -> None:
    """The file and those beside it, which SQLite makes, are readable for their owner alone."""
    spend(ledger, 1)

    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["ledger.db", "ledger.db-shm", "ledger.db-wal"]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3


def test_folders_are_made(opened: Callable[..., SqliteLedger], tmp_path: Path) -> None:
    """Folders that are missing are made at the first step, and not before."""
    ledger = opened(tmp_path / "a" / "b" / "ledger.db")
    assert not (tmp_path / "a").exists()

    assert spend(ledger, 1) == 1
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_path_under_a_file(opened: Callable[..., SqliteLedger], tmp_path: Path) -> None:
    """A folder that cannot be made is told; when it can be, the ledger works."""
    (tmp_path / "file").write_text("")
    ledger = opened(tmp_path / "file" / "ledger.db")
    fails(ledger, "exists", tmp_path / "file" / "ledger.db")
    (tmp_path / "file").unlink()

    assert spend(ledger, 1) == 1


@pytest.mark.parametrize("place", ["/proc/none/ledger.db", "/dev/null", "/dev/full", "/proc/version", "/"])
def test_places_for_no_file(opened: Callable[..., SqliteLedger], place: str) -> None:
    """Folders, devices and file systems that take no files are told as errors of the ledger."""
    fails(opened(Path(place)), ".", Path(place))


def test_a_path_that_is_none(opened: Callable[..., SqliteLedger], tmp_path: Path) -> None:
    """A path with a NUL is told at the first step."""
    fails(opened(tmp_path / "a\0b"), "null")


def test_no_current_folder(
    opened: Callable[..., SqliteLedger], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path in a folder that is gone is told at the first step."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    fails(opened(Path("ledger.db")), "No such file")


@pytest.mark.parametrize("content", [b"[ledger]\nurl = 'memory:'\n" * 100, b"x"])
def test_no_database(ledger: SqliteLedger, path: Path, content: bytes) -> None:
    """A file of another kind is told, and is left as it is."""
    path.write_bytes(content)
    fails(ledger, "not a database", path)
    assert path.read_bytes() == content
    path.unlink()

    assert spend(ledger, 1) == 1


def test_a_database_of_another_program(ledger: SqliteLedger, path: Path) -> None:
    """A database with other tables is told, and is left as it is."""
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    content = path.read_bytes()
    fails(ledger, "another program", path)

    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_another_format(ledger: SqliteLedger, path: Path) -> None:
    """A ledger of a later version is told, and is not touched."""
    spend(ledger, 1)
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 2")
    other.close()
    ledger.close()

    fails(ledger, "format 2, and this version knows 1", path)


def test_a_damaged_file(ledger: SqliteLedger, path: Path) -> None:
    """Damage is told as an error of the ledger, whatever page it has hit."""
    statements = [Statement(Account("cap", "total", str(at) * 50), 9, 1, 1) for at in range(500)]
    ledger.state("a", 1, statements, lease_s=60)
    ledger.close()
    whole = path.read_bytes()
    told = 0
    for page in range(0, len(whole), 4096):
        path.write_bytes(whole[:page] + random.Random(page).randbytes(4096) + whole[page + 4096 :])  # noqa: S311
        try:
            ledger.state("b", 1, statements, lease_s=60)
            ledger.balances()
        except LedgerError:
            told += 1
        ledger.close()
    path.write_bytes(whole)

    assert told >= 5
    assert len(ledger.balances()) == 500


def test_a_missing_row(ledger: SqliteLedger, path: Path) -> None:
    """A file from which somebody has deleted what every ledger has is damaged too."""
    spend(ledger, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("DELETE FROM clock")
    other.close()

    fails(ledger, "a row is missing", path)


def test_a_deleted_file(ledger: SqliteLedger, opened: Callable[..., SqliteLedger], path: Path) -> None:
    """After the file was deleted a new one is begun; holders that are alive bring back what they spent."""
    spend(ledger, 5)
    spend(ledger, 7, holder="gone")
    for file in path.parent.iterdir():
        file.unlink()

    assert spend(ledger, 6, 2) == 6
    assert spend(opened(), 1, holder="b") == 7


def test_a_moved_file(ledger: SqliteLedger, path: Path) -> None:
    """When another file is put in its place the next step goes there, and spoils neither."""
    other = SqliteLedger(path.with_name("other.db"))
    spend(other, 100, holder="other")
    other.close()
    spend(ledger, 5)
    path.with_name("other.db").replace(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()

    assert spend(ledger, 6, 2) == 106
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_half_a_character(ledger: SqliteLedger) -> None:
    """A scope with half of a character, as a label may have, is counted under a name that can be written."""
    half = TOTAL._replace(scope="a\ud800")
    answer = ledger.state("holder \udcff", 1, [Statement(half, 100, 5, 0)], lease_s=60)

    assert answer.balances[0].account == half
    assert ledger.reset(half, who="me\udcff").before == 5
    assert [balance.account.scope for balance in ledger.balances()] == ["a\\ud800"]


def test_amounts_that_are_too_large(ledger: SqliteLedger) -> None:
    """An amount that no file can hold is an error, changes nothing, and the next step works."""
    spend(ledger, 5)
    with pytest.raises(LedgerError, match="too large"):
        spend(ledger, 2**63, 2)

    assert spend(ledger, 6, 3) == 6


def test_one_account_twice_in_a_step(ledger: SqliteLedger) -> None:
    """A second statement about an account in the same step changes nothing."""
    once, twice = Statement(TOTAL, 100, 5, 3), Statement(TOTAL, 100, 9, 4)
    answer = ledger.state("a", 1, [once, twice], lease_s=60)

    assert not answer.granted
    assert ledger.balances()[0][2:4] == (5, 3)


def test_an_interruption(path: Path) -> None:
    """Whatever breaks into a step undoes it, and comes out as it is."""

    def clock() -> float:
        if interrupted:
            raise KeyboardInterrupt
        return time.time()

    interrupted = False
    ledger = SqliteLedger(path, clock=clock)
    spend(ledger, 5)
    interrupted = True
    with pytest.raises(KeyboardInterrupt):
        spend(ledger, 6, 2)
    interrupted = False

    assert spend(ledger, 6, 3) == 6
    ledger.close()


# Locks.


@pytest.mark.parametrize("begun", [True, False])
def test_a_locked_file(ledger: SqliteLedger, path: Path, begun: bool) -> None:  # noqa: FBT001
    """Who keeps the file locked makes steps fail in the time there is; when it is free again they work."""
    if begun:
        spend(ledger, 5)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    fails(ledger, "another process has locked it for 0.2 s", path)
    took_s = time.monotonic() - start
    other.execute("ROLLBACK")
    other.close()

    assert 0.19 < took_s < 1
    assert spend(ledger, 6, 2) == 6


def test_threads_do_not_wait_one_after_the_other(ledger: SqliteLedger, path: Path) -> None:
    """However many threads wait for a locked file, each has failed in the time that one may take."""
    spend(ledger, 5)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        for waiting in [pool.submit(fails, ledger, "for") for _ in range(8)]:
            waiting.result()
    took_s = time.monotonic() - start
    other.execute("ROLLBACK")
    other.close()

    assert took_s < 1, "one after the other would take 1.6 s"


def test_a_thread_that_is_slow(ledger: SqliteLedger) -> None:
    """A thread that waits for another one of this process fails in the time there is; a fork goes on, too."""
    inside, out = threading.Event(), threading.Event()

    def work(_: sqlite3.Cursor) -> bool:
        inside.set()
        return out.wait(10)

    slow = threading.Thread(target=ledger._file.transact, args=(work,))
    slow.start()
    inside.wait(10)
    fails(ledger, "other threads")
    sqlite_file._before_fork()
    sqlite_file._after_fork_in_parent()
    out.set()
    slow.join()

    assert spend(ledger, 1) == 1


def test_many_begin_at_once(path: Path) -> None:
    """Threads that open a file that is not there yet all find one and the same."""
    ledgers = [SqliteLedger(path, timeout_s=10) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda at: spend(ledgers[at], 1, holder=str(at)), range(16)))

    assert spend(ledgers[0], 1, 2, holder="0") == 16
    for ledger in ledgers:
        ledger.close()


# Processes.


_KILLED = """
spent = 0
for turn in range(10**9):
    spent += turn % 2
    statements = [Statement(Account("cap", "total", scope), 10**9, spent, 1 - turn % 2) for scope in "xyz"]
    ledger.state(sys.argv[2], turn, statements, lease_s=60)
    if turn == 20:
        print("busy", flush=True)
"""


def test_killed_at_any_moment(ledger: SqliteLedger, path: Path) -> None:
    """A process that is killed in the middle of a step has made it whole or not at all."""
    for at in range(5):
        command = [sys.executable, "-c", BEGIN + _KILLED, str(path), f"holder {at}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(random.uniform(0, 0.01))  # noqa: S311
            process.send_signal(signal.SIGKILL)
        assert len({balance[2:4] for balance in ledger.balances()}) == 1

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    sums = (
        "SELECT sum(s.spent) = a.spent, sum(s.held) = a.held FROM account a JOIN share s ON s.account = a.id"
    )
    assert connection.execute(f"{sums} GROUP BY a.id").fetchall() == [(1, 1)] * 3
    connection.close()


_FORKING = """
spend(5)
pid = os.fork()
if not pid:
    spend(7, holder="child")
    sys.exit()
spend(6, 2)
print(os.waitpid(pid, 0)[1], spend(6, 3))
ledger.close()
pid = os.fork()
if not pid:
    print(spend(9, 2, holder="child"), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
ledger.close()
"""


def test_forks(ledger: SqliteLedger, path: Path) -> None:
    """A child has a connection of its own, and does nothing to its parent's when it ends."""
    assert run(_FORKING, path) == ["0 13", "15"]
    assert spend(ledger, 6, 3) == 15


_FORKING_BUSY = """
over = False
def work(name):
    turn = 0
    while not over:
        turn += 1
        spend(turn, turn, name)
    counts.append(turn)
counts = []
threads = [threading.Thread(target=work, args=(f"thread {at}",)) for at in range(2)]
for thread in threads:
    thread.start()
children = []
for at in range(12):
    pid = os.fork()
    if not pid:
        for turn in range(1, 11):
            spend(turn, turn, f"child {at}")
        os._exit(0)
    children.append(pid)
print([os.waitpid(pid, 0)[1] for pid in children])
over = True
for thread in threads:
    thread.join()
print(spend(0, holder="last") - sum(counts))
"""


def test_forks_while_threads_are_busy(path: Path) -> None:
    """A child is no heir to a lock that a thread of its parent had at the moment of the fork."""
    code = "import warnings\nwarnings.simplefilter('ignore')\n" + _FORKING_BUSY
    assert run(code, path) == [str([0] * 12), "120"]


_FORKED_FROM_C = """
spend(5)
from otel_tokens.ledgers import sqlite_file
sqlite_file._FILES.clear()  # a fork that Python is not told of beforehand
pid = os.fork()
if not pid:
    ledger.renew()
    spend(7, holder="child")
    os._exit(0)
print(os.waitpid(pid, 0)[1], spend(6, 2))
"""


def test_forks_that_python_does_not_see(path: Path) -> None:
    """A server that forks by itself leaves the parent's connection to the parent."""
    assert run(_FORKED_FROM_C, path) == ["0 13"]


_LIMITED = """
import resource
spend(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
reached = 0
try:
    for turn in range(2, 10_000):
        scoped = Account("cap", "total", str(turn))
        statements = [Statement(TOTAL, 10**9, turn, 0), Statement(scoped, 10**9, 1, 0)]
        ledger.state("a", turn, statements, lease_s=60)
        reached = turn
except LedgerError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
scopes = [balance.account.scope for balance in ledger.balances()]
print(reached, spend(0, 10_001), len(scopes))
"""


def test_no_more_space(path: Path) -> None:
    """When the file may not grow a step fails and changes nothing; with more space the next one works."""
    error, counts = run(_LIMITED, path)
    reached, spent, accounts = map(int, counts.split())

    assert repr(str(path)) in error
    assert reached > 10
    assert (spent, accounts) == (reached, reached)


_MOUNTED = """
import subprocess
folder = Path(sys.argv[1]).parent
def mount(options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
mount("size=400k")
try:
    for turn in range(1, 10_000):
        scoped = Account("cap", "total", str(turn))
        ledger.state("a", turn, [Statement(TOTAL, 10**9, turn, 0), Statement(scoped, 9, 1, 0)], lease_s=60)
except LedgerError as error:
    print("full" in str(error))
mount("remount,size=9000k")
print(spend(0, 10_001) == turn - 1)
ledger.close()
mount("remount,ro")
try:
    spend(0, 10_002)
except LedgerError as error:
    print(error)
mount("remount,rw")
print(spend(0, 10_003) == turn - 1)
"""


def _can_mount() -> bool:
    unshare = shutil.which("unshare")
    command = [str(unshare), "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return bool(unshare) and os.getuid() == 0 and not subprocess.run(command, check=False).returncode


@pytest.mark.skipif(not _can_mount(), reason="only who may mount a file system can fill one")
def test_a_full_disk_and_one_that_is_read_only(path: Path) -> None:
    """A disk that is full or read-only is told, and when that has ended nothing is lost."""
    command = ["unshare", "-m", sys.executable, "-c", BEGIN + _MOUNTED, str(path)]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")

    assert said[:2] == ["True", "True"]
    assert "have to be writable" in said[2]
    assert said[3] == "True"
