"""The ledger in Redis, against real servers that hang, die, forget, and are set up wrongly."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import redis

from otel_tokens.errors import ConfigError, LedgerError
from otel_tokens.ledgers.ledger import EVERYTHING, FORGET_S, KEEP_S, Account, Balance, Statement
from otel_tokens.ledgers.redis import RedisLedger
from otel_tokens.ledgers.urls import masked

from .redis_server import Server, redis_server


TOTAL = Account("team", "total")
LEASE_S = 60.0
USER = (
    "on >secret resetkeys ~{otel_tokens:*}:* nocommands +@connection +evalsha +eval +info "
    "+time +exists +hget +hset +hdel +hmget +hgetall +sadd +srem +smembers +zadd +zrem +zcard +zscore "
    "+zrange +zrangebyscore +zremrangebyscore +del +expireat +xadd +xrevrange"
)
"""As the head of `redis.py` has it."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all tests that leave it as it was."""
    with redis_server() as server:
        yield server


@pytest.fixture
def ledger(server: Server, request: pytest.FixtureRequest) -> Iterator[RedisLedger]:
    """A ledger with a namespace of its own."""
    with closing(RedisLedger(server.url, namespace=request.node.name)) as ledger:
        yield ledger


def say(account: Account = TOTAL, cap: int = 100, spent: int = 0, held: int = 0, **more: int) -> Statement:
    """A statement."""
    return Statement(account, cap, spent, held, **more)


def step(ledger: RedisLedger, holder: str, turn: int, *said: Statement, lease_s: float = LEASE_S) -> bool:
    """Whether a step was granted."""
    return ledger.state(holder, turn, said, lease_s=lease_s).granted


def tried(ledger: RedisLedger, holder: str, turn: int, *said: Statement) -> bool:
    """Whether a step was granted; not where the ledger could not be used."""
    with suppress(LedgerError):
        return step(ledger, holder, turn, *said)
    return False


def only(ledger: RedisLedger) -> Balance:
    """The one balance there is."""
    (balance,) = ledger.balances()
    return balance


def keys(ledger: RedisLedger) -> str:
    """What the keys of `ledger` begin with."""
    return ledger._keys.decode()


def wait_for(condition: Callable[[], object]) -> None:
    """Come back when `condition` is true; fail when it does not become so."""
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "waited for too long"
        time.sleep(0.005)


# Amounts.


@pytest.mark.parametrize("edge", [2**53, 10**9, 999_999_999, 10**18, 9 * 10**18 - 2])
def test_the_last_unit_decides(ledger: RedisLedger, edge: int) -> None:
    """Amounts that differ in the last digit only are told apart, also where a double could not."""
    account = Account(str(edge), "total")

    assert not step(ledger, "a", 1, say(account, cap=edge, spent=1, asked=edge))
    assert step(ledger, "a", 2, say(account, cap=edge + 1, spent=1, asked=edge))
    answer = ledger.state("b", 1, [say(account, cap=edge + 2, asked=2, spare=5)], lease_s=LEASE_S)
    assert not answer.granted
    assert answer.balances[0] == Balance(account, edge + 2, 1, edge, share=0, before=1)


def test_a_negative_addition_is_exact(ledger: RedisLedger) -> None:
    """A limit can be lowered by any amount, but not below nothing."""
    step(ledger, "a", 1, say(cap=10**18 + 1))

    assert ledger.top_up(TOTAL, -(2 * 10**9), who="me").cap == 10**18 + 1 - 2 * 10**9
    assert ledger.top_up(TOTAL, -(10**18) + 2 * 10**9, who="me").cap == 1
    assert ledger.top_up(TOTAL, -3, who="me").cap == 0
    assert ledger.top_up(TOTAL, 5, who="me").cap == 3
    assert [entry.amount for entry in ledger.trail(2)] == [5, -3]


def test_spare_is_the_room_there_is(ledger: RedisLedger) -> None:
    """Who asks for everything gets what is left, to the last unit."""
    step(ledger, "a", 1, say(cap=2**60 + 1, spent=2**53 + 1))

    answer = ledger.state("b", 1, [say(cap=2**60 + 1, asked=1, spare=EVERYTHING)], lease_s=LEASE_S)
    assert answer.balances[0].share == 2**60 - 2**53


# What is kept, and for how long.


def test_keys_expire_with_their_windows(server: Server, ledger: RedisLedger) -> None:
    """What is kept of a window goes by itself; only totals stay."""
    end_s = int(ledger.now_s()) + 50
    day = Account("team", "day", "x", end_s - 100, end_s)
    trace = Account("team", "trace", "t")

    step(ledger, "a", 1, say(day), say(trace), say(TOTAL))

    client = server.client()
    lives = {
        name.split(":", 3)[-1].split("|")[0]: client.ttl(name)
        for name in client.scan_iter("*}:account:*")
        if name.startswith(keys(ledger))
    }
    assert lives["day"] == pytest.approx(KEEP_S + 50, abs=2)
    assert lives["trace"] == pytest.approx(KEEP_S, abs=2)
    assert lives["total"] == -1


def test_an_account_that_is_over_for_long_is_not_made_again(server: Server, ledger: RedisLedger) -> None:
    """A statement of a window that nobody keeps any more is answered, and leaves nothing behind."""
    end_s = int(ledger.now_s() - KEEP_S) - 5
    day = Account("team", "day", "", end_s - 86_400, end_s)

    answer = ledger.state("a", 1, [say(day, spent=5)], lease_s=LEASE_S)

    assert answer.granted
    assert answer.balances[0].spent == 5
    assert ledger.state("b", 1, [say(day, spent=1)], lease_s=LEASE_S).balances[0].spent == 1
    assert [name for name in server.client().scan_iter(count=1000) if name.startswith(keys(ledger))] == [
        keys(ledger) + "alive"
    ]


def test_idle_traces_make_room(server: Server, ledger: RedisLedger) -> None:
    """A trace that is idle is shown no more and does not count; it comes back when it is stated again."""
    one, two = (Account("team", "trace", name) for name in "ab")
    step(ledger, "h", 1, say(one, spent=1, scopes_limit=1))
    assert ledger.state("h", 2, [say(two, asked=1, scopes_limit=1)], lease_s=LEASE_S).crowded == (0,)

    client = server.client()
    for index in ("accounts", "group:trace|usd|0|4|team"):
        (member,) = client.zrange(keys(ledger) + index, 0, -1)
        client.zadd(keys(ledger) + index, {member: 1.0})  # an hour goes by

    assert ledger.balances() == []
    assert step(ledger, "h", 3, say(two, asked=1, scopes_limit=1))
    step(ledger, "h", 4, say(one, spent=2, scopes_limit=1))
    assert [(shown.account.scope, shown.spent) for shown in ledger.balances()] == [("a", 2), ("b", 0)]


def test_two_new_accounts_of_one_step_are_two(ledger: RedisLedger) -> None:
    """The limit of scopes holds within a step too."""
    two = [say(Account("team", "total", name), asked=1, scopes_limit=1) for name in "ab"]

    answer = ledger.state("h", 1, two, lease_s=LEASE_S)

    assert (answer.granted, answer.crowded) == (False, (1,))
    assert [shown.account.scope for shown in ledger.balances()] == ["a"]


def test_a_lost_account_is_shown_no_more(server: Server, ledger: RedisLedger) -> None:
    """An account that somebody has deleted by hand leaves the index too."""
    step(ledger, "a", 1, say())
    client = server.client()
    client.delete(keys(ledger) + "account:total|usd|0|4|team|")

    assert ledger.balances() == []
    assert client.zcard(keys(ledger) + "accounts") == 0


def test_the_silent_are_forgotten(server: Server, ledger: RedisLedger) -> None:
    """A holder that has been gone for long leaves no field behind; what it spent stays."""
    step(ledger, "a", 1, say(spent=7, asked=3), lease_s=0.02)
    step(ledger, "back", 1, say(spent=1), lease_s=0.02)
    time.sleep(0.03)
    assert only(ledger).held == 0
    step(ledger, "back", 2, say(spent=2))
    client = server.client()
    gone = client.zrange(keys(ledger) + "gone", 0, -1, withscores=True)
    assert [name for name, _ in gone] == ["a", "back"]
    assert all(at == pytest.approx(time.time() + FORGET_S, abs=5) for _, at in gone)
    client.zadd(keys(ledger) + "gone", {"a": 1.0, "back": 1.0})  # a day goes by

    assert only(ledger).spent == 9
    fields = client.hkeys(keys(ledger) + "account:total|usd|0|4|team|")
    assert [name for name in fields if name.startswith("@")] == ["@back"]
    assert client.zcard(keys(ledger) + "gone") == 0
    assert not client.exists(keys(ledger) + "stated:a")
    step(ledger, "back", 3, say(spent=3))
    assert only(ledger).spent == 10


@pytest.mark.parametrize("way", ["state", "top_up", "reset", "trail"])
def test_every_step_frees_what_the_dead_hold(ledger: RedisLedger, way: str) -> None:
    """Whatever comes first after a lease has ended finds the room that it has left."""
    step(ledger, "dead", 1, say(asked=100), lease_s=0.01)
    time.sleep(0.02)

    if way == "state":
        assert step(ledger, "b", 1, say(asked=100))
    elif way == "trail":
        assert [entry.action for entry in ledger.trail()] == ["expire"]
    else:
        changed = ledger.reset(TOTAL, who="me") if way == "reset" else ledger.top_up(TOTAL, 1, who="me")
        assert changed.held == 0
    (expired,) = [entry for entry in ledger.trail() if entry.action == "expire"]
    assert (expired.who, expired.amount, expired.note) == ("ledger", 100, "dead")


def test_a_dead_holder_that_has_settled_all_is_not_told(ledger: RedisLedger) -> None:
    """What was held once and is not held any more does not expire."""
    step(ledger, "a", 1, say(asked=100))
    step(ledger, "a", 2, say(spent=90), lease_s=0.01)
    time.sleep(0.02)

    assert (only(ledger).held, ledger.trail()) == (0, [])


def test_the_same_account_twice_in_a_step_counts_once(ledger: RedisLedger) -> None:
    """The second statement of an account in one step is not newer than the first."""
    answer = ledger.state("a", 1, [say(spent=5), say(spent=9)], lease_s=LEASE_S)

    assert [balance.spent for balance in answer.balances] == [5, 5]
    assert only(ledger).spent == 5


def test_nothing_is_spared_in_a_window_that_is_over(ledger: RedisLedger) -> None:
    """What is spent in a window after its end is counted, but nobody gets a slice of it any more."""
    end_s = int(ledger.now_s()) - 5
    over = Account("team", "day", "", end_s - 86_400, end_s)

    answer = ledger.state("a", 1, [say(over, spent=5, spare=50)], lease_s=LEASE_S)

    assert (answer.granted, answer.balances[0].spent, answer.balances[0].share) == (True, 5, 0)


def test_new_accounts_push_out_old_ones(server: Server, ledger: RedisLedger) -> None:
    """A fleet that only counts leaves no lists behind that grow for ever."""
    step(ledger, "a", 1, say(Account("team", "session", "old")))
    client = server.client()
    old = "session|usd|0|4|team|old"
    client.zadd(keys(ledger) + "accounts", {old: 1.0})
    client.zadd(keys(ledger) + "stated:a", {old: 1.0})

    step(ledger, "a", 2, say(Account("team", "session", "new")))

    for name in ("accounts", "stated:a"):
        assert client.zrange(keys(ledger) + name, 0, -1) == ["session|usd|0|4|team|new"]


def test_any_text_is_a_scope(ledger: RedisLedger) -> None:
    """Budgets and scopes may hold whatever the labels hold, and are never mixed up."""
    odd = ["", "|", "a|b", "\0\n\r\t", "🦊" * 500, "\ud800", "{x}*?[a]", "total|usd|0|4|team|"]
    accounts = [Account(name, "total", scope) for name in ("team", "team|total|usd|0") for scope in odd]

    step(ledger, "h|\0 @", 1, *(say(account, spent=at) for at, account in enumerate(accounts)))

    assert {shown.account: shown.spent for shown in ledger.balances()} == {
        account: at for at, account in enumerate(accounts)
    }
    ledger.reset(accounts[5], who="\ud800")
    assert (ledger.trail(1)[0].scope, ledger.trail(1)[0].who) == ("\ud800", "\ud800")


def test_a_long_step_is_made_in_parts(server: Server, ledger: RedisLedger) -> None:
    """A thousand statements do not stop the server for long, and are answered as one step."""
    client = server.client()
    many = [say(Account("team", "total", str(at)), spent=at + 1, scopes_limit=900) for at in range(1200)]
    crowded = [say(Account("team", "total", "x"), scopes_limit=900)]
    step(ledger, "h", 1, many[0])
    client.config_resetstat()

    answer = ledger.state("h", 2, [*many[:1100], *crowded, *many[1100:]], lease_s=LEASE_S)

    assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == 3
    assert (answer.granted, answer.crowded, answer.late) == (False, (1100,), ())
    assert [balance.spent for balance in answer.balances] == [*range(1, 1101), 0, *range(1101, 1201)]


def test_the_trail_has_an_end(server: Server, ledger: RedisLedger) -> None:
    """Ten thousand lines are kept, and not many more."""
    ledger.set_cap("team", "usd", 1, who="me")
    client = server.client()
    client.eval(
        "local line = redis.call('XRANGE', KEYS[1], '-', '+')[1][2]\n"
        "for _ = 1, 11000 do redis.call('XADD', KEYS[1], '*', unpack(line)) end",
        1,
        keys(ledger) + "trail",
    )

    ledger.set_cap("team", "usd", None, who="last")

    assert 10_000 <= client.xlen(keys(ledger) + "trail") <= 10_200
    assert len(ledger.trail(20_000)) >= 10_000
    assert [entry.who for entry in ledger.trail(2)] == ["last", "me"]
    assert ledger.trail(0) == []


def test_namespaces_do_not_see_each_other(server: Server, ledger: RedisLedger) -> None:
    """Two ledgers of one server have nothing in common."""
    step(ledger, "a", 1, say(asked=100))
    ledger.set_cap("team", "usd", 5, who="me")

    with closing(RedisLedger(server.url, namespace="another")) as another:
        assert (another.balances(), another.caps(), another.trail()) == ([], {}, [])
        assert step(another, "a", 1, say(asked=100))


def test_all_keys_are_in_one_slot(server: Server, ledger: RedisLedger) -> None:
    """Every key has the hash tag of its namespace."""
    step(ledger, "a", 1, say(asked=1), say(Account("team", "trace", "{t}"), asked=1))
    ledger.set_cap("team", "usd", 5, who="me")
    ledger.leave("a")

    client = server.client()
    mine = [name for name in client.scan_iter(count=1000) if ledger._keys.decode()[1:-2] in name]
    assert len(mine) == 9
    assert all(name.startswith(keys(ledger)) for name in mine)


# The clock.


_SKEWED = """
import sys, time
skew, url = float(sys.argv[1]), sys.argv[2]
real = time.time
time.time = lambda: real() + skew
from otel_tokens.ledgers.ledger import Account, Statement
from otel_tokens.ledgers.redis import RedisLedger
start_s = int(sys.argv[3])
minute = Account("team", "minute", "", start_s, start_s + 60)
said = [Statement(minute, 100, 0, 0, asked=1)]
answer = RedisLedger(url, namespace="clocks").state("h" + sys.argv[1], 1, said, lease_s=60)
print(answer.now_s, answer.granted, answer.late)
"""


def test_the_clock_is_the_servers(server: Server) -> None:
    """Hosts whose clocks are 90 seconds apart are in the same minute."""
    with closing(RedisLedger(server.url)) as ledger:
        now_s = ledger.now_s()
    assert now_s == pytest.approx(time.time(), abs=5)
    start_s = int(now_s) - 20
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _SKEWED, skew, server.url, str(start_s)], stdout=subprocess.PIPE, text=True
        )
        for skew in ("-45", "45")
    ]
    said = [run.communicate()[0].split(maxsplit=1) for run in runs]
    assert abs(float(said[0][0]) - float(said[1][0])) < 10
    assert [rest.strip() for _, rest in said] == ["True ()", "True ()"]


# Servers that are set up wrongly, or not for us.


def test_a_server_that_evicts_is_refused() -> None:
    """What a server may throw away is no count: that is said before the first call."""
    with redis_server(maxmemory_policy="allkeys-lru") as server, closing(RedisLedger(server.url)) as ledger:
        with pytest.raises(ConfigError, match="evicts keys under policy allkeys-lru; set "):
            ledger.check()
        with pytest.raises(LedgerError, match="evicts keys under policy allkeys-lru"):
            ledger.balances()
        server.client().config_set("maxmemory-policy", "noeviction")
        ledger.check()
        assert ledger.balances() == []


def test_a_wrong_password_is_told_without_it() -> None:
    """The message has the place and the reason, and nothing that is secret."""
    with redis_server(requirepass="correct-horse") as server:
        place = f"127.0.0.1:{server.port}/0"
        with closing(RedisLedger(f"redis://joe:wrong-horse@{place}?client_name=hidden")) as ledger:
            with pytest.raises(LedgerError) as caught:
                ledger.check()
            with pytest.raises(LedgerError, match="invalid username-password"):
                ledger.now_s()
        assert f"redis://***@{place}?***: " in str(caught.value)
        assert not {"wrong-horse", "joe", "hidden"} & set(str(caught.value).replace(":", " ").split())
        with closing(RedisLedger(f"valkey://:correct-horse@{place}")) as ledger:
            ledger.check()


def test_a_user_with_few_rights_is_enough(caplog: pytest.LogCaptureFixture) -> None:
    """The rights that are documented are all that is needed, and those that are missing are named."""
    with redis_server(user=f"few {USER}\nbare {USER} -info\nnone on >secret") as server:
        place = f"127.0.0.1:{server.port}/0"
        with closing(RedisLedger(f"redis://few:secret@{place}")) as ledger:
            ledger.check()
            step(
                ledger,
                "a",
                1,
                say(spent=1, asked=5),
                say(Account("t", "trace"), asked=1, scopes_limit=1),
                lease_s=0.01,
            )
            time.sleep(0.02)
            step(ledger, "b", 1, say(asked=1), say(Account("t", "trace"), asked=1, scopes_limit=1))
            ledger.set_cap("team", "usd", 5, who="me")
            ledger.set_cap("team", "usd", None, who="me")
            ledger.top_up(TOTAL, 1, who="me")
            ledger.reset(TOTAL, who="me")
            ledger.leave("b")
            server.client().zadd("{otel_tokens:default}:gone", {"a": 1.0})
            server.client().zadd("{otel_tokens:default}:accounts", {"lost": 9e12})
            assert (len(ledger.balances()), ledger.caps(), len(ledger.trail())) == (2, {}, 6)
            assert ledger.now_s() > 0
        assert not caplog.records
        with closing(RedisLedger(f"redis://bare:secret@{place}")) as ledger, caplog.at_level(logging.WARNING):
            ledger.check()
            ledger.check()
            ledger.balances()
        (record,) = caplog.records
        assert "does not tell its maxmemory-policy" in record.getMessage()
        with (
            closing(RedisLedger(f"redis://none:secret@{place}")) as ledger,
            pytest.raises(LedgerError, match="permission"),
        ):
            ledger.check()


def test_the_documented_rights_are_the_tested_ones() -> None:
    """The head of the module states the rights that were tried."""
    import otel_tokens.ledgers.redis as module  # noqa: PLC0415

    stated = " ".join((module.__doc__ or "").split())
    assert USER.replace("secret", "PASSWORD") in stated


def test_the_policy_is_asked_for_in_another_way() -> None:
    """Where `INFO` is not allowed, `CONFIG GET` tells."""
    with (
        redis_server(user=f"few {USER} -info +config", maxmemory_policy="volatile-ttl") as server,
        closing(RedisLedger(f"redis://few:secret@127.0.0.1:{server.port}")) as ledger,
        pytest.raises(ConfigError, match="volatile-ttl"),
    ):
        ledger.check()


def test_a_full_server_changes_nothing() -> None:
    """A server without memory refuses a step whole, and says why."""
    with redis_server() as server, closing(RedisLedger(server.url)) as ledger:
        step(ledger, "a", 1, say(spent=1))
        server.client().config_set("maxmemory", "1")
        with pytest.raises(LedgerError, match="used memory"):
            step(ledger, "a", 2, say(spent=50), say(Account("new", "total")))
        server.client().config_set("maxmemory", "0")
        assert only(ledger).spent == 1
        step(ledger, "a", 2, say(spent=50))
        assert only(ledger).spent == 50


def test_a_replica_is_refused_until_it_is_master(server: Server) -> None:
    """A read-only server is no ledger, and the connection to it is not kept."""
    with (
        redis_server(replicaof=f"127.0.0.1 {server.port}") as replica,
        closing(RedisLedger(replica.url)) as ledger,
    ):
        with pytest.raises(LedgerError, match="read only replica"):
            ledger.check()
        replica.client().replicaof("NO", "ONE")
        ledger.check()


@pytest.mark.parametrize(
    "url",
    [
        "http://h",
        "redis://h:port/0",
        "redis://h/zero",
        "redis://h,i/0",
        "redis://h?nonsense=1",
        "redis://h?socket_timeout=soon",
        "rediss://h?ssl_cert_reqs=perhaps",
        "redis://:pa#ss@h",
        "redis://:12/secret@h",
        "redis://:secret?x@h",
        "redis+cluster://h/1",
        "redis+sentinel://h",
        "redis+other://h",
        "unix+cluster:///secret",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_at_once(url: str) -> None:
    """A wrong URL is a wrong setting: it is told at the start, without what may be a password."""
    with pytest.raises(ConfigError, match="cannot be understood") as caught:
        RedisLedger(url)
    assert "secret" not in str(caught.value).replace("///secret", "")
    assert "#ss" not in str(caught.value)


def test_masking() -> None:
    """A masked URL has its place, and no user, password or option."""
    assert masked("redis://u:p@h:1/2?password=p") == "redis://***@h:1/2?***"
    assert masked("rediss+sentinel://h,i:2/name") == "rediss+sentinel://h,i:2/name"
    assert masked("unix://:p@/run/redis@home.sock") == "unix://***@home.sock"
    assert masked("redis://:1/2@h") == "redis://***@h"


# Servers that hang and die.


def test_a_server_that_hangs_costs_one_timeout() -> None:
    """A step that gets no answer fails in time, and later ones work again."""
    with redis_server() as server, closing(RedisLedger(server.url, timeout_s=0.3)) as ledger:
        step(ledger, "a", 1, say(spent=1))
        for _ in range(2):  # over a connection that there is, and over a new one
            server.pause()
            begun = time.monotonic()
            with pytest.raises(LedgerError, match=r"[Tt]imeout"):
                step(ledger, "a", 2, say(spent=2))
            assert 0.2 < time.monotonic() - begun < 0.6
        server.resume()
        step(ledger, "a", 2, say(spent=2))
        assert only(ledger).spent == 2


def test_a_server_that_restarts_empty_is_told_again() -> None:
    """What a server has lost comes back with the next statement of each holder."""
    with redis_server() as server, closing(RedisLedger(server.url)) as ledger:
        step(ledger, "a", 7, say(cap=10**18, spent=2**60 + 1, asked=5))
        step(ledger, "b", 3, say(cap=10**18, spent=10))
        server.kill()
        with pytest.raises(LedgerError, match="refused"):
            ledger.balances()
        server.start()
        assert ledger.balances() == []
        step(ledger, "a", 8, say(cap=10**18, spent=2**60 + 1, held=5))
        step(ledger, "b", 4, say(cap=10**18, spent=11))
        assert only(ledger)[2:4] == (2**60 + 12, 5)


def test_a_closed_connection_is_not_noticed(server: Server, ledger: RedisLedger) -> None:
    """A connection that was cut while it was idle is opened again, in every state that it can be in."""
    client = server.client()
    for turn in range(1, 20):  # each finds its connection cut
        assert step(ledger, "a", turn, say(cap=1000, spent=turn))
        client.client_kill_filter(_type="normal", skipme=True)
    assert only(ledger).spent == 19


def test_a_cut_connection_counts_once() -> None:
    """Whenever a connection is cut, before a step or in the middle of it, the step counts once."""
    with redis_server() as server, closing(RedisLedger(server.url, timeout_s=5.0)) as ledger:
        client = server.client()
        stop = threading.Event()
        cuts = []

        def cut() -> None:
            while not stop.wait(0.002):
                cuts.append(client.client_kill_filter(_type="normal", skipme=True))

        cutter = threading.Thread(target=cut)
        cutter.start()
        turn = failures = 0
        while turn < 1000:
            said = say(cap=10**9, spent=3 * turn + 3, asked=2)
            turn, failures = (turn + 1, 0) if tried(ledger, "a", turn + 1, said) else (turn, failures + 1)
            assert failures < 100
        stop.set()
        cutter.join()
        assert sum(cuts) > 10
        assert only(ledger)[2:4] == (3000, 2)


def test_a_step_whose_answer_was_lost_counts_once() -> None:
    """A step that was given up, and done all the same, changes nothing when it is made again."""
    with redis_server() as server, closing(RedisLedger(server.url, timeout_s=0.1)) as ledger:
        step(ledger, "b", 1, say())
        server.pause()
        with pytest.raises(LedgerError):
            step(ledger, "a", 1, say(spent=2, asked=90))
        server.resume()
        wait_for(lambda: only(ledger).spent)  # the server reads what was sent
        assert step(ledger, "a", 1, say(spent=2, asked=90))
        assert step(ledger, "a", 1, say(spent=2, asked=90))
        assert not step(ledger, "a", 1, say(spent=2, asked=91))
        assert only(ledger)[2:4] == (2, 90)


def test_an_addition_is_never_made_twice(ledger: RedisLedger) -> None:
    """A change whose answer was lost is reported, not repeated."""
    sent = []
    ledger.top_up(TOTAL, 0, who="me")  # so that the server knows the script
    client = ledger._connected()
    script = client.evalsha

    def cut(*arguments: object) -> None:
        sent.append(script(*arguments))
        raise redis.ConnectionError("the answer was lost")

    client.evalsha = cut
    with pytest.raises(LedgerError, match="the answer was lost"):
        ledger.top_up(TOTAL, 5, who="me")
    del client.evalsha
    assert len(sent) == 1
    assert only(ledger).cap == 5


def test_scripts_are_sent_again(server: Server, ledger: RedisLedger) -> None:
    """A server that has forgotten the scripts gets them with the next step."""
    step(ledger, "a", 1, say(spent=1))
    server.client().script_flush()
    step(ledger, "a", 2, say(spent=2))
    assert only(ledger).spent == 2


def test_close_is_not_the_end(server: Server, ledger: RedisLedger) -> None:
    """A closed ledger has no connection; another step opens one."""
    step(ledger, "a", 1, say(spent=1))
    name = f"close-{os.getpid()}"
    ledger._connected().client_setname(name)
    ledger.close()
    ledger.close()
    assert name not in [client["name"] for client in server.client().client_list()]
    assert only(ledger).spent == 1


# Other ways to a server.


def _certificate(directory: Path) -> tuple[str, str]:
    certificate, key = str(directory / "c.pem"), str(directory / "k.pem")
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-out", certificate, "-keyout", key),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def test_tls(tmp_path: Path) -> None:
    """A server behind TLS is trusted by the certificates that the URL names, and by no others."""
    certificate, key = _certificate(tmp_path)
    with redis_server(tls_cert_file=certificate, tls_key_file=key, tls_auth_clients="no") as server:
        url = server.url.replace("rediss", "valkeys")
        with closing(RedisLedger(f"{url}?ssl_ca_certs={certificate}")) as ledger:
            ledger.check()
            assert step(ledger, "a", 1, say(asked=5))
        with (
            closing(RedisLedger(url)) as ledger,
            pytest.raises(LedgerError, match=r"(?i)certificate verify failed"),
        ):
            ledger.check()


def test_a_socket_of_the_machine(tmp_path: Path) -> None:
    """A server can be reached by a path."""
    path = tmp_path / "s"
    with (
        redis_server(unixsocket=str(path), requirepass="pw"),
        closing(RedisLedger(f"unix://:pw@{path}?db=3")) as ledger,
    ):
        ledger.check()
        assert step(ledger, "a", 1, say(asked=5))


def test_a_cluster() -> None:
    """A cluster is found by any of its nodes."""
    with redis_server(cluster_enabled="yes", user=f"few {USER} +cluster|slots") as server:
        client = server.client()
        client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        wait_for(lambda: client.cluster("info")["cluster_state"] == "ok")
        url = f"redis+cluster://few:secret@127.0.0.1:1,127.0.0.1:{server.port}"
        with closing(RedisLedger(url)) as ledger:
            ledger.check()
            assert step(ledger, "a", 1, say(spent=3, asked=5), say(Account("x", "trace", "{t}"), asked=1))
            assert [shown.spent for shown in ledger.balances()] == [3, 0]
            assert ledger.now_s() == pytest.approx(time.time(), abs=5)
            ledger.set_cap("team", "usd", 5, who="me")
            assert (ledger.caps(), len(ledger.trail())) == ({"team": 5}, 1)
            server.client().config_set("maxmemory-policy", "allkeys-random")
            with pytest.raises(ConfigError, match="allkeys-random"):
                ledger.check()
        server.kill()
        with closing(RedisLedger(url)) as ledger, pytest.raises(LedgerError, match="cannot be connected"):
            ledger.balances()


def test_failover() -> None:
    """When sentinels make a replica the master, the ledger follows, and statements restore what was lost."""
    with redis_server() as old, redis_server(replicaof=f"127.0.0.1 {old.port}") as new:
        monitor = (
            f"monitor main 127.0.0.1 {old.port} 1\n"
            "down-after-milliseconds main 300\n"
            "failover-timeout main 2000"
        )
        wait_for(lambda: new.client().info("replication")["master_link_status"] == "up")
        with redis_server(sentinel=monitor) as sentinel:
            wait_for(lambda: sentinel.client().sentinel_slaves("main"))
            url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/main/0?sentinel_username="
            with closing(RedisLedger(url, timeout_s=0.5)) as ledger:
                ledger.check()
                step(ledger, "a", 1, say(spent=3))
                assert old.client().wait(1, 2000) == 1
                old.kill()
                wait_for(lambda: tried(ledger, "a", 2, say(spent=5, asked=1)))
                assert only(ledger)[2:4] == (5, 1)
                assert new.client().role()[0] == "master"


def test_a_replica_that_lacks_the_last_seconds_is_told() -> None:
    """What the old master had not copied yet comes back with the next statement."""
    with redis_server() as old, redis_server(replicaof=f"127.0.0.1 {old.port}") as new:
        with closing(RedisLedger(old.url)) as ledger:
            step(ledger, "a", 1, say(spent=3))
            wait_for(lambda: new.client().info("replication")["master_link_status"] == "up")
            assert old.client().wait(1, 5000) == 1
            new.client().replicaof("NO", "ONE")  # from here on it copies nothing
            step(ledger, "a", 2, say(spent=8, asked=4))
            old.kill()
        with closing(RedisLedger(new.url)) as ledger:
            assert only(ledger)[2:4] == (3, 0)
            step(ledger, "a", 3, say(spent=9, held=4))
            assert only(ledger)[2:4] == (9, 4)


# Many at once.


_FORK = """
import os, sys
from otel_tokens.ledgers.ledger import Account, Statement
from otel_tokens.ledgers.redis import RedisLedger
total = Account("team", "total")
ledger = RedisLedger(sys.argv[1], namespace="fork")
ledger.renew()  # before there is anything to let go of
ledger.state("parent", 1, [Statement(total, 100, 1, 0)], lease_s=60)
mine = ledger._connected().client_id()
child = os.fork()
if child == 0:
    ledger.renew()
    ledger.state("child", 1, [Statement(total, 100, 2, 0)], lease_s=60)
    sys.exit(0 if ledger._connected().client_id() != mine else 3)
print(os.waitpid(child, 0)[1], ledger._connected().client_id() == mine, ledger.balances()[0].spent)
"""


def test_a_forked_process_has_connections_of_its_own(server: Server) -> None:
    """A child talks over its own connection, and the parent's goes on working."""
    run = subprocess.run(
        [sys.executable, "-c", _FORK, server.url], capture_output=True, text=True, check=True
    )

    assert (run.stdout, run.stderr) == ("0 True 3\n", "")


_RACER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from otel_tokens.ledgers.ledger import Account, Statement
from otel_tokens.ledgers.redis import RedisLedger

url, name, cap, rounds = *sys.argv[1:3], *map(int, sys.argv[3:])
total = Account("team", "total")
ledger = RedisLedger(url, namespace="race", timeout_s=20.0)

def run(holder):
    spent = turn = 0
    for _ in range(rounds):
        turn += 1
        if ledger.state(holder, turn, [Statement(total, cap, spent, 0, asked=3)], lease_s=60).granted:
            turn += 1
            spent += 2
            ledger.state(holder, turn, [Statement(total, cap, spent, 0)], lease_s=60)
    return spent

ledger.check()
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(2) as pool:
    print(sum(pool.map(run, [name + "-1", name + "-2"])))
"""


@pytest.mark.load
def test_nobody_passes_the_cap_in_a_race(server: Server) -> None:
    """With 8 processes of 2 threads, what is spent and held is never more than the cap, and adds up."""
    cap = 1001
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, server.url, str(at), str(cap), "60"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for at in range(8)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    seen = set()
    with closing(RedisLedger(server.url, namespace="race", timeout_s=20.0)) as ledger:
        while any(racer.poll() is None for racer in racers):
            seen |= {balance.spent + balance.held for balance in ledger.balances()}
            time.sleep(0.001)
        team = only(ledger)
    sums = [int(racer.communicate()[0]) for racer in racers]
    assert max(seen) <= cap
    assert len(seen) > 5
    assert (team.spent, team.held) == (sum(sums), 0)
    assert cap - team.spent < 3
