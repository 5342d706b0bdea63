"""Where formats of their own are spoken, and where a shared path means something else."""

from __future__ import annotations

import pytest

from otel_tokens.dialects.catalog import find


@pytest.mark.parametrize(
    ("method", "url", "name"),
    [
        ("post", "https://api.cohere.com/v2/chat", "cohere.chat"),
        ("post", "https://gateway.test/cohere/v2/chat", "cohere.chat"),
        ("post", "https://api.cohere.com/v1/chat", "cohere.chat_v1"),
        ("post", "https://x.eastus.models.ai.azure.com/v1/chat", "cohere.chat_v1"),
        ("post", "https://api.writer.com/v1/chat", "openai.chat"),
        ("post", "https://api.writer.com:443/v1/chat", "openai.chat"),
        ("post", "https://api.reka.ai/v1/chat", "reka.chat"),
        ("post", "https://api.reka.ai/chat", "reka.chat"),
        ("post", "https://api.cohere.ai/v1/generate", "cohere.generate"),
        ("post", "https://api.cohere.com/v1/summarize", "cohere.summarize"),
        ("post", "https://api.cohere.com/v2/embed", "cohere.embed"),
        ("post", "https://api.cohere.com/v1/embed", "cohere.embed"),
        ("post", "https://api.cohere.com/v1/classify", "cohere.classify"),
        ("post", "https://api.cohere.com/v2/parse", "cohere.parse"),
        ("post", "https://api.cohere.com/v1/detokenize", "cohere.tokenize"),
        ("get", "https://api.cohere.com/v1/embed-jobs/j", "cohere.embed_job"),
        ("get", "https://api.cohere.com/v2/batches/b", "cohere.batch"),
        ("get", "https://api.openai.com/v1/batches/b", "openai.batch"),
        ("post", "https://api.cohere.com/v2/rerank", "rerank"),
        ("post", "https://api.jina.ai/v1/rerank", "rerank"),
        ("post", "http://localhost:8000/v1/score", "rerank"),
        ("post", "https://us-south.ml.cloud.ibm.com/ml/v1/text/rerank?version=1", "rerank"),
        ("post", "https://api.jina.ai/v1/classify", "voyage.embeddings"),
        ("post", "https://api.voyageai.com/v1/multimodalembeddings", "voyage.embeddings"),
        ("post", "https://api.voyageai.com/v1/contextualizedembeddings", "voyage.embeddings"),
        ("post", "https://api.voyageai.com/v1/embeddings", "openai.embeddings"),
        ("post", "https://us-south.ml.cloud.ibm.com/ml/v1/text/generation", "watsonx.generation"),
        ("post", "https://x.ibm.com/ml/v1/deployments/d/text/generation_stream", "watsonx.generation"),
        ("post", "https://x.ibm.com/ml/v1-beta/generation/text_stream", "watsonx.generation"),
        ("post", "https://x.ibm.com/ml/v1/text/chat_stream", "watsonx.chat"),
        ("post", "https://x.ibm.com/ml/v1/text/embeddings", "watsonx.embeddings"),
        ("post", "https://x.ibm.com/ml/v1/text/tokenization", "watsonx.tokenization"),
        ("post", "https://api.mistral.ai/v1/ocr", "mistral.ocr"),
        ("post", "https://api.mistral.ai/v1/agents/completions", "openai.chat"),
        ("post", "https://api.mistral.ai/v1/conversations", "mistral.conversations"),
        ("post", "https://api.mistral.ai/v1/conversations/c/restart", "mistral.conversations"),
        ("post", "https://api.mistral.ai/v1/audio/transcriptions", "mistral.transcription"),
        ("post", "https://api.openai.com/v1/audio/transcriptions", "openai.transcription"),
        ("post", "https://api.mistral.ai/v1/chat/moderations", "mistral.classify"),
        ("post", "https://api.openai.com/v1/moderations", "openai.moderations"),
        ("post", "http://localhost:11434/api/chat", "ollama.chat"),
        ("post", "http://localhost:11434/api/generate", "ollama.generate"),
        ("post", "http://localhost:11434/api/embed", "ollama.embed"),
        ("post", "http://localhost:11434/api/embeddings", "ollama.embed"),
        ("post", "http://localhost:30000/generate", "text_generation.generate"),
        ("post", "http://localhost:8080/generate_stream", "text_generation.generate"),
        ("post", "http://localhost:8080/completion", "text_generation.generate"),
        ("post", "http://localhost:8080/v1/completions", "openai.completions"),
        ("post", "https://x.us-east-1.aws.endpoints.huggingface.cloud/", "text_generation.generate"),
        ("post", "https://api.aleph-alpha.com/complete", "aleph_alpha.complete"),
        ("post", "https://api.anthropic.com/v1/complete", "anthropic.complete"),
        ("post", "https://api.aleph-alpha.com/semantic_embed", "aleph_alpha.embed"),
        ("post", "https://x.snowflakecomputing.com/api/v2/cortex/inference:complete", "snowflake.complete"),
        ("post", "https://inference.generativeai.us.oci.oraclecloud.com/1/actions/chat", "oracle.chat"),
        ("post", "https://inference.generativeai.us.oci.oraclecloud.com/1/actions/embedText", "oracle.embed"),
        ("post", "https://api.replicate.com/v1/predictions", "replicate.prediction"),
        ("get", "https://api.replicate.com/v1/predictions/p", "replicate.prediction_fetched"),
        (
            "post",
            "https://dashscope.aliyuncs.com/api/v1/services/aigc/text-generation/generation",
            "dashscope.generation",
        ),
        ("post", "https://dashscope.aliyuncs.com/api/v1/apps/a/completion", "dashscope.generation"),
        (
            "post",
            "https://dashscope.aliyuncs.com/api/v1/services/embeddings/text-embedding/text-embedding",
            "dashscope.embeddings",
        ),
        (
            "post",
            "https://dashscope.aliyuncs.com/api/v1/services/rerank/text-rerank/text-rerank",
            "dashscope.rerank",
        ),
        (
            "post",
            "https://dashscope.aliyuncs.com/api/v1/services/aigc/text2image/image-synthesis",
            "dashscope.media",
        ),
        ("get", "https://dashscope.aliyuncs.com/api/v1/tasks/t", "dashscope.task"),
    ],
)
def test_a_path_speaks(method: str, url: str, name: str) -> None:
    """Method, path and host together say which format is spoken."""
    found = find(method, url)
    assert found is not None
    assert found.dialect.name == name


@pytest.mark.parametrize(
    ("method", "url", "model", "id_"),
    [
        ("post", "https://api-inference.huggingface.co/models/a/b", "a/b", None),
        ("post", "https://api-inference.huggingface.co/models/gpt2", "gpt2", None),
        (
            "post",
            "https://router.huggingface.co/hf-inference/models/a/b/pipeline/feature-extraction",
            "a/b",
            None,
        ),
        ("post", "http://triton:8000/v2/models/llama/generate", "llama", None),
        (
            "post",
            "https://api.cloudflare.com/client/v4/accounts/a/ai/run/@cf/meta/llama-3",
            "@cf/meta/llama-3",
            None,
        ),
        (
            "post",
            "https://gateway.ai.cloudflare.com/v1/a/g/workers-ai/@cf/meta/llama-3",
            "@cf/meta/llama-3",
            None,
        ),
        ("post", "https://x.cloud.databricks.com/serving-endpoints/llama/invocations", "llama", None),
        ("post", "https://api.replicate.com/v1/models/meta/llama/predictions", "meta/llama", None),
        ("get", "https://api.replicate.com/v1/predictions/p", None, "p"),
        (
            "post",
            "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/ernie-4.0",
            "ernie-4.0",
            None,
        ),
        (
            "post",
            "https://aip.baidubce.com/rpc/2.0/ai_custom/v1/wenxinworkshop/embeddings/bge",
            "bge",
            None,
        ),
        ("post", "https://api.nlpcloud.io/v1/gpu/chatdolphin/generation", "chatdolphin", None),
        ("get", "https://api.cohere.com/v2/batches/b", None, "b"),
    ],
)
def test_a_path_names(method: str, url: str, model: str | None, id_: str | None) -> None:
    """A path may name the model that is asked, or what counts once."""
    found = find(method, url)
    assert found is not None
    assert (found.model, found.id) == (model, id_)


@pytest.mark.parametrize(
    "url", ["https://x.test/v1/conversations", "https://x.test/predictions", "https://x.test/"]
)
def test_a_path_of_nobody(url: str) -> None:
    """A path that others use for other things means nothing at a host that is not known."""
    assert find("post", url) is None
