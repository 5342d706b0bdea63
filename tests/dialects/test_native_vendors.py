"""Vendors with one format each: Aleph Alpha, Replicate, Cloudflare, Baidu, Reka, Oracle, NLP Cloud."""

from __future__ import annotations

from typing import Any

import pytest

from otel_tokens.dialects import aleph_alpha, cloudflare, ernie, nlp_cloud, oracle, reka, replicate
from otel_tokens.dialects.dialect import FINAL, GOES_ON
from otel_tokens.dialects.growing import Growing
from otel_tokens.dialects.native_request import asked_format, error_of
from otel_tokens.dialects.native_usage import summed
from otel_tokens.readings import Usage

from .examples_native import ANSWERS, REQUESTS, STREAMS


def test_a_text_that_grows() -> None:
    """Pieces are put together, and a text that comes whole again replaces them."""
    pieces, whole = Growing(), Growing()
    for piece in ("Hi", None, "", " there"):
        pieces.add(piece)
    for piece in ("Hi", "Hi there", "Hi there!"):
        whole.add(piece)

    assert pieces.text() == "Hi there"
    assert whole.text() == "Hi there!"
    assert Growing().text() == ""


def test_what_is_common() -> None:
    """Nothing stated is no usage, and an error is known by its code or type."""
    assert summed([None, None]) is None
    assert [error_of({"error": error}) for error in (None, "no", {"type": "t"}, {"code": "c"})] == [
        None,
        "_OTHER",
        "t",
        "c",
    ]
    assert asked_format({"format": {"type": "json_schema"}}, "format") == {"output.type": "json"}
    assert asked_format({"format": "verse"}, "format") == {}


def test_aleph_alpha() -> None:
    """A completion states both counts, an embedding its input; images are no text."""
    reading = aleph_alpha.read(ANSWERS["aleph_alpha.complete"])
    order = aleph_alpha.order(REQUESTS["aleph_alpha"])

    assert reading.usage == Usage({"input": 9, "output": 10})
    assert (reading.model, reading.finish_reasons) == ("luminous@1", ("maximum_tokens",))
    assert aleph_alpha.read(ANSWERS["aleph_alpha.embed"]).usage == Usage({"input": 9})
    assert aleph_alpha.read({}).usage is None
    assert (order.output_tokens, order.choices) == (20, 3)
    assert aleph_alpha.asked(REQUESTS["aleph_alpha"])["max_tokens"] == 20
    assert list(aleph_alpha.prompt(REQUESTS["aleph_alpha"])) == ["Hello", "One"]
    assert list(aleph_alpha.answer({"completions": [{}]})) == []


def test_the_events_of_aleph_alpha() -> None:
    """The summary of the completion is last; a choice may be cut before it said anything."""
    folding = aleph_alpha.CompletionEvents()
    progress = [folding.see(event) for event in STREAMS["aleph_alpha.complete"]]

    assert progress == [GOES_ON] * (len(progress) - 1) + [FINAL]
    assert folding.body() == ANSWERS["aleph_alpha.complete"]


def test_replicate() -> None:
    """A prediction states its counts once it has run; others state only their time."""
    reading = replicate.read(ANSWERS["replicate.prediction"])

    assert reading.usage == Usage({"input": 6, "output": 2})
    assert (reading.id, reading.model, reading.finished) == ("p-1", "meta/llama", True)
    assert replicate.read({"status": "starting", "metrics": {"predict_time": 1.5}}).usage is None
    assert replicate.read({"status": "failed", "error": "no"}).error_type == "_OTHER"
    assert replicate.asked(REQUESTS["replicate"]) == {"max_tokens": 20, "temperature": 0.5, "top_k": 5}
    assert replicate.order(REQUESTS["replicate"]).output_tokens == 20
    assert list(replicate.prompt(REQUESTS["replicate"])) == ["Hello", "S"]
    assert list(replicate.answer(ANSWERS["replicate.prediction"])) == ["Hi", " there"]
    assert list(replicate.answer({"output": {"text": "Hi"}})) == ["Hi"]


def test_a_prediction_counts_once() -> None:
    """It is made once, and fetched until it has run."""
    assert replicate.PREDICT.remembered
    assert replicate.FETCH.once
    assert replicate.FETCH.quiet


def test_cloudflare() -> None:
    """The result stands in an envelope, in Cloudflare's shape or in OpenAI's."""
    reading = cloudflare.read(ANSWERS["cloudflare.run"])
    openai = {"choices": [{"finish_reason": "stop", "message": {"content": "Ho"}}]}

    assert reading.usage == Usage({"input": 9, "output": 3})
    assert (reading.choices, reading.finished) == (1, True)
    assert cloudflare.read({"result": openai}).finish_reasons == ("stop",)
    assert cloudflare.read({"errors": [{"code": 7000}], "result": None}).error_type == "7000"
    assert cloudflare.read({"result": {"data": [[0.5]]}}).usage is None
    assert list(cloudflare.answer({"result": openai})) == ["Ho"]


def test_a_request_to_cloudflare() -> None:
    """A prompt, messages or texts to embed; with tools, more than the request says."""
    request = REQUESTS["cloudflare"]

    assert cloudflare.order(request).output_tokens == 20
    assert cloudflare.RUN.asked(request) == {"max_tokens": 20}
    assert {"Hello", "Be brief.", "One"} <= set(cloudflare.prompt(request))


def test_the_events_of_ernie() -> None:
    """The one that is the end is the last; until then the answer is open."""
    folding = ernie.ResultEvents()
    first, last = STREAMS["ernie.chat"]

    assert folding.see(first) == GOES_ON
    assert not ernie.read(folding.body()).finished
    assert folding.see(last) == FINAL
    assert ernie.read(folding.body()).usage == Usage({"input": 9, "output": 3})
    assert ernie.ResultEvents().see({}) == GOES_ON


def test_ernie() -> None:
    """Baidu's error is a number, and its names are its own."""
    request = REQUESTS["ernie"]

    assert ernie.read({"error_code": 336000, "error_msg": "no"}).error_type == "336000"
    assert ernie.asked(request) == {"max_tokens": 20, "stop_sequences": ["a"]}
    assert ernie.order(request).output_tokens == 20
    assert list(ernie.prompt(request))[:3] == ["S", "One", "Be brief."]
    assert list(ernie.answer(ANSWERS["ernie.chat"])) == ["Hi there", "f", "{}"]
    assert list(ernie.answer({})) == []


def test_reka() -> None:
    """Both counts are stated, and so they are in every event."""
    request = REQUESTS["reka"]

    assert reka.read(ANSWERS["reka.chat"]).usage == Usage({"input": 9, "output": 3})
    assert reka.asked(request) == {"max_tokens": 20}
    assert reka.order(request).output_tokens == 20
    assert reka.read(reka.ChunkEvents().body()).usage is None


def test_counts_that_vanish_keep_their_last_value() -> None:
    """An event may state nothing where an earlier one did."""
    folding = reka.ChunkEvents()
    for event in [*STREAMS["reka.chat"], {"id": "k-1", "usage": None}]:
        folding.see(event)
    assert reka.read(folding.body()).usage == Usage({"input": 9, "output": 3})


def test_oracle() -> None:
    """OpenAI's counts in camel case: caches inside, reasoning inside."""
    reading = oracle.read(ANSWERS["oracle.chat"])

    assert reading.usage == Usage({"input": 5, "cache_read": 4, "output": 3, "output_reasoning": 2})
    assert (reading.model, reading.finish_reasons) == ("meta.llama", ("stop",))
    assert oracle.read(ANSWERS["oracle.embed"]).usage == Usage({"input": 3})
    assert oracle.read({"code": "429", "message": "no"}).error_type == "429"
    assert oracle.read({"chatResponse": {"text": "Hi", "finishReason": "COMPLETE"}}).finished


def test_the_events_of_oracle() -> None:
    """An event with the reason repeats the text, which counts once."""
    folding = oracle.ChatEvents()
    for event in [*STREAMS["oracle.chat"], {"code": "500", "usage": {"promptTokens": None}}]:
        folding.see(event)

    assert list(oracle.answer(folding.body())) == ["Hi"]
    assert oracle.read(folding.body()).error_type == "500"


def test_a_request_to_oracle() -> None:
    """Names in camel case, and the texts of both kinds of chats."""
    request = REQUESTS["oracle"]

    assert oracle.asked(request) == {"max_tokens": 20, "top_p": 0.9, "choice.count": 2}
    assert (oracle.order(request).output_tokens, oracle.order(request).choices) == (20, 2)
    assert list(oracle.prompt(request)) == ["M", "P", "Earlier", "Hello", "One"]


def test_nlp_cloud() -> None:
    """Both counts are stated beside the text."""
    request = REQUESTS["nlp_cloud"]

    assert nlp_cloud.read(ANSWERS["nlp_cloud.generation"]).usage == Usage({"input": 9, "output": 3})
    assert nlp_cloud.asked(request) == {"max_tokens": 20}
    assert nlp_cloud.order(request).output_tokens == 20
    assert list(nlp_cloud.prompt(request)) == ["Hello", "I", "C", "A", "B"]


@pytest.mark.parametrize("module", [aleph_alpha, nlp_cloud, oracle, reka, replicate])
def test_nothing_is_no_usage(module: Any) -> None:
    """An answer without anything states no usage, and warns of nothing."""
    reading = module.read({})
    assert (reading.usage, reading.warnings) == (None, ())
