"""URLs of ledgers, as they may be shown."""

from __future__ import annotations


def masked(url: str) -> str:
    """`url` without its user, its password and its options, for messages."""
    if url.startswith(("memory:", "sqlite:")):
        return url
    scheme, slashes, rest = url.partition("://")
    if not slashes:  # no URL at all, so nothing tells what is secret in it
        scheme, rest = "", url
    place, _, options = rest.partition("?")
    if "#" in rest or "@" in options:  # of a password that was not percent-encoded
        return f"{scheme}{slashes}***"
    _, at, place = place.rpartition("@")
    return f"{scheme}{slashes}{'***@' if at else ''}{place}{'?***' if options else ''}"
