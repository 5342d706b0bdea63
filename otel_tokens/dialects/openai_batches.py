"""OpenAI's batches and the runs of its assistants: answers that are fetched, not waited for.

Counting: a finished batch states the totals of all its answers, and each line of its result file states its
own, with the searches of a response: whichever is fetched first counts, under the id of the file. A batch
is of one model. A run states its tokens when it has ended. Polls before that state nothing, or zeros.
Streaming: `thread.run.completed` and its like carry the run.

Source: `types/batch.py`, `types/beta/threads/run.py` of openai 3.54; batch output format of OpenAI's guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..readings import Part, Reading, Usage, add
from . import openai_chat, openai_responses, openai_usage
from .dialect import FINAL, GOES_ON, Body, Dialect, Progress
from .fields import dig, get, parsed, text
from .openai_chat import error_type
from .openai_request import asked_chat


_RUN_ENDS = frozenset({"completed", "failed", "cancelled", "expired", "incomplete"})


def read_batch(body: Body) -> Reading:
    """Read a `Batch`: its totals, once it has ended."""
    usage, warnings = openai_usage.tokens(get(body, "usage"))
    ended = get(body, "status") in ("completed", "expired", "cancelled")
    return Reading(
        model=text(body, "model"),
        usage=usage if ended or (usage is not None and not usage.tokens) else None,
        variant="batch",
        finished=ended,
        batch_id=(text(body, "output_file_id") or text(body, "id")) if ended else None,
        warnings=warnings,
    )


def read_run(body: Body) -> Reading:
    """Read a `Run`: its tokens, once it has ended."""
    usage, warnings = openai_usage.tokens(get(body, "usage"))
    ended = text(body, "status") in _RUN_ENDS
    return Reading(
        model=text(body, "model"),
        id=text(body, "id"),
        usage=usage if ended else None,
        finished=ended,
        batch_id=text(body, "id"),
        error_type=error_type({"error": get(body, "last_error")}),
        warnings=warnings,
    )


class RunEvents:
    """Folds the events of a run; the last `thread.run.*` has it whole."""

    __slots__ = ("_run",)

    def __init__(self) -> None:
        self._run: Any = None

    def see(self, event: Any) -> Progress:
        """Add one event; the one in which the run has ended is the last."""
        kind = get(event, "event")
        if not isinstance(kind, str) or not kind.startswith("thread.run."):
            return GOES_ON
        if kind.startswith("thread.run.step."):
            return GOES_ON
        self._run = get(event, "data")
        return FINAL if kind.rpartition(".")[2] in _RUN_ENDS else GOES_ON

    def body(self) -> Body:
        """The run as it was last seen."""
        return self._run


def rows(content: str) -> Iterator[Any]:
    """The JSON objects of a file of JSON lines; lines that are none are passed over."""
    for line in content.split("\n"):  # `splitlines` also splits at characters that JSON has inside strings
        if (row := parsed(line.encode("utf-8", "surrogatepass"))) is not None:
            yield row


def read_output(content: Body) -> Reading:
    """Read the result file of a batch: the usage of all lines, by the model that answered each."""
    by_model: dict[str | None, Usage] = {}
    warnings: list[str] = []
    for row in rows(content) if isinstance(content, str) else ():
        line = _line(dig(row, "response", "body"))
        warnings += line.warnings
        if line.usage is not None:
            for model, usage in (Part(line.model, line.usage), *line.parts):
                before = by_model.get(model)
                by_model[model] = usage if before is None else add(before, usage)
    if not by_model:
        return Reading(variant="batch", warnings=tuple(dict.fromkeys(warnings)))
    first, *others = [Part(model, usage) for model, usage in by_model.items()]
    return Reading(
        model=first.model,
        usage=first.usage,
        parts=tuple(others),
        variant="batch",
        finished=True,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _line(body: Body) -> Reading:
    """The answer of one line: a response, or what is read like a chat, as embeddings are."""
    return openai_responses.read(body) if get(body, "object") == "response" else openai_chat.read(body)


BATCH = Dialect(name="openai.batch", operation="batch", read=read_batch, billed=False, once=True)

BATCH_OUTPUT = Dialect(name="openai.batch_output", operation="batch", read=read_output, quiet=True, once=True)

RUN = Dialect(
    name="openai.run",
    operation="chat",
    read=read_run,
    events=RunEvents,
    asked=asked_chat,
    quiet=True,
    once=True,
)
