"""The public names."""

from __future__ import annotations

import otel_tokens


def test_the_public_names() -> None:
    """`__all__` is complete, sorted, and every name in it is there."""
    public = [name for name in vars(otel_tokens) if not name.startswith("_")]
    own = [
        name
        for name in public
        if getattr(vars(otel_tokens)[name], "__module__", "").startswith("otel_tokens")
    ]
    assert sorted([*own, "__version__"]) == otel_tokens.__all__
    assert all(hasattr(otel_tokens, name) for name in otel_tokens.__all__)
