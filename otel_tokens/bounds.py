"""The most that a call can cost, from its request alone, before it is sent.

Counting: the output is what the request states as its maximum, for each choice; else the maximum of the
model; else a constant. The input is its text, at one token for each byte, with what the provider adds to it;
images, audio and documents at the most that they can take; and never more than the context window of the
model, for each prompt. A request that goes on from an earlier answer is held for what that took, if this
process has seen it; one that refers to other input which is not in it, for the whole window, at the rate of
its dearest kind where it may be a file. Each token has the dearest rate that may apply.

What is not covered, because nothing states a limit: a hosted tool or an agent that reads the window again and
again in one call, or is called more often than `max_uses` or `max_tool_calls` say, and images that it draws;
tier, region and tools that are set in the provider's project or workspace and not in the request; options
beside the body (`extra_body`, `extra_query`, beta headers); files that are uploaded beside the body of an
edit of images; reasoning that whoever stands behind a router does not count towards the maximum; a PDF that
is packed tighter than ten tokens a byte.

Source: the rules on images and audio that OpenAI, Anthropic, Google and Mistral have published, rounded up;
what templates add was measured on 1,447 recorded exchanges, none of which is above its bound.
"""

from __future__ import annotations

import re

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .dialects import Dialect
from .dialects.order import Order
from .dialects.weight import Weight, texts, weigh
from .pricing.price import FREE, ZERO, Kinds
from .providers import Site
from .readings import EXACT
from .tokenizers import Estimator


if TYPE_CHECKING:  # to import it takes long, and the first call does
    from .pricing import PriceBook
    from .pricing.ceiling import Ceiling


class Bound(NamedTuple):
    """The upper bound of one call."""

    usd: Decimal | None
    """None when the price is not known."""
    tokens: int
    """Of all tokens, in and out."""
    status: str
    """Of the price: `priced`, `free`, `unknown_provider`, `unknown_model`."""
    assumed: bool
    """Whether the request states no maximum of output tokens."""
    output_tokens: int
    """The maximum that it is held for."""


OUTPUT_TOKENS: Final = 128_000
"""The maximum of a model that nobody knows."""
WINDOW_TOKENS: Final = 200_000
"""The context window of such a model, for input that is not in the request."""


class _Most(NamedTuple):
    """The most that there may be of everything."""

    text: int
    output: int
    images: int
    audio: int
    unsure: int
    """Input that may be of any kind."""
    units: Mapping[str, int] | None
    kinds: Kinds

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.text + self.output + self.images + self.audio + self.unsure

    def usd(self, ceiling: Ceiling) -> Decimal | None:
        """What all of it costs."""
        text, output, images, audio, unsure, units, _ = self
        heard = ceiling.usd(text, output, images, audio + unsure, units)
        return _max([heard, ceiling.usd(text, output, images + unsure, audio, units)]) if unsure else heard


_NOTHING: Final = Bound(ZERO, 0, FREE, assumed=False, output_tokens=0)

_KINDS: Final = (Kinds(0), Kinds(1), Kinds(2))
_TEMPLATES: Final[Mapping[str, int]] = {
    "openai": 100,
    "azure.ai.openai": 100,
    "anthropic": 100,
    "openrouter": 1200,
    "huggingface": 1200,
    "vercel": 1200,
}
_TEMPLATE_TOKENS: Final = 700
"""What a provider's template adds to a prompt, with tools or not: 600 tokens were seen at Groq's Llama 4 and
Snowflake's Claude, 570 behind a router."""
_ROAMING: Final = re.compile("compound|deep-research|search-preview|search-api|:online")
"""Models that look things up by themselves, and bill what they read."""
_SEARCHES: Final = 10
"""How often they search for one answer. No maximum is documented."""
_BYTES_PER_AUDIO_TOKEN: Final = 15
"""500 bytes are a second at 4 kbit/s, below every codec of speech; a second is at most 32 tokens."""
_TOKENS_PER_DOCUMENT_BYTE: Final = 10
"""Of a PDF: text is packed four times at the best, and a page takes its image beside its text."""
_DOCUMENT_TOKENS: Final = 20_000

_IMAGE_TOKENS: Final = (
    ("gpt-4o-mini", 48_169),  # 2,833 and 8 tiles of 5,667
    ("gpt-4o", 1_445),  # 85 and 8 tiles of 170: 2,048 by 768 pixels
    ("gpt-4.5", 1_445),
    ("gpt-4-turbo", 1_445),
    ("claude", 4_900),  # 2,576 pixels on the long side: at most 4,784
    ("gemini", 8_256),  # 32 tiles of 258
    ("pixtral", 4_200),
    ("mistral", 4_200),
    ("gpt", 12_000),  # 10,000 patches and a factor
)
_ANY_IMAGE_TOKENS: Final = 16_384


def bound_of(
    book: PriceBook,
    dialect: Dialect,
    request: Any,  # noqa: ANN401
    site: Site,
    model: str | None,
    *,
    at_s: float,
    variant: str | None = None,
    assume_output_tokens: int | None = None,
    weight: Weight | None = None,
    earlier: Callable[[str], int | None] = lambda _answer: None,
) -> Bound:
    """The upper bound of a call, by the bytes of its request; `weight` is what `weigh` says of it.

    `assume_output_tokens` takes the place of the model's maximum where the request states none. `earlier`
    says how many tokens an answer had, in and out, that the request goes on from, where that is known.
    """
    if not dialect.billed:
        return _NOTHING
    if weight is None:
        weight = weigh(request)
    order = dialect.order(request)
    known = 0
    if order.earlier is not None:
        tokens = earlier(order.earlier)
        if tokens is None:
            order = order._replace(hidden=order.hidden + 1)
        else:
            known = tokens
    text = weight.bytes + weight.written_bytes + known
    return _bound(
        book, order, weight, text, site, model, at_s, variant or order.variant, assume_output_tokens
    )


def closer(  # noqa: PLR0917 - as `bound_of`, with what counts the tokens
    book: PriceBook,
    dialect: Dialect,
    request: Any,  # noqa: ANN401
    site: Site,
    model: str | None,
    estimator: Estimator,
    *,
    at_s: float,
    variant: str | None = None,
    assume_output_tokens: int | None = None,
) -> Bound | None:
    """The same by tokens, which takes longer; None where it would be no closer.

    It needs a vocabulary on this machine. One of another family counts with a margin.
    """
    if not dialect.billed:
        return None
    order, weight = dialect.order(request), weigh(request)
    if order.hidden or weight.hidden or order.earlier is not None:
        return None
    tokens = estimator.at_most(texts(request), model)
    if tokens is None or tokens >= weight.bytes:
        return None
    return _bound(
        book,
        order,
        weight,
        tokens + weight.written_bytes,
        site,
        model,
        at_s,
        variant or order.variant,
        assume_output_tokens,
    )


def _bound(  # noqa: PLR0917 - once for each call, and names take time
    book: PriceBook,
    order: Order,
    weight: Weight,
    text: int,
    site: Site,
    model: str | None,
    at_s: float,
    variant: str,
    assume: int | None,
) -> Bound:
    """The bound of a call whose request has at most `text` tokens of text."""
    provider = site.provider
    limit = book.limits(provider, model)
    window = limit.window_tokens
    output, assumed = order.output_tokens, False
    if output is None:
        output, assumed = assume or limit.output_tokens or OUTPUT_TOKENS, True
    text += order.overhead_tokens + _TEMPLATES.get(provider, _TEMPLATE_TOKENS)
    if order.is_plain and weight.is_plain and _ROAMING.search(model or "") is None:
        if window is not None and text > window and output:  # texts to embed have a window each
            text = window
        kinds = _KINDS[max(weight.cached, order.cached)]
        ceiling = book.ceiling(provider, model, kinds, at_s, variant, site.host)
        return Bound(ceiling.usd(text, output), text + output, ceiling.status, assumed, output)
    most = _most(order, weight, text, output, window=window, name=model or "")
    return _bound_beside(book, order, most, site, model, at_s, variant, assumed=assumed)


def _bound_beside(  # noqa: PLR0917 - as `_bound`
    book: PriceBook,
    order: Order,
    most: _Most,
    site: Site,
    model: str | None,
    at_s: float,
    variant: str,
    *,
    assumed: bool,
) -> Bound:
    """The bound of a call that is more than text for one answer of one model."""
    provider = site.provider

    def ceiling_of(name: str | None) -> Ceiling:
        return book.ceiling(provider, name, most.kinds, at_s, variant, site.host, order.geo)

    ceiling = ceiling_of(model)
    usd = _max([most.usd(each) for each in (ceiling, *map(ceiling_of, filter(None, order.models)))])
    tokens = most.tokens
    for advisor in order.advisors:
        limits = book.limits(provider, advisor)
        put, got = limits.window_tokens or WINDOW_TOKENS, limits.output_tokens or OUTPUT_TOKENS
        usd = _sum(usd, ceiling_of(advisor).usd(put, got))
        tokens += put + got
    return Bound(usd, tokens, ceiling.status, assumed, most.output)


@lru_cache(maxsize=1024)
def _image_tokens(model: str) -> int:
    """The most that one image takes."""
    model = model.lower()
    return next((tokens for name, tokens in _IMAGE_TOKENS if name in model), _ANY_IMAGE_TOKENS)


def _most(order: Order, weight: Weight, text: int, output: int, *, window: int | None, name: str) -> _Most:
    """The most of everything: `text` tokens are in the request, `output` is the maximum of one choice."""
    images = weight.images and weight.images * _image_tokens(name)
    audio = order.audio_tokens + weight.audio_bytes // _BYTES_PER_AUDIO_TOKEN
    if weight.document_bytes:  # a page is an image too
        images += _DOCUMENT_TOKENS + weight.document_bytes * _TOKENS_PER_DOCUMENT_BYTE
    unsure = 0
    roams = _ROAMING.search(name) is not None
    units = {"web_search": _SEARCHES, **(order.units or {})} if roams else order.units
    if weight.hidden or (order.hidden and order.speaks):
        unsure = window or WINDOW_TOKENS
    elif order.hidden or roams:
        text += window or WINDOW_TOKENS
    room = window and output and window * order.choices  # several prompts have a window each
    if room and text + images + audio + unsure > room:
        # Whatever is dearest may fill it.
        unsure, images, audio = min(images + audio + unsure, room), 0, 0
        text = min(text, room - unsure)
    if "sonar-deep-research" in name:  # its reasoning is not within the maximum
        output = max(output, OUTPUT_TOKENS)
    output *= order.choices
    if order.echoes:
        output += weight.bytes
    text, output, images, audio, unsure = [
        count * order.passes for count in (text, output, images, audio, unsure)
    ]
    kinds = Kinds(max(order.cached, weight.cached), order.speaks, order.draws)
    return _Most(text, output, images, audio, unsure, units, kinds)


def _max(amounts: list[Decimal | None]) -> Decimal | None:
    known = [usd for usd in amounts if usd is not None]
    return max(known) if len(known) == len(amounts) else None


def _sum(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    return None if a is None or b is None else EXACT.add(a, b)
