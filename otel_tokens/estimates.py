"""The usage of a call whose provider did not say, or did not come to say: counted on its texts.

It is imported by the first call that needs it: most providers say what they count.

Source: docs/estimates.md has the error of every family of models.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from .dialects import Dialect
from .dialects.fields import get, text
from .dialects.openai_request import strings
from .dialects.pieces import calls_of, pieces_of
from .readings import INPUT, INPUT_AUDIO, OUTPUT, OUTPUT_AUDIO, OUTPUT_BUCKETS, Usage
from .tokenizers import Estimator


_TALKS: Final = frozenset({"chat", "generate_content", "invoke_agent"})
"""Operations whose texts are messages in a template."""
_TRANSCRIPTION: Final = "openai.transcription"


def estimated(
    dialect: Dialect,
    body: Any,  # noqa: ANN401
    got: list[str],
    request: Any,  # noqa: ANN401
    estimator: Estimator,
    *,
    model: str | None,
) -> Usage | None:
    """The usage of a whole answer that states none; None where there is nothing to go by.

    Embeddings have no text: their prompt is all that is billed.
    """
    if (units := dialect.units(request)) is not None:
        spoken = units.units.get("character", 0) if dialect.output_type == "speech" else 0
        if not spoken or not _speaks_by_token(model):
            return units
        put = estimator.estimate(strings(get(request, "input")), model)
        return Usage({INPUT: put, OUTPUT_AUDIO: estimator.spoken(int(spoken))})
    if not got and (body is None or dialect.operation != "embeddings"):
        return None
    if dialect.name == _TRANSCRIPTION and "whisper" in (model or ""):
        seconds = pieces_of(request).seconds
        return Usage({}, {"audio_second": Decimal(f"{seconds:.2f}")}) if seconds else None
    prompt = _prompt(dialect, request, estimator, model)
    return _usage({**prompt, OUTPUT: estimator.answer(got, model, calls=calls_of(body))})


def _speaks_by_token(model: str | None) -> bool:
    """Whether speech is billed by tokens; older models bill the characters of the request."""
    return (model or "").startswith("gpt-")


def _prompt(
    dialect: Dialect,
    request: Any,  # noqa: ANN401
    estimator: Estimator,
    model: str | None,
) -> dict[str, int]:
    """About how many tokens a request has, by bucket. It is walked only here, where nothing is stated."""
    pieces = pieces_of(request)
    put = estimator.prompt(
        [*dialect.prompt(request), *pieces.schemas],
        model,
        messages=pieces.messages if dialect.operation in _TALKS else 0,
        tools=pieces.tools,
        pictures=pieces.pictures,
        pages=pieces.pages,
    )
    return {INPUT: put, INPUT_AUDIO: estimator.heard(pieces.seconds, model)}


def partial(
    dialect: Dialect,
    usage: Usage | None,
    got: list[str],
    request: Any,  # noqa: ANN401
    estimator: Estimator,
    *,
    model: str | None,
) -> Usage:
    """What was stated before the cut, with the answer's text as a lower bound of the output."""
    output = estimator.at_least(got, model)
    if usage is None:
        return _usage({**_prompt(dialect, request, estimator, model), OUTPUT: output})
    stated = sum([usage.tokens.get(bucket, 0) for bucket in OUTPUT_BUCKETS])
    if output <= stated:
        return usage
    return Usage({**usage.tokens, OUTPUT: usage.tokens.get(OUTPUT, 0) + output - stated}, usage.units)


def prompt_of(
    dialect: Dialect,
    request: Any,  # noqa: ANN401
    estimator: Estimator,
    model: str | None = None,
) -> Usage:
    """The input of a request, which is all that is known where no answer has come."""
    return _usage(_prompt(dialect, request, estimator, model or text(request, "model")))


def _usage(tokens: Mapping[str, int]) -> Usage:
    return Usage({bucket: count for bucket, count in tokens.items() if count})
