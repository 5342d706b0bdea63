"""Rankings of documents: `POST …/rerank`, by Cohere and everybody who took it over.

Counting: Cohere bills search units, under `meta.billed_units`. Voyage, Jina, Together, OpenRouter, vLLM and
others state tokens in `usage`, all of them input, OpenRouter with what they cost; watsonx states
`input_token_count`. What states neither is not guessed.

Source: `types/rerank_response.py` of cohere 7.3.1; `object/reranking.py` of voyageai 0.5.0;
`types/rerank_create_response.py` of together 3.1.1; `transformation.py` of jina_ai and watsonx in LiteLLM
1.109.1.
"""

from __future__ import annotations

from typing import Any

from ..readings import Reading, Usage
from .cohere_request import order_rerank, prompt_rerank
from .cohere_usage import usage_of
from .dialect import Body, Dialect
from .fields import Counts, string, view
from .native_usage import input_alone
from .openai_chat import error_type
from .openai_cost import cost
from .openai_usage import tokens


def read(body: Body) -> Reading:
    """Read a ranking, whoever made it."""
    fields = view(body)
    counts = Counts()
    stated = fields.get("usage")
    usage = usage_of(counts, fields.get("meta"))
    warnings: tuple[str, ...] = ()
    if usage is None:
        usage, warnings = _plain(counts, fields, stated)
    return Reading(
        model=string(fields, "model") or string(fields, "model_id"),
        id=string(fields, "id"),
        usage=usage,
        finished=usage is not None,
        cost_usd=cost(stated),
        error_type=error_type(fields),
        warnings=(*counts.warnings, *warnings),
    )


def _plain(counts: Counts, fields: dict[str, Any], stated: Any) -> tuple[Usage | None, tuple[str, ...]]:
    usage, warnings = tokens(stated)
    if usage is None:
        usage = input_alone(counts(fields, "input_token_count"))
    return usage, warnings


DIALECT = Dialect(
    name="rerank",
    operation="rerank",
    read=read,
    order=order_rerank,
    prompt=prompt_rerank,
)
