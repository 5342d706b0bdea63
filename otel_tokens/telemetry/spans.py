"""The span of a call while it is open, and the context in which its request is made."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span

from .series import Labels


class OpenSpan:
    """The span of one call, and the context in which its request is made."""

    __slots__ = ("context", "key", "labels", "other", "owner", "parent", "server", "span", "stands_in")

    def __init__(
        self,
        span: Span,
        context: Context,
        *,
        parent: Span,
        owner: Any,  # noqa: ANN401
        stands_in: bool,
        key: tuple[str, str, str | None],
        server: tuple[str, int],
        labels: Labels,
    ) -> None:
        self.span = span
        self.context = context
        self.parent = parent
        self.owner = owner
        """What an outer instrumentation wants to have filled."""
        self.stands_in = stands_in
        """Another span than ours stands for the call: `other`, or the parent."""
        self.other: Span | None = None
        self.key = key
        self.server = server
        self.labels = labels

    def enter(self) -> Any:  # noqa: ANN401
        """Make the span current; give what `leave` needs."""
        return attach(self.context)

    def adopt(self) -> None:
        """Take the current span, which the client library has just made, for the call's own."""
        span = trace.get_current_span()
        if span is not self.parent and span is not self.span:
            self.other = span

    @staticmethod
    def leave(token: Any) -> None:  # noqa: ANN401
        """Make current what was before."""
        detach(token)
