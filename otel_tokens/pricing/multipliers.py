"""What multiplies a price: a region, a deployment, a negotiated discount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any, Final

from ..readings import EXACT
from .price import ONE


CONDITIONS: Final = ("server_address", "inference_geo", "deployment_type")
"""What a multiplier can depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """A factor on the rates of token buckets, under conditions. Fees are not multiplied."""

    provider: str
    models: tuple[str, ...] = ("*",)
    """Globs; one of them matches the id of the entry or the name as given."""
    when: Mapping[str, str]
    """Condition to a glob for its value; all of them match."""
    factor: Decimal
    buckets: tuple[str, ...] = ("*",)

    def applies(self, provider: str, names: Iterable[str], facts: Mapping[str, str | None]) -> bool:
        """Whether it is for a call of this provider and model with these facts."""
        return (
            provider == self.provider
            and _any(self.models, names)
            and all(_matches(facts.get(fact), glob) for fact, glob in self.when.items())
        )

    def on(self, bucket: str) -> Decimal:
        """The factor for a bucket: 1 where it is not multiplied."""
        return self.factor if _any(self.buckets, (bucket,)) else ONE

    def replaces(self, other: Multiplier) -> bool:
        """Whether it is about the condition of `other` or a narrower one, so that both would count twice."""
        return (
            self.provider == other.provider
            and self.when.keys() == other.when.keys()
            and all(_matches(glob, other.when[fact]) for fact, glob in self.when.items())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A negotiated factor on everything, fees too."""

    provider: str
    models: tuple[str, ...] = ("*",)
    factor: Decimal

    def applies(self, provider: str, names: Iterable[str]) -> bool:
        """Whether it is for a call of this provider and model."""
        return provider == self.provider and _any(self.models, names)


@dataclass(frozen=True, slots=True)
class Factors:
    """All that multiplies the prices of one call."""

    multipliers: tuple[Multiplier, ...] = ()
    discount: Decimal = ONE

    def on(self, bucket: str) -> Decimal:
        """The factor for the rate of a bucket. Fees have the discount only."""
        return product([self.discount, *[part.on(bucket) for part in self.multipliers]])


def multiplier_of(plain: Mapping[str, Any]) -> Multiplier:
    """A multiplier from checked JSON or TOML."""
    return Multiplier(
        provider=plain["provider"],
        models=tuple([glob.lower() for glob in plain.get("models", ("*",))]),
        when=plain.get("when", {}),
        factor=Decimal(plain["factor"]),
        buckets=tuple(plain.get("buckets", ("*",))),
    )


def discount_of(plain: Mapping[str, Any]) -> Discount:
    """A discount from checked JSON or TOML."""
    return Discount(
        provider=plain["provider"],
        models=tuple([glob.lower() for glob in plain.get("models", ("*",))]),
        factor=Decimal(plain["factor"]),
    )


def product(factors: Iterable[Decimal]) -> Decimal:
    """All factors multiplied, exactly."""
    result = ONE
    for factor in factors:
        result = EXACT.multiply(result, factor)
    return result


def _any(globs: Iterable[str], names: Iterable[str]) -> bool:
    names = tuple(names)
    return any(fnmatchcase(name, glob) for glob in globs for name in names)


def _matches(value: str | None, glob: str) -> bool:
    return value is not None and fnmatchcase(value.lower(), glob.lower())
