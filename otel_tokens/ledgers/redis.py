"""A ledger in a Redis or a Valkey: the counts of many machines.

Every step is one script that runs on the server, by the server's clock. The scripts lie beside this file; the
head of `accounts.lua` says which keys there are.

*Servers:* Redis 6 or newer, or Valkey. All keys of a namespace begin with `{otel_tokens:NAMESPACE}:`, so they
are in one slot of a cluster. Keys whose names come from other keys are not declared to the server: it has to
let scripts use any key of the slot, as Redis and Valkey do.

*Eviction:* the server must not evict keys, as a count that is gone is money spent twice: `maxmemory-policy`
has to be `noeviction`. This is looked at before the first step and after every failure.

*Rights:* a user of its own needs no more than

    ACL SETUSER NAME on >PASSWORD resetkeys ~{otel_tokens:*}:* nocommands +@connection +evalsha
        +eval +info +time +exists +hget +hset +hdel +hmget +hgetall +sadd +srem +smembers +zadd +zrem +zcard
        +zscore +zrange +zrangebyscore +zremrangebyscore +del +expireat +xadd +xrevrange

in a cluster also `+cluster|slots`. Without `+info` nobody looks at the eviction policy.

*Loss:* holders state what they have spent in all. What a server loses when it dies, or has not copied yet to
the replica that takes over, comes back with the next statement of each holder that is alive.

*Waiting:* `timeout_s` is for each answer, and nearly always for a whole step: a server that hangs does so at
the first one. It does not bound the look-up of a host name.
"""

from __future__ import annotations

import logging
import threading
import time

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from redis import exceptions

from ..errors import ConfigError, LedgerError
from . import counting
from .ledger import Account, Answer, Balance, Entry, Statement
from .redis_client import Client, client_opener, is_cluster
from .redis_scripts import (
    NAMES,
    STEP,
    Script,
    answer,
    balance,
    entry,
    joined,
    read,
    sent,
    sent_account,
)
from .urls import masked


log = logging.getLogger("otel_tokens")

_T = TypeVar("_T")

_ERRORS: Final = (
    exceptions.RedisError,
    exceptions.RedisClusterException,
    exceptions.ChildDeadlockedError,
    OSError,
)
_INHERITED: Final[list[Client]] = []
"""Clients of parents. They are never touched again: closing one may wait for a lock that nobody will open."""


class RedisLedger:
    """The counts that are kept under `namespace` at a server; see `Ledger`. Nothing is connected before use.

    Raises:
        ConfigError: `url` cannot be understood.
    """

    shared = True

    def __init__(self, url: str, *, namespace: str = "default", timeout_s: float = 1.0) -> None:
        self._make = client_opener(url, timeout_s)
        self._place = masked(url)
        self._timeout_s = timeout_s
        self._keys = sent(f"{{otel_tokens:{namespace}}}:")
        self._scripts = {name: Script(name, "amounts", "accounts") for name in NAMES}
        self._warned = False
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._is_safe = False

    def check(self) -> None:
        """Look whether the server can be used.

        Raises:
            ConfigError: it may evict keys.
            LedgerError: it cannot be reached, is read-only, or does not let this user do what has to be done.
        """
        complaint = self._guarded(lambda: self._complaint(self._connected()))
        if complaint is not None:
            raise ConfigError(complaint)
        self._is_safe = True
        self._run("leave", b"")  # nobody leaves; this shows that scripts may run, and write

    def state(self, holder: str, turn: int, statements: Sequence[Statement], *, lease_s: float) -> Answer:
        """Note what `holder` states, and grant what it asks for if every part of it fits."""
        if len(statements) > STEP and not any(statement.asked for statement in statements):
            parts = [statements[at : at + STEP] for at in range(0, len(statements), STEP)]
            return joined([self.state(holder, turn, part, lease_s=lease_s) for part in parts])
        arguments: list[bytes | float] = [sent(holder), turn, lease_s]
        for account, *amounts in statements:
            arguments += sent_account(account)
            arguments += amounts
        return answer(statements, self._run("state", *arguments))

    def balances(self) -> list[Balance]:
        """Every account whose window has not ended, in order of budget, window and scope."""
        found = [balance(row) for row in self._run("balances")]
        return sorted(found, key=counting.order)

    def now_s(self) -> float:
        """The ledger's clock: the server's."""
        return float(self._run("now")[0])

    def set_cap(self, budget: str, unit: str, cap: int | None, *, who: str) -> None:
        """Put another limit in place of the file's for every account of `budget`; None takes it away."""
        amount = b"" if cap is None else cap
        self._run("cap", sent(who), sent(budget), sent(unit), amount, again=False)

    def top_up(self, account: Account, amount: int, *, who: str) -> Balance:
        """Add to the limit of one account, in its window alone; a negative amount takes away."""
        return self._change(account, who, b"top_up", amount)

    def reset(self, account: Account, *, who: str) -> Balance:
        """Forget what has been spent on one account; what is held stays held. Gives what there is now."""
        return self._change(account, who, b"reset", 0)

    def _change(self, account: Account, who: str, action: bytes, amount: int) -> Balance:
        # Not again: an addition of which only the answer was lost would count twice.
        found = self._run("change", sent(who), action, amount, *sent_account(account), again=False)
        cap, spent, held, before = map(int, found)
        return Balance(account, cap, spent, held, before=before)

    def caps(self) -> dict[str, int]:
        """The limits that were set by `set_cap`, by budget."""
        found = self._ask(lambda client: client.hgetall(self._keys + b"caps"))
        return {read(budget): int(found[budget].split()[1]) for budget in sorted(found)}

    def trail(self, limit: int = 100) -> list[Entry]:
        """The newest lines of the audit trail, newest first. At least the last 10,000 are kept."""
        return [entry(*line) for line in self._run("trail", limit)] if limit > 0 else []

    def leave(self, holder: str) -> None:
        """Say that `holder` is gone: what it held is free at once, what it spent stays spent."""
        self._run("leave", sent(holder))

    def renew(self) -> None:
        """In a forked process: let go of the parent's connections, without closing them for the parent."""
        if self._client is not None:
            _INHERITED.append(self._client)
        self._begin()

    def close(self) -> None:
        """Close the connections. Another step opens new ones."""
        with self._lock:
            client, self._client = self._client, None
            self._is_safe = False
        if client is not None:
            _disconnect(client)
            client.close()

    # The way to the server.

    def _run(self, name: str, *arguments: bytes | float, again: bool = True) -> list[Any]:
        return self._ask(lambda client: self._scripts[name](client, self._keys, *arguments), again=again)

    def _ask(self, step: Callable[[Client], _T], *, again: bool = True) -> _T:
        """What `step` gives; it may be tried again where a connection broke and `again` says that it is safe.

        Raises:
            LedgerError: the server cannot be reached or used.
        """
        begun = time.monotonic()

        def attempt() -> _T:
            client = self._connected()
            if not self._is_safe:
                complaint = self._complaint(client)
                if complaint is not None:
                    raise LedgerError(complaint)
                self._is_safe = True
            return step(client)

        def attempts() -> _T:
            try:
                return attempt()
            except exceptions.AuthenticationError:
                raise
            except exceptions.ConnectionError:
                # An idle connection that the server has closed fails at once. What has taken long is not
                # tried again, as a call is waiting.
                if not again or time.monotonic() - begun > self._timeout_s / 4:
                    raise
                return attempt()

        return self._guarded(attempts)

    def _guarded(self, step: Callable[[], _T]) -> _T:
        try:
            return step()
        except _ERRORS as error:
            self._is_safe = False  # whoever answers next may be another server
            if isinstance(error, exceptions.ReadOnlyError) and self._client is not None:
                _disconnect(self._client)  # the name of the server may belong to its successor by now
            raise LedgerError(f"ledger {self._place}: {_reason(error)}") from error

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client

    def _complaint(self, client: Client) -> str | None:
        """What is wrong with how the server treats keys; None where nothing is, or where it is not known."""
        policy = self._policy(client)
        if policy is None:
            if not self._warned:
                self._warned = True
                log.warning(
                    "ledger %s: does not tell its maxmemory-policy; if it evicts keys, money is spent twice",
                    self._place,
                )
            return None
        if policy == "noeviction":
            return None
        return f"ledger {self._place}: evicts keys under policy {policy}; set maxmemory-policy noeviction"

    def _policy(self, client: Client) -> str | None:
        if is_cluster(client):
            client = client.get_redis_connection(client.get_node_from_key(self._keys))
        with suppress(exceptions.ResponseError, KeyError):  # this user may not ask so
            return str(client.info("memory")["maxmemory_policy"])
        with suppress(exceptions.ResponseError, KeyError):
            return str(client.config_get("maxmemory-policy")["maxmemory-policy"])
        return None


def _disconnect(client: Client) -> None:
    """Close the connections that are idle now."""
    if is_cluster(client):
        client.disconnect_connection_pools()
    else:
        client.connection_pool.disconnect(inuse_connections=False)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
