"""What vendors of OpenAI's shape add to it: models inside a model, charges, usage in other places."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import openai_chat, openai_cost, openai_embeddings
from otel_tokens.dialects.catalog import find
from otel_tokens.readings import BUCKETS, Part, Usage

from . import strategies as make
from .examples import ANSWERS, CHAT


ODD = ("usage_inconsistent",)
LAW = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def said(text: str | None, **usage: Any) -> dict[str, Any]:
    """A chat that said `text` and states `usage`."""
    return {
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": text}}],
        "usage": usage,
    }


def counts(prompt: int, completion: int) -> dict[str, int]:
    """A usage object."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def folded(*chunks: Any) -> Any:
    """What chunks add up to."""
    folding = openai_chat.Chunks()
    for chunk in chunks:
        folding.see(chunk)
    return folding.body()


# Groq.

BREAKDOWN = {
    "models": [
        {"model": "a", "usage": counts(50, 5)},
        {"model": "b", "usage": counts(30, 3)},
        {"model": "a", "usage": counts(10, 1)},
        {"model": "c", "usage": None},
    ]
}


def test_each_model_of_a_compound_system_is_a_part() -> None:
    """Models that a compound system asked are billed as their own; the rest is at the system's."""
    body = {**said("Hi", **counts(100, 10)), "usage_breakdown": BREAKDOWN}
    reading = openai_chat.read(body)

    assert reading.usage == Usage({"input": 10, "output": 1})
    assert reading.parts == (
        Part("a", Usage({"input": 60, "output": 6})),
        Part("b", Usage({"input": 30, "output": 3})),
    )
    assert (reading.parts_inside, reading.warnings) == (True, ())


def test_a_breakdown_that_explains_all_leaves_nothing() -> None:
    """Usage that other models had whole is stated, and none of it is at the system's model."""
    reading = openai_chat.read({**said("Hi", **counts(90, 9)), "usage_breakdown": BREAKDOWN})
    assert (reading.usage, len(reading.parts)) == (Usage(), 2)


def test_a_breakdown_that_repeats_the_whole_is_none() -> None:
    """Where each model repeats the total nobody knows who used what, and it stays in one piece."""
    models = [{"model": name, "usage": counts(100, 10)} for name in ("a", "b")]
    reading = openai_chat.read({**said("Hi", **counts(100, 10)), "usage_breakdown": {"models": models}})

    assert (reading.usage, reading.parts) == (Usage({"input": 100, "output": 10}), ())
    assert (reading.parts_inside, reading.warnings) == (False, ODD)


@pytest.mark.parametrize("breakdown", [{"models": None}, {}, [], "x", {"models": [None, 5]}])
def test_a_breakdown_without_models_changes_nothing(breakdown: Any) -> None:
    """Most answers have an empty breakdown."""
    reading = openai_chat.read({**said("Hi", **counts(100, 10)), "usage_breakdown": breakdown})
    assert (reading.usage, reading.parts) == (Usage({"input": 100, "output": 10}), ())


CHUNK = {"model": "m", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
END = {"model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    "last",
    [
        {**END, "usage": counts(90, 9), "usage_breakdown": BREAKDOWN},
        {**END, "x_groq": {"usage": counts(90, 9), "usage_breakdown": BREAKDOWN}},
        {**END, "usage": counts(90, 9), "x_groq": {"usage": counts(1, 1), "usage_breakdown": BREAKDOWN}},
    ],
)
def test_a_compound_stream_has_its_models_at_the_end(last: Any) -> None:
    """A stream states its models in the last chunk, beside the usage or in Groq's own account."""
    reading = openai_chat.read(folded(CHUNK, last))
    assert (reading.usage, len(reading.parts)) == (Usage(), 2)


class Chunk:
    """A chunk of a client library that knows Groq's own field."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields, __pydantic_extra__=None)
        self.usage = None


def test_groq_says_in_its_own_account_what_the_chunk_does_not() -> None:
    """Usage and an error may stand in `x_groq` alone, for dicts and for models."""
    groq = {"usage": counts(5, 2), "error": "over"}
    bodies = [
        folded(CHUNK, {**END, "x_groq": groq}),
        folded(Chunk(**CHUNK), Chunk(**END, x_groq=groq)),
        folded(
            CHUNK, {**END, "x_groq": groq}, {"choices": [], "x_groq": {"usage": {"dram_cached_tokens": 1}}}
        ),
    ]
    for body in bodies:
        reading = openai_chat.read(body)
        assert (reading.usage, reading.error_type) == (Usage({"input": 5, "output": 2}), "_OTHER")


# Others.


def test_what_has_no_text_says_nothing() -> None:
    """A call without a name and a choice without a text are no text."""
    calls = [{"function": {"arguments": "{}"}}]
    body = {"choices": [{"message": {"tool_calls": calls}}]}
    assert list(openai_chat.answer(body)) == ["{}"]
    assert list(openai_chat.answer(folded({"choices": [{"index": 0, "finish_reason": "stop"}]}))) == []
    assert list(openai_chat.answer(folded({"choices": [{"index": 0, "text": "Hi"}]}))) == ["Hi"]


def test_mistral_states_the_tier_in_the_usage() -> None:
    """The tier is read where it is; one beside the usage goes first."""
    body = said("Hi", **counts(5, 2), service_tier="priority")
    reading = openai_chat.read(body)
    assert (reading.variant, reading.service_tier) == ("priority", "priority")
    assert openai_chat.read({**body, "service_tier": "default"}).service_tier == "default"


@pytest.mark.parametrize(
    ("model", "units"),
    [
        ("gpt-4o-search-preview-2025-03-11", {"web_search": 1}),
        ("gpt-5-search-api", {"web_search": 1}),
        ("gpt-5.4", {}),
        ("other-search-preview", {}),
    ],
)
def test_search_models_search_once_for_an_answer(model: str, units: dict[str, int]) -> None:
    """OpenAI's search models look into the web for each answer, without a count on the wire."""
    usage = openai_chat.read({**said("Hi", **counts(5, 2)), "model": model}).usage
    assert usage is not None
    assert dict(usage.units) == units


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        ({"cost": {"total_cost": 0, "input_tokens_cost": 0}}, None),
        ({"cost": {"total_cost": 0.5, "currency": "USD"}}, "0.5"),
        ({"cost": {"total_cost": 0.5, "currency": "EUR"}}, None),
        ({"cost": 0}, "0"),
        ({"cost": 0, "is_byok": True}, None),
        ({"cost": 0, "is_byok": True, "market_cost": 0.25}, "0.25"),
        ({"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 0}}, "0.5"),
        ({"cost": 0.5, "cost_details": {"upstream_inference_cost": 0.4}, "market_cost": 0.6}, "0.5"),
        ({"estimated_cost": 0.125}, "0.125"),
        ({"estimated_cost": None}, None),
        ({"cost_in_usd_ticks": 0}, None),
        ({"pydantic_ai_gateway": {"cost_estimate": 1}}, None),
    ],
)
def test_whose_charge_counts(usage: Any, usd: str | None) -> None:
    """The charge is the seller's: fee and upstream for one's own key, never a sum otherwise."""
    assert openai_cost.cost(usage) == (None if usd is None else Decimal(usd))


def test_vercel_states_its_charge_beside_the_message_too() -> None:
    """The gateway's own account of a call counts where the usage has no cost."""
    body = {**said("Hi", **counts(5, 2)), "generationId": "gen"}
    body["choices"][0]["message"]["provider_metadata"] = {"gateway": {"cost": "0.25"}}
    assert openai_chat.read(body).cost_usd == Decimal("0.25")
    assert openai_chat.read({**body, "usage": {**body["usage"], "cost": 0.5}}).cost_usd == Decimal("0.5")
    assert openai_chat.read({**said("Hi", **counts(5, 2)), "generationId": "gen"}).cost_usd is None


@pytest.mark.parametrize("twice", [1, 2])
def test_moonshot_states_the_usage_in_the_choice(twice: int) -> None:
    """Usage of a choice is that of the call, the same in each, whole and in a stream."""
    choice = {"index": 0, "delta": {}, "message": {}, "finish_reason": "stop", "usage": counts(5, 2)}
    choices = [{**choice, "index": index} for index in range(twice)]
    for body in ({"choices": choices}, folded(CHUNK, {"choices": choices})):
        reading = openai_chat.read(body)
        assert (reading.usage, reading.warnings) == (Usage({"input": 5, "output": 2}), ())


@pytest.mark.parametrize("place", ["response", "message", "result", "data"])
def test_usage_where_nobody_expects_it(place: str) -> None:
    """Usage inside a wrapped body counts, and that it was there is noted."""
    reading = openai_chat.read({"choices": [], place: {"usage": counts(5, 2)}})
    assert (reading.usage, reading.warnings) == (Usage({"input": 5, "output": 2}), ODD)


@pytest.mark.parametrize("text", ["Hi", None, ""])
def test_zeros_beside_a_text_are_no_usage(text: str | None) -> None:
    """Nobody says something for no tokens: zeros state nothing then, nor does a cost of zero."""
    reading = openai_chat.read(said(text, **counts(0, 0), cost=0))

    if text:
        assert (reading.usage, reading.cost_usd, reading.warnings) == (None, None, ODD)
    else:
        assert (reading.usage, reading.cost_usd, reading.warnings) == (Usage(), Decimal(0), ())


def test_no_output_beside_a_text_stays_as_stated() -> None:
    """Input that is stated is not thrown away because the output is not."""
    reading = openai_chat.read(said("Hi", **counts(5, 0)))
    assert (reading.usage, reading.warnings) == (Usage({"input": 5}), ODD)


def test_a_stream_that_was_cut_may_have_no_output_yet() -> None:
    """Input that the first chunk states is no contradiction to the text that came before a cut."""
    reading = openai_chat.read(folded({**CHUNK, "usage": counts(5, 0)}, CHUNK))
    assert (reading.usage, reading.warnings) == (Usage({"input": 5}), ())
    assert openai_chat.read(folded({**CHUNK, "usage": counts(0, 0)}, CHUNK)).usage is None


def test_a_counter_that_vanished_is_noted() -> None:
    """A last chunk of zeros does not take back what was stated before."""
    body = folded(CHUNK, {**END, "usage": counts(5, 2)}, {"choices": [], "usage": counts(0, 0)})
    reading = openai_chat.read(body)
    assert (reading.usage, reading.warnings) == (Usage({"input": 5, "output": 2}), ODD)


def test_usage_that_grows_on_every_chunk() -> None:
    """VLLM states the counts so far on every chunk: the last ones count."""
    body = folded(*[{**CHUNK, "usage": counts(5, at)} for at in range(4)], {**END, "usage": counts(5, 4)})
    reading = openai_chat.read(body)
    assert (reading.usage, reading.warnings) == (Usage({"input": 5, "output": 4}), ())


@pytest.mark.parametrize(
    ("data", "usage", "warnings"), [([{}], None, ODD), ([], Usage(), ()), (None, Usage(), ())]
)
def test_embeddings_of_nothing_are_none(data: Any, usage: Usage | None, warnings: Any) -> None:
    """Zeros beside embeddings state nothing."""
    reading = openai_embeddings.read({"data": data, "usage": counts(0, 0)})
    assert (reading.usage, reading.warnings) == (usage, warnings)


def test_embeddings_of_images_are_split() -> None:
    """Multimodal embeddings say which of their tokens are images."""
    usage = {"prompt_tokens": 9, "total_tokens": 9, "prompt_tokens_details": {"image_tokens": 6}}
    assert openai_embeddings.read({"usage": usage}).usage == Usage({"input": 3, "input_image": 6})


VENDORS: dict[str, Any] = {
    **CHAT,
    "generationId": "gen",
    "usage_breakdown": BREAKDOWN,
    "usage_shrank": True,
    "usage": {**ANSWERS["openai.chat"]["usage"], "market_cost": 1, "service_tier": "flex"},
    "choices": [
        {
            **CHAT["choices"][0],
            "usage": counts(5, 2),
            "message": {"content": "Hi", "provider_metadata": {"gateway": {"cost": "0.25"}}},
        }
    ],
    "response": {"usage": counts(5, 2)},
}


@LAW
@given(data=st.data())
def test_any_answer_of_a_vendor_is_read(data: st.DataObject) -> None:
    """Whatever stands at every place that is looked at, an answer is read, and its parts are not negative."""
    body = data.draw(make.mutations(VENDORS))
    reading = openai_chat.read(body)
    for usage in (reading.usage, *[part.usage for part in reading.parts]):
        assert usage is None or (usage.tokens.keys() <= BUCKETS and min(usage.tokens.values(), default=1) > 0)


@LAW
@given(data=st.data())
def test_any_chunk_of_a_vendor_is_folded(data: st.DataObject) -> None:
    """Whatever a last chunk holds, the stream is read."""
    last = {**END, **VENDORS, "x_groq": {"usage": counts(5, 2), "usage_breakdown": BREAKDOWN, "error": "e"}}
    openai_chat.read(folded(CHUNK, data.draw(make.mutations(last))))


# Where they are.

PATHS = [
    ("POST", "https://api.groq.com/openai/v1/chat/completions", "openai.chat"),
    ("POST", "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=1", "openai.chat"),
    ("POST", "https://r.services.ai.azure.com/models/chat/completions", "openai.chat"),
    ("POST", "https://models.github.ai/inference/chat/completions", "openai.chat"),
    ("POST", "https://api.portkey.ai/v1/prompts/p/completions", "openai.chat"),
    ("POST", "https://api.minimax.io/v1/text/chatcompletion_v2", "openai.chat"),
    ("POST", "https://api.perplexity.ai/v1/sonar", "openai.chat"),
    ("POST", "https://api.perplexity.ai/v1/agent", "openai.responses"),
    ("POST", "https://api.openai.com/v1/decisions", "openai.responses"),
    ("POST", "https://ark.cn-beijing.volces.com/api/v3/embeddings/multimodal", "openai.embeddings"),
    ("POST", "https://api.openai.com/v1/videos", "openai.videos"),
    ("POST", "https://api.openai.com/v1/videos/v/remix", "openai.videos"),
    ("POST", "https://api.x.ai/v1/videos/generations", "openai.videos"),
    ("GET", "https://api.x.ai/v1/videos/v", "openai.videos"),
    ("GET", "https://api.openai.com/v1/organization/costs?start_time=1", "openai.report"),
    ("GET", "https://api.openai.com/v1/organization/usage/images", "openai.report"),
    ("ws", "wss://api.openai.com/v1/realtime?model=m", "openai.realtime"),
    ("ws", "wss://r.openai.azure.com/openai/realtime?deployment=d", "openai.realtime"),
    ("ws", "wss://api.x.ai/v1/realtime", "openai.realtime"),
    ("ws", "wss://api.openai.com/v1/responses", "openai.realtime"),
    ("ws", "wss://api.openai.com/v1/live/sessions", "openai.live"),
    ("ws", "wss://api.openai.com/v1/live/sessions/s/attach", "openai.live"),
]


@pytest.mark.parametrize(("method", "url", "name"), PATHS, ids=[path[1] for path in PATHS])
def test_where_they_speak(method: str, url: str, name: str) -> None:
    """Every vendor's path leads to the protocol that is spoken there."""
    found = find(method, url)
    assert found is not None
    assert found.dialect.name == name


@pytest.mark.parametrize(
    ("url", "billed"),
    [
        ("https://api.openai.com/v1/videos", True),
        ("https://openrouter.ai/api/v1/videos", False),
        ("https://api.x.ai/v1/videos/edits", False),
        ("https://maxx.ai/v1/videos", True),
    ],
)
def test_where_the_poll_states_the_charge_the_order_is_no_gap(url: str, billed: bool) -> None:  # noqa: FBT001
    """A video whose charge comes with a poll is not missed when it is ordered."""
    found = find("post", url)
    assert found is not None
    assert found.dialect.billed is billed
