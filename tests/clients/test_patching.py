"""Patching and unpatching: in any order, beside others, and without a trace."""

from __future__ import annotations

import inspect
import pickle

from collections.abc import Callable
from importlib import import_module
from typing import Any

import openai
import pytest

import otel_tokens

from .cases import ANTHROPIC, CHAT, MESSAGES, OPENAI, Api, Scene, era, streamed, whole
from .faces import ASYNC, FACES, SYNC, Face
from .processes import program
from .transport import Transport, http_client, http_package, json_reply, stream_reply


def _patched(package: str) -> dict[str, Any]:
    """Every method of the base clients, by class and name."""
    module = import_module(f"{package}._base_client")
    owners = [module.BaseClient, module.SyncAPIClient, module.AsyncAPIClient]
    return {f"{owner.__name__}.{name}": value for owner in owners for name, value in vars(owner).items()}


@pytest.mark.parametrize("package", ["openai", "anthropic"])
def test_no_trace_is_left(metered: Callable[[], Any], package: str) -> None:
    """Unpatched again, every method is the very one that it was."""
    before = _patched(package)
    telemetry = metered()
    during = _patched(package)
    telemetry.stop()

    assert {name for name in before if before[name] is not during[name]} >= {
        "SyncAPIClient.request",
        "AsyncAPIClient.request",
    }
    after = _patched(package)
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] is not after[name]] == []
    telemetry.start()


def test_on_and_off_and_on(metered: Callable[[], Any]) -> None:
    """A client counts while it is metered, whenever it was made."""
    scene = Scene(CHAT, SYNC, *whole(CHAT))
    SYNC.run(scene.create())
    telemetry = metered()
    SYNC.run(scene.create())
    telemetry.stop()
    SYNC.run(scene.create())
    telemetry.start()
    SYNC.run(scene.create())

    assert len(telemetry.spans) == 2


def test_metering_twice_counts_once(telemetry: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A second `instrument` only warns."""
    otel_tokens.instrument()
    SYNC.run(Scene(CHAT, SYNC, *whole(CHAT)).create())

    assert "already instrumented" in caplog.text
    assert telemetry.total("otel_tokens.requests") == 1


@pytest.mark.parametrize("api", [CHAT, MESSAGES], ids=str)
@pytest.mark.parametrize("face", FACES, ids=str)
def test_signatures_stay(metered: Callable[[], Any], api: Api, face: Face) -> None:
    """Pitfall 25: name, signature and kind of a patched method are the library's."""
    module = import_module(f"{api.package}._base_client")
    owner = module.AsyncAPIClient if face.asynchronous else module.SyncAPIClient

    def facts() -> list[Any]:
        methods = [owner.request, owner._process_response, module.BaseClient._build_request]
        return [
            (m.__name__, m.__qualname__, m.__doc__, inspect.signature(m), inspect.iscoroutinefunction(m))
            for m in methods
        ]

    before = facts()
    metered()
    assert facts() == before


class Others:
    """Another instrumentation: it wraps a method, and counts."""

    def __init__(self, owner: type, name: str = "request") -> None:
        self.calls = 0
        self.owner, self.name = owner, name
        self.original = original = getattr(owner, name)

        def request(client: Any, *args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            return original(client, *args, **kwargs)

        self.request = request
        setattr(owner, name, request)


@pytest.mark.parametrize("face", FACES, ids=str)
@pytest.mark.parametrize("shape", [whole, streamed], ids=["whole", "stream"])
@pytest.mark.parametrize("first", ["they", "we"])
@pytest.mark.parametrize("where", ["the client", "the base"])
def test_beside_others(
    metered: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
    face: Face,
    shape: Any,
    first: str,
    where: str,
) -> None:
    """Pitfalls 10 and 11: whoever wraps first, and wherever, a call counts once with each."""
    client = openai.AsyncOpenAI if face.asynchronous else openai.OpenAI
    module = import_module("openai._base_client")
    base = module.AsyncAPIClient if face.asynchronous else module.SyncAPIClient
    owner = client if where == "the client" else base
    monkeypatch.setattr(owner, "request", owner.request, raising=False)
    telemetry = metered() if first == "we" else None
    others = Others(owner)
    telemetry = telemetry or metered()

    async def play() -> None:
        scene = Scene(CHAT, face, *shape(CHAT))
        if shape is whole:
            await scene.create()
        else:
            assert len(await scene.rest(await scene.stream())) == 5

    face.run(play())
    assert others.calls == 1
    assert telemetry.attributes["gen_ai.usage.output_tokens"] == 7
    assert telemetry.total("otel_tokens.requests") == 1


def test_unpatching_below_others(metered: Callable[[], Any]) -> None:
    """Pitfall 10: someone who sits on top of us stays there; we only pass through, and can come back."""
    base = import_module("openai._base_client").SyncAPIClient
    untouched = base.__dict__["request"]
    telemetry = metered()
    others = Others(base)
    scene = Scene(CHAT, SYNC, *whole(CHAT))
    SYNC.run(scene.create())
    telemetry.stop()
    assert base.__dict__["request"] is others.request
    SYNC.run(scene.create())
    telemetry.start()
    SYNC.run(scene.create())
    telemetry.stop()
    base.request = untouched

    assert others.calls == 3
    assert len(telemetry.spans) == 2
    telemetry.start()


def test_a_subclass_of_the_application(telemetry: Any) -> None:
    """Pitfall 11: a client class whose `request` calls the library's makes one call."""

    class Ours(openai.OpenAI):
        """The application's."""

        def request(self, *args: Any, **kwargs: Any) -> Any:
            """Go through."""
            return super().request(*args, **kwargs)

    http = http_client("openai", Transport(json_reply(CHAT.whole())))
    Ours(api_key="sk-fake", http_client=http).chat.completions.create(**CHAT.request)
    assert telemetry.total("otel_tokens.requests") == 1


@pytest.mark.parametrize("api", [*OPENAI, *ANTHROPIC], ids=str)
def test_results_pickle(telemetry: Any, api: Api) -> None:
    """Pitfall 23: a whole answer pickles as it does unmetered."""
    answer = SYNC.run(Scene(api, SYNC, *whole(api)).create())

    assert pickle.loads(pickle.dumps(answer)) == answer  # noqa: S301  # our own
    assert len(telemetry.spans) == 1


@pytest.mark.parametrize("face", FACES, ids=str)
def test_responses_that_were_read_pickle(telemetry: Any, face: Face) -> None:
    """Pitfall 23: an HTTP response pickles once it has been read, as it does unmetered."""

    async def play() -> bytes:
        async with Scene(CHAT, face, *whole(CHAT)).streaming() as response:
            await face.of(response.read())
            return pickle.dumps(response.http_response)

    assert pickle.loads(face.run(play())).status_code == 200  # noqa: S301
    assert len(telemetry.spans) == 1


@pytest.mark.parametrize("api", [CHAT, MESSAGES], ids=str)
@pytest.mark.parametrize("face", FACES, ids=str)
def test_body_keeps_its_face(metered: Callable[[], Any], face: Face, api: Api) -> None:
    """Pitfall 5: the body of a response that is watched is still what it was, to whoever looks at it."""

    async def play() -> list[Any]:
        scene = Scene(api, face, *streamed(api))
        stream = await scene.stream()
        body, package = stream.response.stream, http_package(api.package)
        kinds = [isinstance(body, package.SyncByteStream), isinstance(body, package.AsyncByteStream)]
        await scene.close(stream)
        return [*kinds, hasattr(body, "elapsed"), scene.transport.served[0].closed]

    without = face.run(play())
    telemetry = metered()
    assert face.run(play()) == without
    assert telemetry.attributes["otel_tokens.outcome"] == "abandoned"


@pytest.mark.skipif(era("openai") < (3, 0), reason="this openai knows one HTTP package")
def test_the_older_http_package(metered: Callable[[], Any]) -> None:
    """Pitfall 13: an application may still hand in a client of `httpx` where the library is on `httpx2`."""
    httpx = pytest.importorskip("httpx")
    transport = Transport(json_reply(CHAT.whole()), lambda sent: stream_reply(CHAT.stream(sent)))
    telemetry = metered()
    client = openai.OpenAI(api_key="sk-fake", http_client=httpx.Client(transport=transport))
    client.chat.completions.create(**CHAT.request)
    assert len(list(client.chat.completions.create(**CHAT.request, stream=True))) == 5

    assert telemetry.total("otel_tokens.tokens") == 2 * 19


_PROGRAM = """
    import sys
    {before}
    import otel_tokens
    early = [name for name in ("openai", "anthropic", "httpx", "httpx2", "tiktoken") if name in sys.modules]
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    reader = InMemoryMetricReader()
    otel_tokens.instrument(meter_provider=MeterProvider([reader]))
    early += [name for name in ("openai", "anthropic", "httpx", "httpx2", "tiktoken") if name in sys.modules]
    from tests.clients.cases import CHAT, MESSAGES, Scene, whole
    from tests.clients.faces import SYNC
    for api in (CHAT, MESSAGES):
        SYNC.run(Scene(api, SYNC, *whole(api)).create())
    said = [early, [
        point.value
        for metric in reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
        if metric.name == "otel_tokens.requests"
        for point in metric.data.data_points
    ]]
"""


def test_imported_after() -> None:
    """Pitfall 24: nothing is imported early, and what is imported later is patched then."""
    assert program(_PROGRAM.format(before="")) == [[], [1, 1]]


def test_imported_before() -> None:
    """Pitfall 24: what has been imported is patched at once."""
    early, counts = program(_PROGRAM.format(before="import openai, anthropic"))

    assert {"openai", "anthropic"} <= set(early)
    assert counts == [1, 1]


@pytest.mark.settings(OTEL_TOKENS_CLIENTS="-openai")
def test_a_client_that_was_left_out(telemetry: Any) -> None:
    """A client that the settings leave out is not metered."""
    SYNC.run(Scene(CHAT, SYNC, *whole(CHAT)).create())
    SYNC.run(Scene(MESSAGES, SYNC, *whole(MESSAGES)).create())

    assert [span.attributes["gen_ai.provider.name"] for span in telemetry.spans] == ["anthropic"]


@pytest.mark.settings(OTEL_SDK_DISABLED="true")
def test_sdk_disabled(telemetry: Any) -> None:
    """`OTEL_SDK_DISABLED` patches nothing."""
    before = _patched("openai")
    ASYNC.run(Scene(CHAT, ASYNC, *whole(CHAT)).create())

    assert telemetry.spans == []
    assert "otel_tokens" not in before["SyncAPIClient.request"].__code__.co_filename
    assert era("openai") >= (1, 40)
