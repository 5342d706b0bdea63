"""The bound of a call is at least what it can cost, from its request alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import tiktoken

from hypothesis import given
from hypothesis import strategies as st

from otel_tokens.bounds import OUTPUT_TOKENS, WINDOW_TOKENS, Bound, bound_of, closer
from otel_tokens.dialects import (
    Dialect,
    anthropic_messages,
    anthropic_others,
    openai_audio,
    openai_chat,
    openai_embeddings,
    openai_free,
    openai_images,
    openai_responses,
)
from otel_tokens.dialects.weight import weigh
from otel_tokens.pricing import Terms, load_book
from otel_tokens.providers import Site
from otel_tokens.readings import INPUT, OUTPUT, Usage
from otel_tokens.tokenizers import Estimator


AT_S = 1_795_500_000.0  # 2026-11-24
BOOK = load_book()
OPENAI = Site("openai", "api.openai.com", 443)
ANTHROPIC = Site("anthropic", "api.anthropic.com", 443)
CHAT = openai_chat.DIALECT
MESSAGES = anthropic_messages.DIALECT
BLOB = "iVBORw0KGgoAAAANSUhEUgAA"


def chat(content: Any = "hello", **more: Any) -> dict[str, Any]:
    """A request for a chat."""
    return {"messages": [{"role": "user", "content": content}], **more}


def bound(
    request: Any, model: str | None = "gpt-4o", *, dialect: Dialect = CHAT, site: Site = OPENAI, **more: Any
) -> Bound:
    """The bound of a request."""
    return bound_of(BOOK, dialect, request, site, model, at_s=AT_S, **more)


def usd(provider: str, model: str, put: int, got: int, variant: str = "standard") -> Decimal:
    """What so many tokens cost."""
    terms = Terms(provider, model, AT_S, model, variant)
    cost = BOOK.price(Usage({INPUT: put, OUTPUT: got}), terms).usd
    assert cost is not None
    return cost


def test_a_stated_maximum() -> None:
    """The output is what the request states, the input its bytes and what a template adds."""
    request = chat("hello", max_tokens=100)
    found = bound(request)
    put = weigh(request).bytes + 100
    assert found == Bound(
        usd("openai", "gpt-4o", put, 100), put + 100, "priced", assumed=False, output_tokens=100
    )
    assert bound(request, weight=weigh(request)) == found


@pytest.mark.parametrize(
    ("model", "assume", "output_tokens"),
    [("gpt-4o", None, 16_384), ("nobody-knows-it", None, OUTPUT_TOKENS), ("gpt-4o", 500, 500), (None, 7, 7)],
)
def test_without_a_maximum_the_models_own_holds(
    model: str | None, assume: int | None, output_tokens: int
) -> None:
    """It is what the caller assumes, else the model's, else a constant; and it is said to be assumed."""
    found = bound(chat(), model, assume_output_tokens=assume)
    assert (found.assumed, found.output_tokens) == (True, output_tokens)


def test_an_assumption_gives_way_to_what_is_stated() -> None:
    """A request that states a maximum is held for it."""
    assert bound(chat(max_tokens=9), assume_output_tokens=5).output_tokens == 9


@given(text=st.text(), n=st.integers(1, 5), limit=st.integers(1, 1000))
def test_each_choice_may_be_as_long(text: str, n: int, limit: int) -> None:
    """The bound grows with the choices, and covers a token for each byte."""
    found = bound(chat(text, n=n, max_tokens=limit))
    size = len(text.encode("utf-8", "surrogatepass"))
    assert found.output_tokens == n * limit
    assert found.usd is not None
    assert found.usd >= usd("openai", "gpt-4o", size, n * limit)


def test_a_prompt_is_no_longer_than_the_window() -> None:
    """Text that cannot fit is bounded by the context window of the model."""
    assert bound(chat("x" * 10_000_000, max_tokens=1)).tokens == 128_001
    assert bound(chat("x" * 1_000_000, max_tokens=1), "nobody-knows-it").tokens > 1_000_000


@pytest.mark.parametrize(
    ("provider", "model", "status", "amount"),
    [
        ("openai", "nobody-knows-it", "unknown_model", None),
        ("example.com", "gpt-4o", "unknown_provider", None),
        ("ollama", "llama3", "free", Decimal(0)),
    ],
)
def test_what_has_no_price(provider: str, model: str, status: str, amount: Decimal | None) -> None:
    """An unknown price is None and what is free is 0; the tokens are bounded all the same."""
    found = bound(chat(max_tokens=10), model, site=Site(provider, "host", 443))
    assert (found.status, found.usd) == (status, amount)
    assert found.tokens > 10


@pytest.mark.parametrize("dialect", [openai_free.MODERATION, anthropic_others.COUNT_TOKENS])
def test_what_is_not_billed(dialect: Dialect) -> None:
    """A call that is free holds nothing."""
    assert bound(chat(), dialect=dialect) == Bound(Decimal(0), 0, "free", assumed=False, output_tokens=0)
    assert closer(BOOK, dialect, chat(), OPENAI, "gpt-4o", Estimator(None), at_s=AT_S) is None


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o-mini", 48_169),
        ("gpt-4o", 1_445),
        ("claude-sonnet-4-5", 4_900),
        ("gpt-5", 12_000),
        ("a", 16_384),
    ],
)
def test_an_image_takes_what_its_model_makes_of_it(model: str, tokens: int) -> None:
    """The most tokens of an image depend on the family."""
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    with_it, without = [
        bound(chat([part], max_tokens=1), model) for part in (image, {**image, "type": "other_url"})
    ]
    assert with_it.tokens - without.tokens == tokens


def test_media_fit_the_window() -> None:
    """However much there is, audio, images and text together fill the window once."""
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    audio = {"type": "input_audio", "input_audio": {"data": BLOB * 1000, "format": "wav"}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64," + BLOB * 10_000}}
    assert bound(chat([image] * 200, max_tokens=1)).tokens == 128_001
    assert bound(chat([audio, image, file] * 10, max_tokens=1)).tokens == 128_001
    assert bound(chat([audio, image, file] * 10, max_tokens=1), None).tokens > 1_000_000


def test_audio_and_documents_by_their_bytes() -> None:
    """A file has a bound of its own."""
    audio = {"type": "input_audio", "input_audio": {"data": BLOB * 1000, "format": "wav"}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64," + BLOB * 10}}
    assert 18_000 // 15 < bound(chat([audio], max_tokens=1)).tokens < 2_000
    assert 20_000 < bound(chat([file], max_tokens=1)).tokens < 25_000


@pytest.mark.parametrize(("model", "window"), [("gpt-4o", 128_000), ("nobody-knows-it", WINDOW_TOKENS)])
def test_input_that_is_not_in_the_request_fills_the_window(model: str, window: int) -> None:
    """An earlier response, a file by its id and a model that searches may bring a whole window."""
    responses = openai_responses.DIALECT
    previous = {"input": "a", "previous_response_id": "resp_1", "max_output_tokens": 1}
    by_id = chat([{"type": "file", "file": {"file_id": "file-1"}}], max_tokens=1)
    assert bound(previous, model, dialect=responses).tokens >= window
    assert bound(by_id, model).tokens >= window
    assert bound(chat(max_tokens=1), "compound-beta").tokens >= 100_000


def test_what_goes_on_from_an_answer_is_held_for_what_that_took() -> None:
    """An earlier answer of this process is known, so no whole window is held for it."""
    request = {"input": "a", "previous_response_id": "resp_1", "max_output_tokens": 1}
    known = bound_of(
        BOOK,
        openai_responses.DIALECT,
        request,
        OPENAI,
        "gpt-4o",
        at_s=AT_S,
        earlier={"resp_1": 5_000}.get,
    )
    unknown = bound(request, "gpt-4o", dialect=openai_responses.DIALECT)

    assert 5_000 < known.tokens < 5_500
    assert unknown.tokens >= 128_000


def test_caching_is_asked_for() -> None:
    """A prompt that is to be cached for an hour may cost twice the input."""
    part = {"type": "text", "text": "x" * 4000}
    amounts = [
        bound(
            chat([{**part, **mark}], max_tokens=1), "claude-sonnet-4-5", dialect=MESSAGES, site=ANTHROPIC
        ).usd
        for mark in (
            {},
            {"cache_control": {"type": "ephemeral"}},
            {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
        )
    ]
    none, short, long = [float(amount or 0) for amount in amounts]
    assert short / none == pytest.approx(1.25, rel=0.05)
    assert long / none == pytest.approx(2, rel=0.05)


def test_a_dearer_tier() -> None:
    """What the request asks for counts, unless the caller knows better."""
    priority = bound(chat(max_tokens=1000, service_tier="priority"))
    standard = bound(chat(max_tokens=1000, service_tier="flex"))
    assert (priority.usd or 0) > (standard.usd or 0)
    assert bound(chat(max_tokens=1000), variant="priority").usd == pytest.approx(
        priority.usd, rel=Decimal("0.01")
    )


def test_fees_come_on_top() -> None:
    """Each search that may be made has its fee."""
    tools = [{"type": "web_search_20250305", "name": "web_search", "max_uses": uses} for uses in (1, 6)]
    few, many = [
        bound(chat(max_tokens=1, tools=[tool]), "claude-sonnet-4-5", dialect=MESSAGES, site=ANTHROPIC).usd
        for tool in tools
    ]
    assert (many or 0) - (few or 0) == Decimal("0.05")


def test_other_models_may_answer() -> None:
    """The dearest of the models that may answer holds; one without a price makes the whole unknown."""
    site = Site("openrouter", "openrouter.ai", 443)
    cheap, dear = "openai/gpt-4o-mini", "openai/gpt-4o"
    alone = bound(chat(max_tokens=1000), dear, site=site)
    both = bound(chat(max_tokens=1000, models=[dear]), cheap, site=site)
    assert (both.usd or 0) >= (alone.usd or 0) > (bound(chat(max_tokens=1000), cheap, site=site).usd or 0)
    assert bound(chat(max_tokens=1000, models=["nobody/knows-it"]), cheap, site=site).usd is None
    assert bound(chat(max_tokens=1000, models=[dear]), "nobody/knows-it", site=site).usd is None


def test_an_advisor_is_billed_beside() -> None:
    """A model that may be asked on the way costs its own window and answer; None when it has no price."""

    def advised(model: str) -> Bound:
        tool = {"type": "advisor_20260301", "name": "advisor", "model": model}
        return bound(chat(max_tokens=9, tools=[tool]), "claude-sonnet-4-5", dialect=MESSAGES, site=ANTHROPIC)

    limits = BOOK.limits("anthropic", "claude-opus-4-6")
    assert limits.window_tokens
    assert limits.output_tokens
    found = advised("claude-opus-4-6")
    assert found.tokens > limits.window_tokens + limits.output_tokens
    assert (found.usd or 0) > usd("anthropic", "claude-opus-4-6", limits.window_tokens, limits.output_tokens)
    assert advised("nobody-knows-it").usd is None
    assert advised("nobody-knows-it").tokens > WINDOW_TOKENS + OUTPUT_TOKENS


def test_predictions_may_be_billed_as_output() -> None:
    """Text that the application predicts is output when it is rejected."""
    request = chat(max_tokens=10, prediction={"type": "content", "content": "x" * 100})
    assert bound(request).output_tokens == 10 + weigh(request).bytes


def test_a_summary_on_the_way_doubles_the_bound() -> None:
    """With compaction, prompt and answer may be billed twice."""
    once = bound(chat(max_tokens=10, context_management={"edits": []}), dialect=MESSAGES)
    edits = [{"type": "compact_20260112"}]
    twice = bound(chat(max_tokens=10, context_management={"edits": edits}), dialect=MESSAGES)
    assert twice.output_tokens == 20
    assert twice.tokens > 2 * once.tokens


def test_reasoning_beside_the_maximum() -> None:
    """Perplexity's deep research is not bound by what the request states."""
    site = Site("perplexity", "api.perplexity.ai", 443)
    assert bound(chat(max_tokens=10), "sonar-deep-research", site=site).output_tokens == OUTPUT_TOKENS


def test_what_has_no_text_as_output() -> None:
    """Embeddings cost their input, speech its characters, images their tokens, transcripts their time."""
    embedded = bound({"input": "x" * 1000}, "text-embedding-3-small", dialect=openai_embeddings.DIALECT)
    assert (embedded.output_tokens, embedded.assumed) == (0, False)
    spoken = bound({"input": "x" * 1000}, "tts-1", dialect=openai_audio.SPEECH)
    assert spoken.usd == Decimal("0.015")
    drawn = bound({"prompt": "a cat", "n": 2}, "gpt-image-1", dialect=openai_images.DIALECT)
    assert (drawn.usd or 0) > usd("openai", "gpt-image-1", 0, 2 * 16_384) > 0
    heard = bound({"model": "whisper-1"}, "whisper-1", dialect=openai_audio.TRANSCRIPTION)
    assert heard.usd == Decimal("2.5")


NAMES = (
    "messages", "input", "prompt", "tools", "max_tokens", "max_completion_tokens", "max_output_tokens", "n",
    "best_of", "models", "modalities", "service_tier", "speed", "context_management", "cache_control", "type",
    "previous_response_id", "prompt_cache_retention", "size", "quality", "max_tool_calls", "max_uses", "ttl",
    "content", "role", "source", "data", "edits", "model",
)  # fmt: skip
WORDS = (
    "image",
    "document",
    "input_audio",
    "web_search_20250305",
    "advisor_1",
    "web_search",
    "compact",
    "1h",
)
REQUESTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=30,
)
DIALECTS = (
    CHAT,
    MESSAGES,
    openai_responses.DIALECT,
    openai_responses.COMPACT,
    openai_embeddings.DIALECT,
    openai_images.DIALECT,
    openai_audio.SPEECH,
    openai_audio.TRANSCRIPTION,
    anthropic_others.COMPLETION,
)


@given(request_=REQUESTS, dialect=st.sampled_from(DIALECTS), model=st.none() | st.text())
def test_any_request_has_a_bound(request_: Any, dialect: Dialect, model: str | None) -> None:
    """Whatever a request is made of, its bound is a number of tokens, and the price None or not negative."""
    found = bound(request_, model, dialect=dialect, assume_output_tokens=10)
    assert found.tokens >= found.output_tokens >= 0
    assert found.usd is None or found.usd >= 0
    priced = bound(request_, "gpt-4o", dialect=dialect)
    others = [name for name in dialect.order(request_).models if name]  # nobody knows their prices
    assert others or (priced.usd is not None and priced.usd > 0)


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Estimator:
    """An estimator with a vocabulary in which every ten letters are a token."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    for length in range(2, 11):
        ranks[b"x" * length] = 254 + length
    tens = tiktoken.Encoding("tens", pat_str=r"x{1,10}|[\s\S]", mergeable_ranks=ranks, special_tokens={})
    estimator = Estimator(None)
    monkeypatch.setattr(estimator._vocabularies, "get", lambda _name: tens)
    return estimator


def closely(request: Any, model: str, estimator: Estimator, **more: Any) -> Bound | None:
    """The closer bound of a chat."""
    return closer(BOOK, CHAT, request, OPENAI, model, estimator, at_s=AT_S, **more)


def test_a_closer_bound_counts_tokens(letters: Estimator) -> None:
    """It is lower by the bytes that are no tokens, and else the same."""
    request = chat("x" * 10_000, max_tokens=10)
    near, far = closely(request, "gpt-4o", letters), bound(request)
    assert near is not None
    assert 1_000 < near.tokens < 1_500
    assert far.tokens > 10_000
    assert (near.usd or 0) < (far.usd or 0)
    assert near[2:] == far[2:]
    other = closely(request, "claude-sonnet-4-5", letters)
    assert other is not None
    assert near.tokens < other.tokens < 5_000


def test_a_closer_bound_has_the_same_assumption(letters: Estimator) -> None:
    """What the caller assumes holds here too."""
    found = closely(chat("x" * 1000), "gpt-4o", letters, assume_output_tokens=5, variant="priority")
    assert found is not None
    assert (found.assumed, found.output_tokens) == (True, 5)


def test_where_there_is_no_closer_bound(letters: Estimator) -> None:
    """Without a vocabulary, with hidden input, or when tokens are no fewer than bytes."""
    request = chat("x" * 1000)
    assert closely(request, "gpt-4o", Estimator(None)) is None
    assert closely(chat("x" * 1000, web_search_options={}), "gpt-4o", letters) is None
    assert closely(chat([{"type": "input_file", "file_id": "file-1"}]), "gpt-4o", letters) is None
    assert closely(chat("abcdefgh" * 1000), "claude-sonnet-4-5", letters) is None
