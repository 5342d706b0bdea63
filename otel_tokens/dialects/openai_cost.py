"""What a vendor in OpenAI's shape says that a call costs.

Counting: the amount has to be the charge of whoever sells the call. OpenRouter, Avian and Vercel state
`cost` in USD; with a key of the customer's own (`is_byok`) it is only the fee, and the upstream's charge
comes on top: OpenRouter states it, Vercel states the list price as `market_cost`. Without such a key the
two are never added. Perplexity states `cost.total_cost`; interim chunks have an object of zeros, and
nothing of Perplexity's is free, so zero there says nothing. DeepInfra states `estimated_cost`, the product
of its own prices and counts. xAI states `cost_in_usd_ticks` of 1e-10 USD, which Azure passes on as 0: that
states nothing either. What a proxy works out by a price list of its own (`x-litellm-response-cost`,
`pydantic_ai_gateway`) is nobody's charge, and is not read: it would replace a price that is dated and has a
source.

Source: `chatusage.py` and `costdetails.py` of openrouter 1.3; `usage_info.py` of perplexityai 0.46;
`usage.proto` of xai-sdk 1.21; `message.provider_metadata` as Vercel's gateway answered in 2026.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from .fields import get, money, view


_TICK_USD: Final = Decimal("1e-10")


def cost(usage: Any) -> Decimal | None:
    """USD that the provider itself states, or None."""
    fields = view(usage)
    if (stated := fields.get("cost")) is not None:
        charged = money(fields, "cost")
        return _of_object(stated) if charged is None else _with_upstream(charged, fields)
    if fields.get("cost_in_usd_ticks"):
        ticks = money(fields, "cost_in_usd_ticks")
        return None if ticks is None else ticks * _TICK_USD
    if "estimated_cost" in fields:
        return money(fields, "estimated_cost")
    return None


def _of_object(stated: Any) -> Decimal | None:
    currency = get(stated, "currency")
    if currency is not None and currency != "USD":
        return None
    return money(stated, "total_cost") or None


def _with_upstream(charged: Decimal, fields: dict[str, Any]) -> Decimal | None:
    if fields.get("is_byok") is not True:
        return charged
    upstream = money(fields, "cost_details", "upstream_inference_cost")
    if upstream is None:
        upstream = money(fields, "market_cost")
    return (charged or None) if upstream is None else charged + upstream
