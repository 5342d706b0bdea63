"""The compiled price book: `prices.json`, parsed provider by provider and converted model by model on demand.

Source: compiled by `otel_tokens.pricing.compile` from genai-prices and `overlay.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pkgutil import get_data
from typing import Any

from .ids import Index, index_of_models, spellings
from .multipliers import Multiplier, multiplier_of
from .pages import pages_of
from .rows import Model, Origin, rows_of
from .sellers import shelf


class Catalog:
    """Providers and their models, as plain data until a model is first priced."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.version: str = data["version"]
        self.dated: str | None = data.get("dated")
        self.multipliers: tuple[Multiplier, ...] = tuple(
            [multiplier_of(plain) for plain in data["multipliers"]]
        )
        self.origins: tuple[Origin, ...] = tuple([Origin(*pair) for pair in data.get("origins", ())])
        """Of what the overlay adds."""
        self._providers: Mapping[str, Any] = data["providers"]
        self._indexes: dict[str, Index] = {}
        self._models: dict[tuple[str, int], Model] = {}

    @property
    def providers(self) -> tuple[str, ...]:
        """All providers of the book, in its order."""
        return tuple(self._providers)

    def knows(self, provider: str) -> bool:
        """Whether the book has prices of this provider."""
        return shelf(provider) in self._providers

    def find(self, provider: str, model_id: str) -> Model | None:
        """The model of that name: the provider's own, else that of a provider it resells."""
        own = shelf(provider)
        if own not in self._providers:
            return None
        names = spellings(model_id, self.prefixes(provider))
        return self._named(own, names) or self._undated(own, names)

    def is_resold(self, provider: str, model_id: str) -> bool:
        """Whether a model that was found at a provider is of one that it resells."""
        return all(model["id"] != model_id for model in self._providers[shelf(provider)]["models"])

    def prefixes(self, provider: str) -> list[str]:
        """What may stand before a model's name at this provider, such as `openai/`."""
        own = shelf(provider)
        sellers = (own, *self._fallbacks(own)) if own in self._providers else ()
        return [prefix for seller in sellers for prefix in self._providers[seller]["prefixes"]]

    def models(self, provider: str) -> Iterator[Model]:
        """All models of a provider, in the order of the book."""
        for place in range(len(self._providers[provider]["models"])):
            yield self._model(provider, place)

    def _fallbacks(self, provider: str) -> Sequence[str]:
        fallbacks: Sequence[str] = self._providers[provider].get("fallbacks", ())
        return fallbacks

    def _named(self, own: str, names: Sequence[str]) -> Model | None:
        for name in names:
            place = self._index(own).named(name)
            if place is not None:
                return self._model(own, place)
            for seller in self._fallbacks(own):
                place = self._index(seller).named(name)
                if place is not None:
                    return self._resold(seller, place)
        return None

    def _undated(self, own: str, names: Sequence[str]) -> Model | None:
        for name in names:
            for seller in (own, *self._fallbacks(own)):
                same = partial(self._cost_same, seller)
                place = self._index(seller).without_date(name, same)
                if place is not None:
                    return self._model(own, place) if seller == own else self._resold(seller, place)
        return None

    def _cost_same(self, provider: str, a: int, b: int) -> bool:
        models = self._providers[provider]["models"]
        return bool(
            models[a]["rows"] == models[b]["rows"] and models[a].get("variants") == models[b].get("variants")
        )

    def _index(self, provider: str) -> Index:
        index = self._indexes.get(provider)
        if index is None:
            index = self._indexes[provider] = index_of_models(self._providers[provider]["models"])
        return index

    def _model(self, provider: str, place: int) -> Model:
        model = self._models.get((provider, place))
        if model is None:
            plain = self._providers[provider]["models"][place]
            model = self._models[provider, place] = self._read(provider, plain, plain.get("variants", {}))
        return model

    def _resold(self, seller: str, place: int) -> Model:
        # Batch or priority rates are the seller's own offer: nobody says that a reseller has them.
        return self._read(seller, self._providers[seller]["models"][place], {})

    def _read(self, provider: str, plain: Mapping[str, Any], variants: Mapping[str, Any]) -> Model:
        return Model(
            id=plain["id"],
            rows=rows_of(plain["rows"], variants, self.origins),
            version=self.version,
            sources=tuple(plain.get("sources") or self._providers[provider].get("urls", ())),
            checked=plain.get("checked"),
        )


def shipped() -> Catalog:
    """The book that comes with this package."""
    return Catalog(pages_of((get_data(__name__, "prices.json") or b"").decode()))


NOTHING: Mapping[str, Any] = {
    "version": "none",
    "multipliers": (),
    "providers": {},
}
"""A book without a price, to build one from the override's rows alone."""
