"""Opens the client of a Redis or Valkey by its URL: one server, a cluster, or whatever sentinels point to.

    redis://[[user]:password@]host[:port][/db]     also rediss:// (TLS), valkey://, valkeys://
    unix://[[user]:password@]/path/to/socket[?db=0]
    redis+cluster://host[:port][,host2…]           any nodes of a cluster; also rediss+cluster://
    redis+sentinel://[[user]:password@]host[:port][,host2…]/name[/db][?sentinel_password=…]

The query takes what connections of redis-py take: `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`,
`ssl_check_hostname`, `socket_timeout` and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import Connection, ConnectionPool, SSLConnection, parse_url
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

from ..errors import ConfigError
from .urls import masked


Client = Any
"""A `Redis` or a `RedisCluster`. The types of redis-py differ from version to version."""

# Not typed in redis-py.
_parse: Callable[[str], dict[str, Any]] = parse_url
_Node: Callable[..., Any] = ClusterNode
_Sentinels: Callable[..., Any] = Sentinel

_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_HEALTH_CHECK_S: Final = 30
_MAX_CONNECTIONS: Final = 1000
_SCHEMES: Final = ("redis", "rediss", "unix")
_MODES: Final = ("", "cluster", "sentinel")


def client_opener(url: str, timeout_s: float) -> Callable[[], Client]:
    """What makes a client of the server at `url`, which waits `timeout_s` for each answer.

    Nothing is connected before that.

    Raises:
        ConfigError: `url` cannot be understood. The message has no secrets.
    """
    try:
        return _opener(url, timeout_s)
    except (ValueError, TypeError, RedisError) as error:
        # Their text may have a piece of a password in it that was not percent-encoded.
        raise ConfigError(
            f"ledger url {masked(url)}: cannot be understood; expected "
            "redis://[[user]:password@]host[:port][/db], "
            "rediss://, unix:///path, redis+cluster://host,host2 or redis+sentinel://host,host2/name, "
            "with options that redis-py knows; / # ? @ in a password have to be percent-encoded"
        ) from (error if type(error) is TypeError else None)


def _is_torn(rest: str, scheme: str) -> bool:
    """Whether a character in a password ends the part that it should be in."""
    place, _, _ = rest.partition("/")
    return "#" in rest or ("@" in rest and "@" not in place.partition("?")[0] and scheme != "unix")


def _opener(url: str, timeout_s: float) -> Callable[[], Client]:
    scheme, _, rest = url.partition("://")
    family, _, mode = scheme.replace("valkey", "redis", 1).partition("+")
    if family not in _SCHEMES or mode not in _MODES or (family == "unix" and mode) or _is_torn(rest, scheme):
        raise ValueError(scheme)
    rest, question, query = rest.partition("?")
    if family == "unix":
        return _one(_parse(f"unix://{rest}{question}{query}"), timeout_s)
    place, _, path = rest.partition("/")
    name = ""
    if mode == "sentinel":
        name, _, path = path.partition("/")
        if not name:
            raise ValueError(mode)
    if path and not path.isdecimal():
        raise ValueError(path)
    user, at, hosts = place.rpartition("@")
    nodes = [_parse(f"{family}://{user}{at}{host}/{path}{question}{query}") for host in hosts.split(",")]
    if mode == "cluster":
        return _cluster(nodes, timeout_s)
    if mode == "sentinel":
        return _sentinel(nodes, name, timeout_s)
    (node,) = nodes
    return _one(node, timeout_s)


def _settings(node: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """How to connect to `node`: as its URL says, and quick to give up. Tried out, without connecting."""
    settings = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "health_check_interval": _HEALTH_CHECK_S,
        "max_connections": _MAX_CONNECTIONS,
        "protocol": 2,  # the newer one has no use here, and takes a round trip more
        "connection_class": Connection,
        **node,
        "decode_responses": False,
    }
    of_connections = {name: value for name, value in settings.items() if name not in _OF_POOLS}
    settings["connection_class"](retry=_never(), **of_connections)
    return settings


_OF_POOLS: Final = {"connection_class", "max_connections"}
_OF_NODES: Final = {"host", "port", "db", "connection_class"}
_SENTINELS_OWN: Final = ("username", "password")


def _never() -> Retry:
    """Ledgers try again themselves, as only they know what may be done twice."""
    return Retry(NoBackoff(), 0)


def _one(node: dict[str, Any], timeout_s: float) -> Callable[[], Client]:
    settings = _settings(node, timeout_s)
    return lambda: Redis(connection_pool=ConnectionPool(retry=_never(), **settings))


def _cluster(nodes: list[dict[str, Any]], timeout_s: float) -> Callable[[], Client]:
    settings = _settings(nodes[0], timeout_s)
    if settings.get("db"):
        raise ValueError("db")
    places = [(node.get("host", "localhost"), node.get("port", _PORT)) for node in nodes]
    is_secure = settings["connection_class"] is SSLConnection
    options = {name: value for name, value in settings.items() if name not in _OF_NODES}
    return lambda: RedisCluster(
        startup_nodes=[_Node(host, port) for host, port in places],
        retry=_never(),
        ssl=is_secure,
        **options,
    )


def _sentinel(nodes: list[dict[str, Any]], name: str, timeout_s: float) -> Callable[[], Client]:
    own = {word: nodes[0].get(f"sentinel_{word}") for word in _SENTINELS_OWN}
    nodes = [{key: value for key, value in node.items() if not key.startswith("sentinel_")} for node in nodes]
    settings = _settings(nodes[0], timeout_s)
    places = [(node.get("host", "localhost"), node.get("port", _SENTINEL_PORT)) for node in nodes]
    options = {
        key: value for key, value in settings.items() if key not in {"host", "port", "connection_class"}
    }
    options |= {"ssl": settings["connection_class"] is SSLConnection, "retry": _never()}
    of_sentinels = {key: value for key, value in options.items() if key not in {*_SENTINELS_OWN, "db"}} | own
    return lambda: _Sentinels(places, sentinel_kwargs=of_sentinels, **options).master_for(name)


def is_cluster(client: Client) -> bool:
    """Whether `client` is one of a cluster."""
    return isinstance(client, RedisCluster)
