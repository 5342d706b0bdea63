"""Google's calls that are not billed by themselves: counting tokens, and keeping a content in a cache.

Counting: they state tokens of a prompt that was not run. What a cache costs is its storage by the hour, which
no call states; what is read from it is stated by the call that uses it.

Source: `CountTokensResponse`, `CachedContent` of `types.py` of google-genai 3.6; the page on context caching
of the Gemini API, November 2026.
"""

from __future__ import annotations

from ..readings import Reading
from .dialect import Body, Dialect
from .google_names import at, error_type, string_at
from .google_request import prompt


def read(body: Body) -> Reading:
    """Read who answered."""
    return Reading(
        model=string_at(body, "model"),
        id=string_at(body, "name"),
        error_type=error_type(at(body, "error")),
    )


COUNT_TOKENS = Dialect(
    name="google.count_tokens", operation="count_tokens", read=read, prompt=prompt, billed=False
)

CACHED_CONTENTS = Dialect(name="google.cached_contents", operation="cached_contents", read=read, billed=False)
