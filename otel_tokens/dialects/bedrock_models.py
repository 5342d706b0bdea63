"""What the id of a model on Bedrock says: an ARN, a region, a vendor, a name.

Source: the API reference of Bedrock on `modelId`, October 2026.
"""

from __future__ import annotations

import re

from typing import Final


_REGION: Final = re.compile(r"^(?:global|us-gov|us|eu|apac|jp|au|ca|sa|me|af|il|in|uk|mx)\.(?=[^.]+\.)")


def bare(model: str) -> str:
    """The id in an ARN of a model or of a profile; any other id as it is."""
    return model.rpartition("/")[2] if model.startswith("arn:") else model


def family(model: str) -> str:
    """The id without what says where it runs: `anthropic.claude-…`."""
    return _REGION.sub("", bare(model))
