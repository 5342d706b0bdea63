"""Who stands behind the host of a span whose client library speaks to many: by the library's own table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .. import providers
from .ottl import any_of, looked_up, mapping, quoted
from .price_groups import Group


_CLIENTS: Final = ("openai", "anthropic")
"""Providers whose client libraries are pointed at servers of others."""
_PROVIDER: Final = "@gen_ai.provider.name@"


def hosts(endpoints: Mapping[str, str]) -> Group:
    """The provider of a host; the host itself where nobody is known there. `endpoints` come first."""
    known = {**providers.HOSTS, **endpoints}
    literal = mapping([(host, quoted(name)) for host, name in known.items()])
    ports = providers.LOCAL_PORTS
    loopback = any_of([f"%host == {quoted(host)}" for host in sorted(providers.LOOPBACK)])
    aws = '%site == "aws.bedrock"'
    stated = any_of([f'{_PROVIDER} == "{name}"' for name in _CLIENTS])
    return Group(
        "Who stands at the host of a span; nobody's prices hold at a host that nobody knows.",
        f'@otel_tokens.count@ == true and {stated} and IsString(@server.address@) and @server.address@ != ""',
        [
            "set(%host, ToLowerCase(@server.address@))",
            'replace_pattern(%host, "^https?://", "")',
            'replace_pattern(%host, "^([^:/]+)(?::\\\\d+)?(?:/.*)?$", "$1")',
            f"set(%site, {looked_up(literal, '%host')})",
            *[
                f"set(%site, {quoted(name)}) where %site == nil and HasSuffix(%host, {quoted(end)})"
                for end, name in providers.SUFFIXES
            ],
            f'set(%site, "anthropic") where {aws} and HasPrefix(%host, "aws-external-anthropic.")',
            f'set(%site, %host) where {aws} and Index(%host, "bedrock") < 0',
            *[
                f"set(%site, {quoted(name)}) where %site == nil and {loopback} and @server.port@ == {port}"
                for port, name in ports.items()
            ],
            f"set({_PROVIDER}, Coalesce([%site, %host]))",
            'delete_key(span.attributes, "otel_tokens.tmp.host")',
            'delete_key(span.attributes, "otel_tokens.tmp.site")',
        ],
        silent=True,
    )
