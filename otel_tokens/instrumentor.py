"""The entry point of OpenTelemetry: settings in, calls built, clients patched and unpatched."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import secrets
import weakref

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import metrics, trace
from opentelemetry._logs import Logger, get_logger
from opentelemetry.instrumentation.instrumentor import (  # type: ignore[attr-defined]  # has no `__all__`
    BaseInstrumentor,
)

from . import config as settings
from .budgets import block
from .budgets.gate import Gate
from .budgets.purse import Purse
from .calls import Calls
from .clients import CLIENTS
from .clients.anthropic import NATIVE
from .clients.sites import Sites
from .config import Config
from .errors import ConfigError, LedgerError
from .ledgers.opening import open_ledger
from .reports import Reports, rows_of
from .shield import renew, shielded
from .telemetry import names
from .telemetry.covered import Marks
from .telemetry.events import Events
from .telemetry.gauges import Row
from .telemetry.meters import Meters
from .telemetry.recorder import Recorder, Settings
from .telemetry.rollup import RollUp
from .tokenizers import PACKAGES, Estimator
from .version import __version__


if TYPE_CHECKING:
    from .pricing import PriceBook


log = logging.getLogger("otel_tokens")


class OtelTokensInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # untyped in older releases
    """Meters every client library of this package. A singleton, as every instrumentor is."""

    running: Running | None = None
    """What runs between `instrument` and `uninstrument`; kept on the class, of which there is one object."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: clients are patched when they are imported, whichever there are."""
        return []

    def _instrument(self, **kwargs: Any) -> None:  # noqa: ANN401
        config = kwargs.get("config") or settings.from_environment(os.environ)
        if config.sdk_disabled:
            return
        type(self).running = Running(
            config,
            tracer_provider=kwargs.get("tracer_provider"),
            meter_provider=kwargs.get("meter_provider"),
            logger_provider=kwargs.get("logger_provider"),
        )

    def _uninstrument(self, **_kwargs: Any) -> None:  # noqa: ANN401
        running, type(self).running = type(self).running, None
        if running is not None:
            running.stop()

    def instrument(self, **kwargs: Any) -> Any:  # noqa: ANN401
        """Start metering. Under `opentelemetry-instrument` a wrong price file ends the program."""
        try:
            return super().instrument(**kwargs)
        except ConfigError as error:
            self._is_instrumented_by_opentelemetry = False
            if kwargs.get("skip_dep_check"):  # the launcher, which would log the error and go on
                log.critical("otel_tokens: %s", error)
                raise SystemExit(f"otel_tokens: {error}") from error
            raise


class Running:
    """One time between `instrument` and `uninstrument`."""

    def __init__(
        self,
        config: Config,
        *,
        tracer_provider: Any = None,  # noqa: ANN401
        meter_provider: Any = None,  # noqa: ANN401
        logger_provider: Any = None,  # noqa: ANN401
    ) -> None:
        book = _book(config)
        tracer = trace.get_tracer(names.SCOPE, __version__, tracer_provider, _SCHEMA)
        meters = _meters(meter_provider or metrics.get_meter_provider(), config)
        self._report = meters.observe_trace
        self._labels, self._clients = config.labels, config.clients
        self._reports = Reports(Events(get_logger(names.SCOPE, __version__, logger_provider, _SCHEMA)))
        self.gate = _gate(config, self._reports)
        self._rollup: RollUp | None = None
        self._link(tracer_provider)
        self.calls = Calls(
            recorder=Recorder(
                tracer,
                meters,
                Settings(
                    labels=config.labels,
                    span_labels=config.span_labels,
                    cost_alias=config.cost_alias,
                    resource=_Resource(tracer_provider, meter_provider),
                    content_on_spans=config.content_on_spans,
                ),
                _logger(config, logger_provider),
            ),
            book=book,
            estimator=Estimator(config.vocabularies, PACKAGES),
            stream_usage=config.stream_usage,
            content=config.content_on_spans or config.content_in_events,
            gate=self.gate,
        )
        block.Enforced.now = True
        self._budgets = meters.budgets
        self._budgets.source, self._budgets.failures = self._rows, self._failures
        meters.price_dated_s = lambda: book().dated_s
        NATIVE.mode, NATIVE.asked_by_environment = config.native, config.native_asked
        sites = Sites(config.endpoints)
        for name in config.clients:
            CLIENTS[name].patch(self.calls, sites)
        atexit.register(self._at_exit)

    def _link(self, provider: Any) -> None:  # noqa: ANN401
        """Have spans linked to their roots, by the provider there is or the one that will be set."""
        with shielded("linking spans to their roots"):
            provider = provider or trace.get_tracer_provider()
            if hasattr(provider, "add_span_processor"):
                self._rollup = _rollup(provider)
                self._rollup.report, self._rollup.marks = self._report, Marks(self._clients)
            else:
                _when_provider_is_set(self)

    def provider_is_set(self) -> None:
        """Link spans by the global provider, which the program has set after us."""
        if self.calls.active and self._rollup is None:
            self._link(None)
            # Exit handlers run in reverse, and the provider has registered its own after ours.
            atexit.unregister(self._at_exit)
            atexit.register(self._at_exit)

    def _rows(self) -> Sequence[Row]:
        """The accounts of budgets, for gauges; none while the ledger cannot be reached, which is told."""
        try:
            balances = self.gate.balances()
        except LedgerError:
            return ()
        return rows_of(balances, self.gate.plan.budgets, self._labels)

    def _failures(self) -> int | None:
        """How often the ledger has failed, where there are budgets that need one."""
        return self._reports.failures if self.gate.plan.budgets or self._reports.failures else None

    def renew(self) -> None:
        """In a forked process: what the parent has open, counted or held is the parent's."""
        self._reports.renew()
        self.calls.renew()

    def _at_exit(self) -> None:
        with shielded("ending streams at exit"):
            self.calls.leftovers.stop()
        with shielded("leaving the ledger at exit"):
            self.gate.stop()

    def stop(self) -> None:
        """Unpatch; end what is left of streams that were dropped."""
        for name in self._clients:
            CLIENTS[name].unpatch()
        self._at_exit()
        self.calls.active = False
        block.Enforced.now = False
        self._budgets.source = self._budgets.failures = None
        if self._rollup is not None:
            self._rollup.report = None
        atexit.unregister(self._at_exit)


_SCHEMA: Final = "https://opentelemetry.io/schemas/gen-ai/1.42.0"


def _book(config: Config) -> Callable[[], PriceBook]:
    """What gives the book of prices: files that are named are read now, the shipped one when first needed."""
    if config.prices is None and config.book is None:
        return _default_book
    book = _load_book(config.prices, config.book)
    return lambda: book


@functools.lru_cache(maxsize=1)
def _default_book() -> PriceBook:
    return _load_book(None, None)


def _load_book(own: Path | None, book: Path | None) -> PriceBook:
    from .pricing import load_book  # noqa: PLC0415  # takes long to import, and the first call is soon enough

    return load_book(own, book)


def _gate(config: Config, reports: Reports) -> Gate:
    """The gate of the budget file, and of the budgets of blocks of code where there is none."""
    ledger = open_ledger(config.plan.ledger)
    try:
        ledger.check()
    except LedgerError as error:  # `on_failure` decides about calls
        reports.ledger_failure(error, first=True)
    file = None
    if config.plan.path is not None:
        from .budgets.file import PlanFile  # noqa: PLC0415  # only where there is a file

        file = PlanFile(Path(config.plan.path))
    purse = Purse(ledger, config.plan.ledger, reports)
    return Gate(config.plan, purse, reports, file=file, runaway=config.runaway)


def _logger(config: Config, provider: Any) -> Logger | None:  # noqa: ANN401
    if not config.content_in_events:
        return None
    return get_logger(names.SCOPE, __version__, provider, _SCHEMA)


_METERS: Final[weakref.WeakKeyDictionary[Any, Meters]] = weakref.WeakKeyDictionary()
_ROLLUPS: Final[weakref.WeakKeyDictionary[Any, RollUp]] = weakref.WeakKeyDictionary()


def _meters(provider: Any, config: Config) -> Meters:  # noqa: ANN401
    """The instruments on `provider`: the same ones each time, as sums go on and none can be taken away."""
    found = _METERS.get(provider)
    if found is None or (found.limit, found.semconv) != (config.series_limit, config.semconv):
        meter = metrics.get_meter(names.SCOPE, __version__, provider, _SCHEMA)
        found = _METERS[provider] = Meters(
            meter,
            limit=config.series_limit,
            semconv=config.semconv,
            process=None if "service.instance.id" in _Resource(provider) else secrets.token_hex(4),
        )
    return found


def _rollup(provider: Any) -> RollUp:  # noqa: ANN401
    """The processor on `provider` that links spans to their roots: one, as none can be taken away."""
    found = _ROLLUPS.get(provider)
    if found is None:
        found = _ROLLUPS[provider] = RollUp()
        provider.add_span_processor(found)
    return found


class _Resource(Mapping[str, Any]):
    """The attributes of the resource, looked up when needed: the program may set its provider later."""

    def __init__(self, *providers: Any) -> None:  # noqa: ANN401
        self._providers = providers

    def _attributes(self) -> Mapping[str, Any]:
        for provider in (*self._providers, trace.get_tracer_provider()):
            resource = getattr(provider, "resource", None)
            if resource is None:
                resource = getattr(getattr(provider, "_sdk_config", None), "resource", None)
            if resource is not None:
                return resource.attributes  # type: ignore[no-any-return]
        return {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        return self._attributes()[name]

    def __iter__(self) -> Any:  # noqa: ANN401
        return iter(self._attributes())

    def __len__(self) -> int:
        return len(self._attributes())


_waiting: list[Running] = []


def _when_provider_is_set(running: Running) -> None:
    """Call `provider_is_set` when the program sets the global tracer provider.

    The API has no hook for it. `set_tracer_provider` looks up the function that is exchanged here at each
    call, so it works for whoever has imported that name before.
    """
    if not _waiting:
        original = trace._set_tracer_provider  # noqa: SLF001

        @functools.wraps(original)
        def set_provider(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            original(*args, **kwargs)
            for waiting in _waiting:
                waiting.provider_is_set()

        trace._set_tracer_provider = set_provider  # noqa: SLF001
    _waiting[:] = [running]


def _after_fork() -> None:
    """In a forked process: what the parent has open or counted is the parent's."""
    renew()
    running = OtelTokensInstrumentor.running
    if running is not None:
        with shielded("renewing after a fork"):
            running.renew()


if hasattr(os, "register_at_fork"):  # pragma: no branch  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork)
