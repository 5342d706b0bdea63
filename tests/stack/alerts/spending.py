"""What services do: calm at first, then each the cause of an alert, then calm again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from otel_tokens import readings
from otel_tokens.telemetry import names

from .scene import Cause, Scene, Step
from .sources import Source


MODEL: Final = {names.PROVIDER: "openai", names.RESPONSE_MODEL: "gpt-5"}
OK: Final = {**MODEL, names.OUTCOME: "ok"}
INPUT: Final = {**MODEL, names.BUCKET: readings.INPUT}
CACHE_READ: Final = {**MODEL, names.BUCKET: readings.CACHE_READ}
JOB: Final = {names.TRACE_NAME: "/ask"}

DAY_S: Final = 86_400

COST, REQUESTS, TOKENS = names.METRIC_COST_USD, names.METRIC_REQUESTS, names.METRIC_TOKENS
TRACES: Final = names.METRIC_TRACE_COST_USD


def paces(source: Source, *paces: tuple[str, float, Mapping[str, str]]) -> None:
    """Go on at these paces a minute."""
    for metric, per_minute, labels in paces:
        source.pace(metric, per_minute, labels)


def spike(scene: Scene) -> Cause:
    """A service spends fifty times as much as it did."""
    spiky = scene.fleet.source("spiky")
    spiky.pace(COST, 0.02, INPUT)
    start = Step(lambda: spiky.pace(COST, 1, INPUT), ["LLMSpendSpike"])
    return Cause([start], lambda: spiky.pace(COST, 0.02, INPUT))


def newcomer(scene: Scene) -> Cause:
    """A service that nobody knows spends money."""
    found: list[Source] = []

    def come() -> None:
        found.append(scene.fleet.source("newcomer"))
        found[0].pace(COST, 2, INPUT)

    return Cause([Step(come, ["LLMNewSpender"])], lambda: found[0].pace(COST, 0, INPUT))


def crowd(scene: Scene) -> Cause:
    """One process of three makes many more calls than the others."""
    processes = [scene.fleet.source("crowd", instance) for instance in "abc"]
    for each in processes:
        each.pace(REQUESTS, 7, OK)
    start = Step(lambda: processes[2].pace(REQUESTS, 200, OK), ["LLMRunawayInstance peers"])
    return Cause([start], lambda: processes[2].pace(REQUESTS, 7, OK))


def loop(scene: Scene) -> Cause:
    """A process spends a thousand times as much as it did: that it is a spike too, nobody has to hear."""
    source = scene.fleet.source("loop")
    source.pace(COST, 0.02, INPUT)

    def run_away() -> None:
        source.add(COST, 60, INPUT)
        source.pace(COST, 20, INPUT)

    start = Step(run_away, ["LLMRunawayInstance past"], ["a spike of a runaway"])
    return Cause([start], lambda: source.pace(COST, 0.02, INPUT))


def stutter(scene: Scene) -> Cause:
    """A process sends the same request again and again."""
    source = scene.fleet.source("stutter")
    paces(source, (REQUESTS, 10, OK), (names.METRIC_REPEATED, 0, MODEL))
    start = Step(lambda: source.pace(names.METRIC_REPEATED, 9, MODEL), ["LLMRepeatedPrompts"])
    return Cause([start], lambda: source.pace(names.METRIC_REPEATED, 0, MODEL))


def agent(scene: Scene) -> Cause:
    """Jobs do not come to an end and make calls; then they do."""
    source = scene.fleet.source("agent")
    paces(source, (REQUESTS, 12, OK), (TRACES, 1, JOB))
    start = Step(lambda: paces(source, (REQUESTS, 1200, OK), (TRACES, 0, JOB)), ["LLMCallsPerTrace"])

    def done() -> None:
        paces(source, (REQUESTS, 12, OK), (TRACES, 1, JOB))
        source.add(TRACES, 5000, JOB)

    return Cause([start], done)


def prompts(scene: Scene) -> Cause:
    """Calls get a hundred times longer."""
    source = scene.fleet.source("prompts")
    paces(source, (REQUESTS, 2, OK), (TOKENS, 1000, INPUT))
    start = Step(lambda: source.pace(TOKENS, 100_000, INPUT), ["LLMPromptGrowth"])
    return Cause([start], lambda: source.pace(TOKENS, 1000, INPUT))


def cached(scene: Scene) -> Cause:
    """The cache stops working; then it works better than ever."""
    source = scene.fleet.source("cached")
    calm = ((REQUESTS, 5, OK), (TOKENS, 500, INPUT), (TOKENS, 4500, CACHE_READ))
    paces(source, *calm)
    lost = ((REQUESTS, 100, OK), (TOKENS, 100_000, INPUT), (TOKENS, 0, CACHE_READ))
    back = ((REQUESTS, 500, OK), (TOKENS, 1000, INPUT), (TOKENS, 500_000, CACHE_READ))
    return Cause([Step(lambda: paces(source, *lost), ["LLMCacheHitDrop"])], lambda: paces(source, *back))


def unpriced(scene: Scene) -> Cause:
    """Three calls to a model that nobody has a price for."""
    labels = {names.PROVIDER: "openai", names.RESPONSE_MODEL: "gpt-6", names.COST_STATUS: "unknown_model"}
    source = scene.fleet.source("odd")
    start = Step(lambda: source.add(names.METRIC_UNPRICED, 3, labels), ["LLMUnpricedModel"], over=True)
    return Cause([start])


def dated(scene: Scene) -> Cause:
    """The prices are 46 days old, until the price list is replaced."""
    source = scene.fleet.source("dated")
    source.put(names.METRIC_PRICE_AGE, DAY_S)
    start = Step(lambda: source.put(names.METRIC_PRICE_AGE, 46 * DAY_S), ["LLMPriceTableStale"])
    return Cause([start], lambda: source.put(names.METRIC_PRICE_AGE, DAY_S))


def silent(scene: Scene) -> Cause:
    """A service that has reported for six hours stops, and comes again."""
    source = scene.fleet.source("silent")

    def fall_silent() -> None:
        source.lives = False

    def speak() -> None:
        source.lives = True

    scene.fleet.beaten(source, 370)
    return Cause([Step(fall_silent, ["LLMTelemetrySilent"])], speak)


def failing(source: Source, metric: str, labels: Mapping[str, str], row: str) -> Cause:
    """Something in a process fails again and again, and then no more."""
    source.pace(metric, 0, labels)

    def fail() -> None:
        source.add(metric, 1, labels)  # half a failure is none
        source.pace(metric, 2, labels)

    return Cause([Step(fail, [row])], lambda: source.pace(metric, 0, labels))


def all_of(scene: Scene) -> list[Cause]:
    """Every cause that services are."""
    alone = (spike, newcomer, crowd, loop, stutter, agent, prompts, cached, unpriced, dated, silent)
    ledger, meter = scene.fleet.source("unsettled"), scene.fleet.source("broken")
    step = {names.STEP: "counting a call"}
    return [
        *(make(scene) for make in alone),
        failing(ledger, names.METRIC_LEDGER_FAILURES, {}, "LLMLedgerFailing"),
        failing(meter, names.METRIC_FAILURES, step, "LLMMeterFailing"),
    ]
