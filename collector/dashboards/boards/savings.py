"""What it would take to spend less: rows of the spend dashboard."""

from __future__ import annotations

from typing import Final

from . import grid, links
from . import queries as q
from .panels import ANY_IS_BAD, NUMBER, SECONDS, SHARE, USD, Column, Query, Steps, graph, rows


_DEAR: Final[Steps] = ((None, "transparent"), (2.0, "yellow"), (8.0, "orange"))
"""USD per million tokens of all kinds together, from where on a cheaper model is worth a trial."""


def models() -> grid.Row:
    """Dear and cheap models, and the work that is done by each."""
    keys = f"{q.PROVIDER}, {q.MODEL}"
    work = f"{q.SERVICE}, {q.TEAM}, {q.MODEL}"
    spent, calls, tokens = [
        q.in_range(q.COST_5M, keys),
        q.in_range(q.REQUESTS_5M, keys),
        q.total(q.TOKENS, keys),
    ]
    paid, made = q.in_range(q.COST_5M, work), q.in_range(q.REQUESTS_5M, work)
    answers = f'{q.WHAT}, {q.BUCKET}=~"output.*"'
    each_model = [
        Column("Spent", spent, USD),
        Column("Share of the money", q.share(spent), SHARE, decimals=1),
        Column("Calls", calls, NUMBER),
        Column("USD per call", q.ratio(spent, calls), USD, decimals=5),
        Column("Tokens per call", q.ratio(tokens, calls), NUMBER, decimals=0),
        Column("USD per million tokens", f"1000000 * {q.ratio(spent, tokens)}", USD, _DEAR, 2),
        Column("p95 latency", q.quantile(0.95, q.DURATION, keys, window="$__range"), SECONDS),
    ]
    each = [
        Column("Spent", paid, USD),
        Column("Calls", made, NUMBER),
        Column("USD per call", q.ratio(paid, made), USD, decimals=5),
        Column(
            "Output tokens per call",
            q.ratio(q.total(q.TOKENS, work, answers), made),
            NUMBER,
            decimals=0,
        ),
        Column(
            "USD per million tokens",
            f"1000000 * {q.ratio(paid, q.total(q.TOKENS, work))}",
            USD,
            _DEAR,
            2,
        ),
    ]
    return grid.Row(
        "Which work could go to a cheaper model",
        9,
        [
            (
                rows(
                    "Models",
                    "Premium and cheap models side by side. A dear model with few tokens per call does work "
                    "that a cheaper or a local one may do as well.",
                    each_model,
                    sort="Spent",
                    names={q.MODEL: "Model", q.PROVIDER: "Provider"},
                    links=links.narrowed("model", links.column("Model"), "Only this model"),
                ),
                12,
            ),
            (
                rows(
                    "Work by service, team and model",
                    "Short answers from a dear model are the first to try elsewhere.",
                    each,
                    sort="Spent",
                    names={q.SERVICE: "Service", q.TEAM: "Team", q.MODEL: "Model"},
                    links=links.row(links.column("Service"), links.column("Model")),
                ),
                12,
            ),
        ],
    )


def waste() -> grid.Row:
    """Money for nothing, money that is not known, and who spends most."""
    by = f"{q.PROVIDER}, {q.MODEL}, otel_tokens_cost_status"
    outcomes = q.in_step(q.REQUESTS_5M, f"{q.SERVICE}, {q.OUTCOME}", f"{q.WHAT}, {q.FAILED}")
    spent = q.total(q.COST, "$split")
    return grid.Row(
        "Waste, gaps and top spenders",
        8,
        [
            (
                graph(
                    "Calls that failed",
                    "Calls with an error, cancelled or abandoned, per hour. What they had used is billed.",
                    [Query(q.or_zero(q.hourly(outcomes)), q.legend(q.SERVICE, q.OUTCOME))],
                    NUMBER,
                    stacked=True,
                    links=links.peak(),
                ),
                8,
            ),
            (
                rows(
                    "Models without a price",
                    "Their calls count as no money. Give a price in OTEL_TOKENS_PRICES, or update the book.",
                    [Column("Calls", q.or_zero(q.total(q.UNPRICED, by)), NUMBER, ANY_IS_BAD)],
                    sort="Calls",
                    names={q.PROVIDER: "Provider", q.MODEL: "Model", "otel_tokens_cost_status": "Why"},
                ),
                8,
            ),
            (
                rows(
                    "Top spenders by $split",
                    "The twenty dearest values of the label that is chosen above.",
                    [
                        Column("Spent", f"topk(20, {spent})", USD),
                        Column("Share", f"topk(20, {q.share(spent)})", SHARE, decimals=1),
                    ],
                    sort="Spent",
                    names={"$split": "$split"},
                ),
                8,
            ),
        ],
    )
