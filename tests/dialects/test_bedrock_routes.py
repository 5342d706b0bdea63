"""Where all of Bedrock is spoken, and the laws that hold for every dialect of it."""

from __future__ import annotations

import copy
import json

import pytest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_tokens.dialects import (
    bedrock_agents,
    bedrock_converse,
    bedrock_invoke,
    bedrock_messages,
    bedrock_others,
    bedrock_routes,
    bedrock_sagemaker,
    bedrock_sonic,
)
from otel_tokens.dialects.dialect import Dialect
from otel_tokens.dialects.routes import Found, Routes
from otel_tokens.telemetry.names import ASKED

from . import strategies as make
from .examples_bedrock import ANSWERS, REQUESTS, STREAMS
from .test_bedrock_others import folded


LAW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
ROUTES = Routes(bedrock_routes.ROUTES)
EVERY = {dialect.name: dialect for row in bedrock_routes.ROUTES if (dialect := row.dialect)}


@pytest.mark.parametrize(
    ("url", "dialect", "model"),
    [
        (
            "/model/us.anthropic.claude-a-v1%3A0/converse",
            bedrock_converse.DIALECT,
            "us.anthropic.claude-a-v1:0",
        ),
        ("/bedrock/model/amazon.nova-a/converse-stream", bedrock_converse.DIALECT, "amazon.nova-a"),
        ("/model/openai.gpt-oss-1:0/converse", bedrock_converse.OPENAI, "openai.gpt-oss-1:0"),
        ("/model/us.openai.gpt-5/converse-stream", bedrock_converse.OPENAI, "us.openai.gpt-5"),
        (
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Fopenai.gpt-a/converse",
            bedrock_converse.OPENAI,
            "arn:aws:bedrock:us-east-1::foundation-model/openai.gpt-a",
        ),
        ("/model/a:b:provisioned-model/x/converse", bedrock_converse.COMMITTED, "a:b:provisioned-model/x"),
        ("/model/arn:x:imported-model%2Fy/invoke", bedrock_invoke.COMMITTED, "arn:x:imported-model/y"),
        ("/model/arn%3Aaws%3Asagemaker%3Aa/invoke", bedrock_invoke.COMMITTED, "arn:aws:sagemaker:a"),
        (
            "/model/amazon.titan-embed-text-v2:0/invoke",
            bedrock_invoke.EMBEDDINGS,
            "amazon.titan-embed-text-v2:0",
        ),
        ("/model/twelvelabs.marengo-a/invoke", bedrock_invoke.EMBEDDINGS, "twelvelabs.marengo-a"),
        ("/model/cohere.rerank-v3-5:0/invoke", bedrock_invoke.RERANK, "cohere.rerank-v3-5:0"),
        ("/model/stability.sd3-5/invoke", bedrock_invoke.IMAGES, "stability.sd3-5"),
        ("/model/us.meta.llama3/invoke", bedrock_invoke.TEXT, "us.meta.llama3"),
        ("/model/qwen.qwen3/invoke-with-response-stream", bedrock_invoke.DIALECT, "qwen.qwen3"),
        (
            "/model/amazon.nova-sonic/invoke-with-bidirectional-stream",
            bedrock_sonic.DIALECT,
            "amazon.nova-sonic",
        ),
        ("/model/a/count-tokens", bedrock_others.COUNT_TOKENS, "a"),
        ("/async-invoke", bedrock_others.ASYNC, None),
        ("/guardrail/g/version/1/apply", bedrock_others.GUARDRAIL, None),
        ("/guardrail-checks/invoke", bedrock_others.GUARDRAIL, None),
        ("/agents/A/agentAliases/B/sessions/C/text", bedrock_agents.AGENT, None),
        ("/retrieveAndGenerateStream", bedrock_agents.RETRIEVE_AND_GENERATE, None),
        ("/endpoints/e/invocations", bedrock_sagemaker.DIALECT, None),
        ("/endpoints/e/invocations-response-stream", bedrock_sagemaker.DIALECT, None),
        ("/agents/C", None, None),
        ("/model/a/other", None, None),
    ],
)
def test_where_it_is_spoken(url: str, dialect: Dialect | None, model: str | None) -> None:
    """The path says what is spoken, and who is asked."""
    found = ROUTES.find("POST", url)
    assert found == (None if dialect is None else Found(dialect, None, model))


def test_paths_that_others_have_too() -> None:
    """An agent of one's own, a flow and a ranking are known by their hosts, and files of results too."""
    host = "bedrock-agent-runtime.us-east-1.amazonaws.com"
    for url, dialect in (
        ("/agents/s", bedrock_agents.AGENT),
        ("/flows/F/aliases/A", bedrock_agents.FLOW),
        ("/rerank", bedrock_invoke.RERANK),
    ):
        assert ROUTES.find("post", url, host) == Found(dialect)
        assert ROUTES.find("post", url, "example.com") is None
    found = ROUTES.find("get", "/a/b.jsonl.out", "bucket.s3.us-east-1.amazonaws.com")
    assert found == Found(bedrock_others.BATCH_OUTPUT, "/a/b.jsonl.out")


# Laws.


@pytest.mark.parametrize("name", EVERY)
@LAW
@given(data=st.data())
def test_any_answer_and_request_is_read(name: str, data: st.DataObject) -> None:
    """Whatever JSON is given, it is read without an exception, and counts are counts."""
    dialect = EVERY[name]
    body = data.draw(st.one_of(make.json_values, make.mutations(ANSWERS[name])))
    request = data.draw(st.one_of(make.json_values, make.mutations(REQUESTS[name])))
    reading = dialect.read(body)
    for usage in (reading.usage, *[part.usage for part in reading.parts]):
        assert usage is None or all(count > 0 for count in (*usage.tokens.values(), *usage.units.values()))
    assert all(isinstance(piece, str) for piece in (*dialect.answer(body), *dialect.prompt(request)))
    assert dialect.asked(request).keys() <= ASKED.keys()
    dialect.order(request)
    dialect.units(request)
    for content in (bedrock_messages.invoke, bedrock_messages.converse, bedrock_messages.said):
        json.dumps(content(request, body))


@pytest.mark.parametrize("name", STREAMS)
@LAW
@given(data=st.data())
def test_any_event_is_folded(name: str, data: st.DataObject) -> None:
    """Whatever events hold, they fold to a body that is read, and are left as they were."""
    dialect = EVERY[name]
    events = data.draw(st.one_of(st.lists(make.json_values, max_size=4), make.mutations(STREAMS[name])))
    events = events if isinstance(events, list) else [events]
    before = copy.deepcopy(events)
    body = folded(dialect, *events)
    dialect.read(body)
    assert all(isinstance(piece, str) for piece in dialect.answer(body))
    assert str(before) == str(events)
