"""SageMaker endpoints: `POST …/endpoints/{name}/invocations` and `…/invocations-response-stream`.

Counting: a container answers in the shape of its server, text-generation-inference, vLLM and the like, and is
read as InvokeModel's answers are. Endpoints are paid by the hour, so their tokens cost nothing more.
Streaming: pieces of whatever bytes the container sends, server-sent events or lines of JSON, cut anywhere.

Source: `InvokeEndpoint`, `InvokeEndpointWithResponseStream` of sagemaker-runtime in botocore 1.44.
"""

from __future__ import annotations

from typing import Any, Final

from ..readings import Reading
from . import bedrock_invoke, bedrock_request
from .bedrock_converse import exception_of
from .dialect import GOES_ON, Body, Dialect, Progress
from .fields import event_fields, get, view
from .wire import DONE, JsonLines, Splitter, sniffed


def read(body: Body) -> Reading:
    """Read an answer by its shape."""
    return bedrock_invoke.read(body)._replace(variant="committed")


class EndpointEvents:
    """Folds the pieces of what a container sends."""

    __slots__ = ("_error", "_events", "_splitter", "_start")

    def __init__(self) -> None:
        self._events = bedrock_invoke.InvokeEvents()
        self._splitter: Splitter | None = None
        self._start = b""
        self._error: dict[str, Any] | None = None

    def see(self, event: Any) -> Progress:
        """Add one piece, or an event of a container that needs no pieces."""
        fields = event_fields(event)
        if (error := exception_of(fields)) is not None:
            self._error = error
        elif "PayloadPart" not in fields:
            self._events.see(fields)
        elif isinstance(piece := get(fields["PayloadPart"], "Bytes"), (bytes, bytearray)):
            self._feed(bytes(piece))
        return GOES_ON

    def _feed(self, piece: bytes) -> None:
        if self._splitter is None:
            self._start += piece
            if len(self._start.lstrip()) < len(b"data:"):
                return
            self._splitter, piece = sniffed(self._start) or JsonLines(), self._start
        self._see_all(self._splitter.feed(piece))

    def _see_all(self, events: Any) -> None:
        for event in events:
            if event is not DONE:
                self._events.see(event)

    def body(self) -> Body:
        """The answer that the pieces so far add up to."""
        if self._splitter is not None:
            self._see_all(self._splitter.rest())
        body = dict(view(self._events.body()))
        if self._error is not None:
            body["error"] = self._error
        return body


DIALECT: Final = Dialect(
    name="sagemaker.invoke_endpoint",
    operation="text_completion",
    read=read,
    events=EndpointEvents,
    order=bedrock_request.order_invoke,
    asked=bedrock_request.asked,
    prompt=bedrock_request.prompt_invoke,
    answer=bedrock_invoke.answer,
)
