"""Bedrock's calls beside answers of models: counting tokens, guardrails, answers that come later, batches.

Counting: a count of tokens is free, and of a prompt that was not run. A guardrail is billed by units of text
for each policy; they are no tokens and have no unit here, so its calls count as not billed. What is started
to come later states nothing; its result is a file in S3. A file of a batch has one answer a line, of which
those with an error are not billed; it counts once, however often it is fetched.

Source: `CountTokens`, `ApplyGuardrail`, `StartAsyncInvoke` of bedrock-runtime in botocore 1.44; the user
guide of Bedrock on results of batch inference, October 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..readings import Part, Reading, Usage, add
from . import bedrock_invoke, bedrock_request
from .bedrock_converse import error_type
from .dialect import Body, Dialect
from .fields import get, text
from .openai_batches import rows


def read_nothing(_body: Body) -> Reading:
    """Nothing is said that is billed."""
    return Reading()


def read_started(body: Body) -> Reading:
    """Read what was started."""
    return Reading(id=text(body, "invocationArn"), error_type=error_type(body))


def prompt_started(request: Any) -> Iterator[str]:
    """The texts of what is started."""
    yield from bedrock_request.prompt_invoke(get(request, "modelInput"))


def read_batch(body: Body) -> Reading:
    """Read a file of results: all lines together, by the model that answered."""
    by_model: dict[str | None, Usage] = {}
    warnings: list[str] = []
    for row in rows(body) if isinstance(body, str) else (body,):
        answer = get(row, "modelOutput")
        if answer is None or text(row, "recordId") is None:
            continue
        reading = bedrock_invoke.read(answer)
        warnings += reading.warnings
        if (usage := reading.usage) is not None:
            before = by_model.get(reading.model)
            by_model[reading.model] = usage if before is None else add(before, usage)
    if not by_model:
        return Reading(variant="batch", warnings=tuple(dict.fromkeys(warnings)))
    (model, total), *others = by_model.items()
    return Reading(
        model=model,
        usage=total,
        parts=tuple([Part(other, more) for other, more in others]),
        variant="batch",
        finished=True,
        warnings=tuple(dict.fromkeys(warnings)),
    )


COUNT_TOKENS: Final = Dialect(
    name="bedrock.count_tokens", operation="count_tokens", read=read_nothing, billed=False
)

GUARDRAIL: Final = Dialect(
    name="bedrock.apply_guardrail", operation="apply_guardrail", read=read_nothing, billed=False
)

ASYNC: Final = Dialect(
    name="bedrock.async_invoke",
    operation="generate_content",
    read=read_started,
    order=lambda request: bedrock_request.order_invoke(get(request, "modelInput")),
    prompt=prompt_started,
)

BATCH_OUTPUT: Final = Dialect(
    name="bedrock.batch_output", operation="batch", read=read_batch, quiet=True, once=True
)
