"""What in a request is a file: every provider's spelling, counted once, and nothing else taken for one."""

from __future__ import annotations

import base64
import json

from typing import Any

import pytest

from otel_tokens.dialects.weight import texts, weigh


FILE = bytes(range(256)) * 4
BLOB = base64.b64encode(FILE).decode()
SHORT = base64.b64encode(b"GIF89a").decode()
HTTPS = "https://example.com/a"
PDF = "application/pdf"


def counted(request: Any) -> dict[str, int]:
    """What a request weighs beside its text."""
    weight = weigh(request)
    counts = {
        "images": weight.images,
        "audio": weight.audio_bytes,
        "documents": weight.document_bytes,
        "written": weight.written_bytes,
        "hidden": weight.hidden,
    }
    return {name: count for name, count in counts.items() if count}


def part(**piece: Any) -> Any:
    """A request in Google's shape with one part."""
    return {"contents": [{"role": "user", "parts": [{"text": "what is it?"}, piece]}]}


def block(**piece: Any) -> Any:
    """A request in the shape of Converse with one block of content."""
    return {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "what is it?"}, piece]}]}


def chat(piece: Any) -> Any:
    """A request for a chat with one piece of content."""
    return {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, piece]}]}


def close(number: int) -> Any:
    """A length in base64 is known to the padding."""
    return pytest.approx(number, abs=4)


GOOGLE: list[tuple[Any, dict[str, int]]] = [
    (part(inlineData={"mimeType": "image/png", "data": BLOB}), {"images": 1}),
    (part(inline_data={"mime_type": "image/png", "data": SHORT}), {"images": 1}),
    (part(inline_data={"mime_type": "image/webp", "data": FILE}), {"images": 1}),
    (part(inlineData={"mimeType": "audio/wav", "data": BLOB}), {"audio": 1024}),
    (part(inlineData={"mimeType": "audio/mp3; rate=1", "data": SHORT}), {"audio": 6}),
    (part(inline_data={"mime_type": PDF, "data": FILE}), {"documents": 1024}),
    (part(inlineData={"mimeType": "text/plain", "data": BLOB}), {"written": 1024}),
    (part(inlineData={"mimeType": "application/vnd.api+json", "data": BLOB}), {"written": 1024}),
    (part(inlineData={"mimeType": "video/mp4", "data": BLOB}), {"hidden": 1}),
    (part(inlineData={"mimeType": "x", "data": BLOB}), {"documents": 1024}),
    (part(fileData={"fileUri": HTTPS, "mimeType": "image/png"}), {"images": 1}),
    (part(fileData={"fileUri": "https://www.youtube.com/watch?v=a"}), {"hidden": 1}),
    (part(fileData={"fileUri": "gs://a", "mimeType": "audio/wav"}, videoMetadata={"fps": 1}), {"hidden": 1}),
    (part(file_data={"file_uri": "gs://a", "mime_type": PDF}), {"hidden": 1}),
    ({**part(), "cachedContent": "cachedContents/1"}, {"hidden": 1}),
    ({"contents": [], "config": {"cached_content": "cachedContents/1"}}, {"hidden": 1}),
    (part(functionCall={"name": "f", "args": {"image": {"data": BLOB}}}), {}),
    (part(functionResponse={"name": "f", "response": {"type": "image", "data": BLOB}}), {}),
    (
        part(functionResponse={"name": "f", "parts": [{"inlineData": {"mimeType": PDF, "data": BLOB}}]}),
        {"documents": 1024},
    ),
    (part(text="a", thoughtSignature=BLOB), {}),
    (part(text="a", thought_signature=FILE), {"written": 1024}),
    ({"realtimeInput": {"audio": {"data": BLOB, "mimeType": "audio/pcm;rate=16000"}}}, {"audio": 1024}),
    ({"realtimeInput": {"mediaChunks": [{"mimeType": "audio/pcm", "data": BLOB}] * 2}}, {"audio": 2048}),
    ({"realtimeInput": {"video": {"mimeType": "image/jpeg", "data": BLOB}}}, {"images": 1}),
    ({"instances": [{"text": "a", "image": {"bytesBase64Encoded": BLOB}}]}, {"images": 1}),
    ({"instances": [{"video": {"gcsUri": "gs://a"}}]}, {"hidden": 1}),
    ({"input": [{"type": "image", "data": BLOB, "mime_type": "image/png"}]}, {"images": 1}),
    ({"input": [{"type": "document", "uri": HTTPS, "mime_type": PDF}]}, {"hidden": 1}),
    ({"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}]}, {}),
]

AMAZON: list[tuple[Any, dict[str, int]]] = [
    (block(image={"format": "png", "source": {"bytes": FILE}}), {"images": 1}),
    (block(image={"format": "png", "source": {"bytes": BLOB}}), {"images": 1}),
    (block(image={"format": "png", "source": {"s3Location": {"uri": "s3://a"}}}), {"images": 1}),
    (block(document={"format": "pdf", "name": "a", "source": {"bytes": FILE}}), {"documents": 1024}),
    (block(document={"format": "csv", "name": "a", "source": {"bytes": FILE}}), {"written": 1024}),
    (block(document={"format": "txt", "name": "a", "source": {"text": "word " * 9}}), {}),
    (block(document={"format": "pdf", "name": "a", "source": {"s3Location": {"uri": "s3:"}}}), {"hidden": 1}),
    (block(video={"format": "mp4", "source": {"bytes": FILE}}), {"hidden": 1}),
    (block(audio={"format": "wav", "source": {"bytes": FILE}}), {"audio": 1024}),
    (block(guardContent={"image": {"format": "jpeg", "source": {"bytes": FILE}}}), {"images": 1}),
    (block(guardContent={"text": {"text": "a"}}), {}),
    (block(toolUse={"toolUseId": "1", "name": "f", "input": {"type": "image", "data": BLOB}}), {}),
    (block(toolResult={"toolUseId": "1", "content": [{"json": {"type": "file", "data": BLOB}}]}), {}),
    (
        block(toolResult={"content": [{"image": {"format": "png", "source": {"bytes": FILE}}}]}),
        {"images": 1},
    ),
    (block(reasoningContent={"redactedContent": FILE}), {"written": 1024}),
    ({"modelId": "m", "body": json.dumps({"images": [BLOB, BLOB]}).encode()}, {"images": 2}),
    ({"modelId": "m", "body": json.dumps({"inputImage": BLOB, "inputText": "a"})}, {"images": 1}),
    ({"modelId": "m", "body": '{"prompt": "hello"}'}, {}),
    ({"modelId": "m", "body": "hello"}, {}),
    ({"modelId": "m", "body": b"{hello"}, {"documents": 6}),
    ({"EndpointName": "e", "Body": b'{"inputs": "hello"}'}, {}),
    ({"mediaSource": {"base64String": BLOB}}, {"hidden": 1}),
]

OTHERS: list[tuple[Any, dict[str, int]]] = [
    (chat({"type": "image_url", "image_url": f"data:image/png;base64,{BLOB}"}), {"images": 1}),
    (chat({"type": "image_base64", "image_base64": f"data:image/png;base64,{BLOB}"}), {"images": 1}),
    (chat({"type": "input_audio", "input_audio": BLOB}), {"audio": 1024}),
    (chat({"type": "input_audio", "input_audio": HTTPS}), {"hidden": 1}),
    (chat({"type": "document_url", "document_url": HTTPS}), {"hidden": 1}),
    (chat({"type": "file_url", "file_url": {"url": BLOB}}), {"documents": 1024}),
    (
        chat({"type": "file", "file": {"file_data": f"data:text/plain;base64,{BLOB}"}}),
        {"written": close(1041)},
    ),
    (chat({"type": "file", "file": {"file_data": f"data:audio/mp3;base64,{BLOB}"}}), {"audio": close(1041)}),
    (chat({"type": "file", "file": {"filename": "a.pdf", "file_data": HTTPS}}), {"hidden": 1}),
    (chat({"type": "file", "file": {"file_id": HTTPS, "format": "image/png"}}), {"images": 1}),
    (chat({"type": "document", "document": {"id": "1", "data": {"text": "hello"}}}), {}),
    (chat({"type": "video_url", "video_url": {"url": HTTPS}}), {"hidden": 1}),
    ({"documents": [{"id": "1", "data": {"text": "hello"}}, "hello"]}, {}),
    ({"images": [f"data:image/png;base64,{BLOB}"], "input_type": "image"}, {"images": 1}),
    ({"inputs": [{"content": [{"type": "image_url", "image_url": {"url": HTTPS}}]}]}, {"images": 1}),
    ({"messages": [{"role": "user", "content": "a", "images": [BLOB, "./a.png", FILE]}]}, {"images": 3}),
    ({"prompt": "a", "images": [{"url": f"data:image/png;base64,{BLOB}"}]}, {"images": 1}),
    ({"images": [{"type": "image_url", "image_url": HTTPS}]}, {"images": 1}),
    ({"prompt": "a", "image": FILE}, {"images": 1}),
    ({"image": [FILE, FILE]}, {"images": 2}),
    ({"image_url": HTTPS}, {"images": 1}),
    ({"image": "nginx:latest", "images": {"type": "array"}, "audio": {"voice": "alloy"}}, {}),
    (
        {"input": {"messages": [{"role": "user", "content": [{"image": HTTPS}, {"text": "?"}]}]}},
        {"images": 1},
    ),
    ({"input": {"messages": [{"content": [{"audio": HTTPS}, {"video": HTTPS}]}]}}, {"hidden": 2}),
    ({"input": {"messages": [{"content": [{"audio": f"data:;base64,{BLOB}"}]}]}}, {"audio": close(1034)}),
    ({"input": {"messages": [{"content": [{"video": [HTTPS, HTTPS]}]}]}}, {"images": 2}),
    ({"audio": FILE, "video": {"type": "object"}}, {"audio": 1024}),
    ({"audio": "alloy", "video": "none", "image": None}, {}),
    ({"audio": [HTTPS]}, {}),
    ({"document": {"type": "document_url", "document_url": HTTPS}}, {"hidden": 1}),
    ([{"type": "input_audio_buffer.append", "audio": BLOB}] * 2, {"audio": 2048}),
    (
        {"type": "conversation.item.create", "item": {"content": [{"type": "input_audio", "audio": SHORT}]}},
        {"audio": 6},
    ),
    (chat({"type": "tool_use", "name": "f", "input": {"type": "image", "data": BLOB}}), {}),
    (b'{"messages": [{"role": "user", "content": "hello"}]}', {}),
    ("hello", {}),
]


@pytest.mark.parametrize(("request_", "expected"), GOOGLE + AMAZON + OTHERS)
def test_every_spelling_is_counted_once(request_: Any, expected: dict[str, int]) -> None:
    """An image is one image, a file its bytes, what is elsewhere hidden; and none of it is text as well."""
    assert counted(request_) == {name: close(count) for name, count in expected.items()}
    if expected:
        assert weigh(request_).bytes < 600
        assert not [text for text in texts(request_) if BLOB in text]


@pytest.mark.parametrize(
    "request_",
    [request for request, expected in GOOGLE + AMAZON + OTHERS if not expected and BLOB in repr(request)],
)
def test_data_of_tools_is_text(request_: Any) -> None:
    """What a tool was given or has answered is read as JSON, so a file in it weighs all its letters."""
    assert weigh(request_).bytes > len(BLOB)


@pytest.mark.parametrize("ttl", [None, "5m", "1h"])
def test_points_of_caching_are_noted(ttl: str | None) -> None:
    """A cache point of Bedrock's asks for minutes, or for as long as it says, among tools too."""
    point = {"cachePoint": {"type": "default", **({"ttl": ttl} if ttl else {})}}
    spec = {"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}
    cached = 2 if ttl == "1h" else 1
    assert weigh(block(**point)).cached == cached
    assert weigh({"toolConfig": {"tools": [spec, point]}}).cached == cached
    assert weigh({"toolConfig": {"tools": [spec]}}).cached == 0
    assert weigh({"cachePoint": None}).cached == 0


def swapped(value: Any) -> Any:
    """The same with another file, of the same length."""
    if isinstance(value, dict):
        return {name: swapped(each) for name, each in value.items()}
    if isinstance(value, list):
        return [swapped(each) for each in value]
    if isinstance(value, bytes):
        return value.replace(FILE, FILE[::-1]).replace(BLOB.encode(), BLOB[::-1].encode())
    return value.replace(BLOB, BLOB[::-1]) if isinstance(value, str) else value


@pytest.mark.parametrize("request_", [request for request, _ in GOOGLE + AMAZON + OTHERS])
def test_a_file_tells_requests_apart(request_: Any) -> None:
    """Requests with another file have another fingerprint, and equal ones the same."""
    assert weigh(request_).fingerprint == weigh(request_).fingerprint
    other = swapped(request_)
    if other != request_:
        assert weigh(request_).fingerprint != weigh(other).fingerprint
