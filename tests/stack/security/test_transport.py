"""Who may send: nobody from outside by default; with TLS and tokens, those that are known."""

from __future__ import annotations

import gzip
import ipaddress
import os
import ssl
import stat
import time
import urllib.error

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ..scale.collectors import Collector, layer, lines, post, running, until
from .certificates import Authority


TOKEN = "correct-horse"  # noqa: S105  of one test


def span(name: str) -> bytes:
    """One span called `name`."""
    request = ExportTraceServiceRequest()
    one = request.resource_spans.add().scope_spans.add().spans.add()
    one.name, one.trace_id, one.span_id = name, os.urandom(16), os.urandom(8)
    return request.SerializeToString()


def names(stored: Path) -> list[str]:
    """The names of all spans in the file of a collector."""
    return [
        one["name"]
        for line in lines(stored)
        for resource in line["resourceSpans"]
        for scope in resource["scopeSpans"]
        for one in scope["spans"]
    ]


def store(folder: Path) -> Path:
    """A layer that writes the spans that arrive into a file."""
    return layer(
        folder,
        {
            "exporters": {"file": {"path": str(folder / "out.json")}},
            "service": {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["file"]}}},
        },
    )


def listening(process_id: int) -> set[str]:
    """The addresses on which a process accepts connections."""
    sockets = {str(each.readlink()) for each in Path(f"/proc/{process_id}/fd").iterdir() if each.is_symlink()}
    found = set()
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process_id}/net/{family}").read_text("ascii").splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in sockets:
                found.add(_address(local.split(":")[0]))
    return found


def _address(kernel: str) -> str:
    """The kernel prints words of four bytes in the order of this machine."""
    words = [bytes.fromhex(kernel[at : at + 8])[::-1] for at in range(0, len(kernel), 8)]
    return str(ipaddress.ip_address(b"".join(words)))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The authority that everybody here trusts."""
    return Authority(tmp_path / "ca", "ca")


@contextmanager
def gateway(binary: Path, folder: Path, authority: Authority, **more: object) -> Iterator[Collector]:
    """A collector with TLS and a token, that stores what arrives."""
    certificate, key = authority.sign("server")
    token = folder / "receive"
    folder.mkdir(parents=True, exist_ok=True)
    token.write_text(f"{TOKEN}\nnext-{TOKEN}\n", "utf-8")
    settings = {
        "OTEL_TOKENS_TLS_CERT": certificate,
        "OTEL_TOKENS_TLS_KEY": key,
        "OTEL_TOKENS_RECEIVE_TOKEN_FILE": token,
        **more,
    }
    layers = ("base.yaml", "tls.yaml", "bearer.yaml", store(folder))
    with running(binary, folder, *layers, settings=settings) as collector:
        yield collector


def https(collector: Collector, authority: Authority, body: bytes, token: str | None, **client: Any) -> int:
    """The answer to a request over TLS."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if client:
        context.load_cert_chain(**client)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    url = collector.http.replace("http:", "https:") + "/v1/traces"
    return post(url, body, headers, context=context)


def test_nothing_listens_beyond_this_machine(stack: Any, tmp_path: Path) -> None:
    """By default every socket that listens is a loopback one, and the queue is private."""
    with running(stack.binary("otelcol-tokens"), tmp_path, "base.yaml", store(tmp_path)) as collector:
        assert collector.process is not None
        found = listening(collector.process.pid)
        assert found
        assert {each for each in found if not ipaddress.ip_address(each).is_loopback} == set()
        assert stat.S_IMODE((tmp_path / "queue").stat().st_mode) == 0o700


def test_a_socket_that_is_open_to_all_is_seen(stack: Any, tmp_path: Path) -> None:
    """The negative control of the test above."""
    everywhere = {"OTEL_TOKENS_LISTEN": "0.0.0.0"}  # noqa: S104  in this test alone, on free ports
    with running(
        stack.binary("otelcol-tokens"), tmp_path, "base.yaml", store(tmp_path), settings=everywhere
    ) as collector:
        assert collector.process is not None
        assert listening(collector.process.pid) & {"0.0.0.0", "::"}  # noqa: S104


def test_a_token_opens_the_door(stack: Any, tmp_path: Path, authority: Authority) -> None:
    """Any line of the file is accepted; no token or a wrong one is refused, and nothing arrives."""
    with gateway(stack.binary("otelcol-tokens"), tmp_path, authority) as collector:
        assert https(collector, authority, span("none"), None) == 401
        assert https(collector, authority, span("wrong"), "guess") == 401
        assert https(collector, authority, span("empty"), "") == 401
        assert https(collector, authority, span("known"), TOKEN) == 200
        assert https(collector, authority, span("next"), f"next-{TOKEN}") == 200
        until(lambda: len(names(tmp_path / "out.json")) >= 2, 10)

    assert sorted(names(tmp_path / "out.json")) == ["known", "next"]
    assert TOKEN not in collector.log.read_text("utf-8")


def test_only_tls_is_spoken(stack: Any, tmp_path: Path, authority: Authority) -> None:
    """A sender in the clear, or one that trusts another authority, does not get through."""
    other = Authority(tmp_path / "other", "other")
    with gateway(stack.binary("otelcol-tokens"), tmp_path, authority) as collector:
        known = {"Authorization": f"Bearer {TOKEN}"}
        assert post(f"{collector.http}/v1/traces", span("clear"), known) == 400
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            https(collector, other, span("other"), TOKEN)
        assert https(collector, authority, span("known"), TOKEN) == 200
        until(lambda: names(tmp_path / "out.json"), 10)

    assert names(tmp_path / "out.json") == ["known"]


def test_a_client_shows_its_certificate(stack: Any, tmp_path: Path, authority: Authority) -> None:
    """With an authority for clients, one without a certificate of it is refused, token or not."""
    certificate, key = authority.sign("client")
    stranger, its_key = Authority(tmp_path / "other", "other").sign("stranger")
    mutual = {"OTEL_TOKENS_TLS_CLIENT_CA": authority.certificate}
    with gateway(stack.binary("otelcol-tokens"), tmp_path, authority, **mutual) as collector:
        with pytest.raises(OSError, match=r"alert|reset|closed|EOF|Broken"):
            https(collector, authority, span("bare"), TOKEN)
        with pytest.raises(OSError, match=r"alert|reset|closed|EOF|Broken"):
            https(collector, authority, span("stranger"), TOKEN, certfile=stranger, keyfile=its_key)
        assert https(collector, authority, span("known"), TOKEN, certfile=certificate, keyfile=key) == 200
        until(lambda: names(tmp_path / "out.json"), 10)

    assert names(tmp_path / "out.json") == ["known"]


def test_without_its_file_of_tokens_nobody_gets_in(stack: Any, tmp_path: Path, authority: Authority) -> None:
    """A collector whose file of tokens is missing does not become an open one."""
    missing = {"OTEL_TOKENS_RECEIVE_TOKEN_FILE": tmp_path / "missing"}
    with gateway(stack.binary("otelcol-tokens"), tmp_path, authority, **missing) as collector:
        for token in (None, "", TOKEN):
            assert https(collector, authority, span("any"), token) == 401

    assert names(tmp_path / "out.json") == []


def test_an_agent_and_its_gateway(stack: Any, tmp_path: Path, authority: Authority) -> None:
    """From a process through the agent to the gateway over TLS; with a wrong token a span is refused.

    OTLP calls that refusal final, so the agent drops the span and says so. Its file is read again.
    """
    binary, token = stack.binary("otelcol-tokens"), tmp_path / "send"
    token.write_text("guess", "utf-8")
    out = tmp_path / "gateway" / "out.json"
    with gateway(binary, tmp_path / "gateway", authority) as far:
        settings = {
            "OTEL_TOKENS_GATEWAY": f"127.0.0.1:{far.ports['GRPC']}",
            "OTEL_TOKENS_TLS_CA": authority.certificate,
            "OTEL_TOKENS_SEND_TOKEN_FILE": token,
        }
        layers = ("base.yaml", "redaction.yaml", "agent.yaml")
        with running(binary, tmp_path / "agent", *layers, settings=settings) as agent:
            assert post(f"{agent.http}/v1/traces", span("refused")) == 200
            until(lambda: "Dropping data" in agent.log.read_text("utf-8"), 15)
            token.write_text(TOKEN, "utf-8")
            until(lambda: _arrives(agent, out), 20)
    assert set(names(out)) == {"known"}
    assert TOKEN not in agent.log.read_text("utf-8")


def _arrives(agent: Collector, out: Path) -> bool:
    assert post(f"{agent.http}/v1/traces", span("known")) == 200
    time.sleep(0.5)
    return bool(names(out))


def test_a_gateway_of_another_authority_gets_nothing(
    stack: Any, tmp_path: Path, authority: Authority
) -> None:
    """The agent sends nothing to a gateway that it does not trust: the span stays on its disk."""
    binary, token = stack.binary("otelcol-tokens"), tmp_path / "send"
    token.write_text(TOKEN, "utf-8")
    out = tmp_path / "gateway" / "out.json"
    with gateway(binary, tmp_path / "gateway", authority) as far:
        settings = {
            "OTEL_TOKENS_GATEWAY": f"127.0.0.1:{far.ports['GRPC']}",
            "OTEL_TOKENS_TLS_CA": Authority(tmp_path / "other", "other").certificate,
            "OTEL_TOKENS_SEND_TOKEN_FILE": token,
        }
        agent = Collector(binary, tmp_path / "agent", ("base.yaml", "redaction.yaml", "agent.yaml"), settings)
        try:
            agent.start()
            assert post(f"{agent.http}/v1/traces", span("kept")) == 200
            until(lambda: "unknown authority" in agent.log.read_text("utf-8"), 15)
            assert names(out) == []
            agent.kill()
            agent.settings = {**settings, "OTEL_TOKENS_TLS_CA": authority.certificate}
            agent.start()
            until(lambda: names(out), 20)
        finally:
            agent.kill()
    assert names(out) == ["kept"]


def test_a_body_that_is_too_large_is_refused(stack: Any, tmp_path: Path) -> None:
    """More than 16 MiB is refused, also when it is small until it is unpacked."""
    large = span("x" * (17 << 20))
    with running(stack.binary("otelcol-tokens"), tmp_path, "base.yaml", store(tmp_path)) as collector:
        url = f"{collector.http}/v1/traces"
        assert post(url, large) == 400
        assert post(url, gzip.compress(large), {"Content-Encoding": "gzip"}) == 400
        assert post(url, span("small")) == 200
        until(lambda: names(tmp_path / "out.json"), 10)

    assert names(tmp_path / "out.json") == ["small"]
