"""Small price books for tests, in the form of the compiled one."""

from __future__ import annotations

import copy
import json

from pathlib import Path
from typing import Any

from .terminal import Said, Terminal


BOOK: dict[str, Any] = {
    "schema": 1,
    "name": "otel-tokens",
    "version": "genai-prices 1.0.0",
    "dated": "2026-11-20",
    "origins": [["https://maker.test/audio", "2026-11-01"]],
    "multipliers": [
        {
            "provider": "openai",
            "models": ["big*"],
            "when": {"server_address": "*.eu.test"},
            "factor": "1.1",
            "source": "https://maker.test/regions",
            "checked": "2026-11-02",
        },
        {"provider": "openai", "models": ["small*"], "when": {"inference_geo": "us"}, "factor": "2"},
    ],
    "providers": {
        "azure.ai.openai": {"prefixes": ["azure/"], "fallbacks": ["openai"], "models": []},
        "deepseek": {
            "prefixes": ["deepseek/"],
            "models": [
                {
                    "id": "clock",
                    "rows": [{"rates": {"input": "1", "output": "2"}}],
                    "variants": {
                        "peak": [
                            {
                                "when_utc": {"windows": ["01:00-04:00"], "weekdays": [1, 2, 3, 4, 5]},
                                "rates": {"input": "2", "output": "4"},
                                "from": "2026-08-17",
                            }
                        ]
                    },
                }
            ],
        },
        "groq": {
            "prefixes": ["groq/"],
            "models": [
                {
                    "id": "listener",
                    "rows": [{"fees": {"audio_hour": "0.111"}, "minimums": {"audio_second": "10"}}],
                    "variants": {"batch": [{"fees": {"audio_hour": "0.0555"}}]},
                },
                {"id": "gift", "rows": [{"free": True}]},
            ],
        },
        "openai": {
            "prefixes": ["openai/"],
            "models": [
                {
                    "id": "Big",
                    "rows": [
                        {"rates": {"input": "3", "output": "12"}},
                        {
                            "from": "2026-10-01",
                            "rates": {
                                "input": "2.5",
                                "cache_read": "0.25",
                                "output": "10",
                                "input_audio": "5",
                            },
                            "tiers": [{"prompt_tokens_gt": 1000, "rates": {"input": "5", "output": "15"}}],
                            "fees": {"web_search": "0.01"},
                            "added": {"rates.input_audio": 0},
                        },
                        {"from": "2027-01-01", "rates": {"input": "2", "output": "8"}},
                    ],
                    "match": {"equals": ["big", "big-2026-03-05"], "prefix": ["big-preview"]},
                    "variants": {
                        "batch": [{"from": "2026-10-14", "rates": {"input": "1.25", "output": "5"}}],
                        "priority": [{"rates": {"input": "5"}}],
                    },
                    "sources": ["https://maker.test/big"],
                    "checked": "2026-11-19",
                },
                {"id": "small", "rows": [{"rates": {"input": "0.1", "output": "0.4"}}]},
            ],
        },
        "openrouter": {
            "prefixes": ["openrouter/"],
            "models": [{"id": "openai/big", "rows": [{"rates": {"input": "2.6", "output": "10.4"}}]}],
        },
    },
}
"""A model with rows, tiers, variants and names; one by the clock; one by the hour; a free one; a reseller."""

OWN = """\
schema = 1
currency = "USD"

[[price]]
provider = "openai"
model = "small"
extend = true
rates = { output = "0.3" }

[[price]]
provider = "openai"
match = { prefix = "ft:mine" }
rates = { input = "7" }

[[price]]
provider = "vertex_ai"
model = "theirs"
rates = { input = "4" }

[[alias]]
provider = "azure"
deployment = "prod"
model = "big"
deployment_type = "zone"

[[multiplier]]
provider = "azure.ai.openai"
when = { deployment_type = "zone" }
factor = "1.2"

[[multiplier]]
provider = "openai"
when = { server_address = "*.eu.test" }
factor = "1.3"

[[discount]]
provider = "azure.ai.openai"
factor = "0.5"
"""


def plain() -> dict[str, Any]:
    """A book of its own, to change."""
    return copy.deepcopy(BOOK)


def model(book: dict[str, Any], provider: str, name: str) -> dict[str, Any]:
    """A model of a book, to change."""
    found: dict[str, Any] = next(one for one in book["providers"][provider]["models"] if one["id"] == name)
    return found


def written(folder: Path, book: Any, name: str = "book.json") -> str:
    """A book, or what is none, in a file."""
    path = folder / name
    path.write_text(book if isinstance(book, str) else json.dumps(book), "utf-8")
    return str(path)


class Shows:
    """Runs `prices show` with the small book."""

    def __init__(self, folder: Path) -> None:
        self.terminal = Terminal(folder, env={"OTEL_TOKENS_BOOK": written(folder, BOOK)})
        self.own = written(folder, OWN, "own.toml")

    def __call__(self, *words: str, **more: Any) -> Said:
        """What is said."""
        return self.terminal("prices", "show", *words, **more)

    def one(self, *words: str) -> Any:
        """The one seller, for machines."""
        (seller,) = self(*words, "--json").json["sellers"]
        return seller


def rates(seller: Any, variant: str, over: int | None = None) -> dict[str, str]:
    """The rates of a variant and size that are no other bucket's."""
    (found,) = [
        one for one in seller["rates"] if (one["variant"], one["prompt_tokens_over"]) == (variant, over)
    ]
    return {name: rate["usd"] for name, rate in found["usd_per_mtok"].items() if rate["as"] is None}
