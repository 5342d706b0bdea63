"""Which dialect an address speaks that is seen in the wild, and that the addresses of others speak none."""

from __future__ import annotations

import time

import pytest

from otel_tokens.dialects.catalog import find


GATEWAY = "https://gateway.ai.cloudflare.com/v1/acct/gw"
VERTEX = "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-central1"
BEDROCK = "https://vpce-0a-b.bedrock-runtime.us-east-1.vpce.amazonaws.com/model"
FIPS = "https://bedrock-runtime-fips.us-east-1.amazonaws.com/model"
PROFILE = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.claude"
DATABRICKS = "https://x.cloud.databricks.com/serving-endpoints"
AZURE = "https://r.services.ai.azure.com"
SNOWFLAKE = "https://a.snowflakecomputing.com/api/v2/cortex"

SPOKEN = [
    # Proxies and gateways.
    ("http://localhost:4000/engines/m/chat/completions", "openai.chat"),
    ("http://localhost:4000/openai/deployments/m/chat/completions?api-version=1", "openai.chat"),
    ("http://localhost:4000/v1/messages?beta=true", "anthropic.messages"),
    ("http://kong:8000/anthropic/messages", "anthropic.messages"),
    ("http://localhost:4000/rerank", "rerank"),
    (f"{GATEWAY}/openai/chat/completions", "openai.chat"),
    (f"{GATEWAY}/compat/chat/completions", "openai.chat"),
    (f"{GATEWAY}/anthropic/v1/messages", "anthropic.messages"),
    (f"{GATEWAY}/google-ai-studio/v1/models/gemini-2.5-flash:generateContent", "google.generate_content"),
    (f"{GATEWAY}/workers-ai/@cf/meta/llama-3.1-8b-instruct", "cloudflare.run"),
    (f"{GATEWAY}/aws-bedrock/bedrock-runtime/us-east-1/model/m/converse", "bedrock.converse"),
    (f"{GATEWAY}/azure-openai/r/d/chat/completions?api-version=1", "openai.chat"),
    (f"{GATEWAY}/huggingface/bigcode/starcoder", "text_generation.generate"),
    (f"{GATEWAY}/replicate/predictions", "replicate.prediction"),
    (f"{GATEWAY}/replicate/models/meta/llama/predictions", "replicate.prediction"),
    (f"{GATEWAY}/cohere/v2/chat", "cohere.chat"),
    ("https://api.portkey.ai/v1/responses", "openai.responses"),
    ("https://gateway.helicone.ai/v1beta/models/m:streamGenerateContent?alt=sse", "google.generate_content"),
    # Clouds.
    (f"{VERTEX}/endpoints/openapi/chat/completions", "openai.chat"),
    (f"{VERTEX}/publishers/google/models/text-embedding-005:predict", "google.embed"),
    (f"{DATABRICKS}/e/invocations", "databricks.invocations"),
    (f"{DATABRICKS}/e/served-models/m-1/invocations", "databricks.invocations"),
    (f"{DATABRICKS}/anthropic/v1/messages", "anthropic.messages"),
    (f"{AZURE}/openai/v1/responses?api-version=preview", "openai.responses"),
    (f"{AZURE}/anthropic/v1/messages", "anthropic.messages"),
    (f"{AZURE}/providers/mistral/azure/ocr", "mistral.ocr"),
    (f"{BEDROCK}/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse", "bedrock.converse"),
    (f"{FIPS}/{PROFILE}/converse-stream", "bedrock.converse"),
    (f"{FIPS}/us.anthropic.claude:0/invoke-with-response-stream", "bedrock.invoke_model"),
    (f"{SNOWFLAKE}/inference:complete", "snowflake.complete"),
    (f"{SNOWFLAKE}/inference%3Acomplete", "snowflake.complete"),
    (f"{SNOWFLAKE}/inference:embed", "openai.embeddings"),
    # Servers of open models.
    ("http://localhost:8000/score", "rerank"),
    ("http://localhost:8080/infill", "text_generation.generate"),
    ("http://localhost:8080/generate", "text_generation.generate"),
    ("http://localhost:8080/tgi/generate_stream", "text_generation.generate"),
    ("https://x.endpoints.huggingface.cloud/tgi/generate", "text_generation.generate"),
    ("https://router.huggingface.co/hf-inference/models/a/b", "text_generation.generate"),
    # Spellings.
    ("https://api.openai.com//v1//chat//completions//", "openai.chat"),
    ("HTTPS://API.OPENAI.COM:443/v1/chat/completions#x", "openai.chat"),
    ("http://[::1]:8000/v1/chat/completions", "openai.chat"),
    ("http://x:99999/v1/chat/completions", "openai.chat"),
    ("/v1/chat/completions?x=http://y", "openai.chat"),
    ("//v1/chat/completions", "openai.chat"),
    ("v1/chat/completions", "openai.chat"),
]

FOREIGN = [
    "https://graph.facebook.com/v19.0/1/messages",
    "https://discord.com/api/v10/channels/1/messages",
    "https://api.mailgun.net/v3/d/messages",
    "https://api.intercom.io/messages",
    "https://api.telnyx.com/v2/messages",
    "https://graph.microsoft.com/v1.0/chats/1/messages",
    "https://chat.googleapis.com/v1/spaces/x/messages",
    "https://slack.com/api/chat.postMessage",
    "https://x.test/orders/1/complete",
    "https://x.test/uploads/1/complete",
    "https://x.test/tasks/1/completion",
    "https://x.test/reports/generate",
    "https://x.test/v1/pdf/generate",
    "https://x.test/credit/score",
    "https://x.test/scans/1/ocr",
    "https://x.test/v1/models/resnet:predict",
    "https://x.test/chat",
    "https://x.test/embed",
    "https://x.test/classify",
    "https://x.test/predictions",
    "https://x.test/huggingface/a/b",
    "https://x.test/agents/1",
    "https://huggingface.co/",
    "https://huggingface.co/api/models/a/b",
    "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/1:predict",
    "https://discord.com/api/v10/interactions",
    "https://api.github.com/repos/a/b/issues",
    "https://api.stripe.com/v1/charges",
    "https://dynamodb.us-east-1.amazonaws.com/",
    "http://localhost:5000/invocations",
    "http://[::1",
    "http://[x]/v1/chat/completions",
    "",
]


@pytest.mark.parametrize(("url", "name"), SPOKEN)
def test_an_address_in_the_wild(url: str, name: str) -> None:
    """Gateways, clouds and servers are told by what their paths end with, however they are spelled."""
    found = find("PoSt", url)
    assert found is not None
    assert found.dialect.name == name


@pytest.mark.parametrize("url", FOREIGN)
def test_an_address_of_others(url: str) -> None:
    """What ordinary interfaces call messages, scores and reports is no call of a model; nothing raises."""
    assert find("post", url) is None


def test_live_audio_is_not_everything_that_is_live() -> None:
    """A websocket with news is none with a model."""
    assert find("ws", "wss://news.test/ws/live") is None
    assert find("ws", "wss://api.openai.com/v1/live?model=m") is not None


def test_an_answer_that_is_fetched_later() -> None:
    """Deferred answers of xAI state their usage where they are fetched, and count once."""
    found = find("get", "https://api.x.ai/v1/chat/deferred-completion/r-1")
    assert found is not None
    assert (found.id, found.dialect.once, found.dialect.quiet) == ("r-1", True, True)
    usage = found.dialect.read({"usage": {"prompt_tokens": 3, "completion_tokens": 4}}).usage
    assert usage is not None
    assert usage.totals() == (3, 4)
    assert find("get", "https://x.test/v1/chat/deferred-completion/r-1") is None


@pytest.mark.parametrize("piece", ["/models/x", "/model/openai.", "%2F", "embed", "/deployments/a/b", "a"])
def test_a_long_path_takes_no_time(piece: str) -> None:
    """However long a path is, no row is looked for in it for long."""
    start = time.process_time()
    find("post", f"http://x.test{piece * 20_000}:predictx")
    assert time.process_time() - start < 1
