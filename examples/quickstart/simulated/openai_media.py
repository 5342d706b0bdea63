"""OpenAI's embeddings, images, transcription and speech.

Counting: embeddings have input only. An image costs tokens by quality, beside the text of its
prompt. Audio is 16,000 samples of two bytes a second, and ten tokens a second; `whisper-1` states
seconds instead.
Speech states nothing: classic models are billed by the characters of the request.

Source: `types` of openai 3.54 and recorded traffic.
"""

from __future__ import annotations

import base64
import struct
import time

from email.parser import BytesParser
from typing import Any

from .exchange import Json, Refusal, Reply, Request, Stream, sse, whole
from .memory import Memory
from .model import count, snapshot
from .openai_chat import texts


IMAGE_TOKENS = {"low": 272, "medium": 1056, "high": 4160}
AUDIO_BYTES_PER_SECOND = 32_000
AUDIO_TOKENS_PER_SECOND = 10
DIMENSIONS = 8

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel, in base64."""


def embed(request: Request, _memory: Memory) -> Reply:
    """Answer with one vector for each input."""
    given = request.need("input")
    parts = list(texts(given if isinstance(given, list) else [given]))
    tokens = count(*parts)
    as_text = request.body.get("encoding_format") == "base64"
    vectors = [_vector(part, int(request.body.get("dimensions") or DIMENSIONS)) for part in parts]
    body: Json = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": n, "embedding": _packed(v) if as_text else v}
            for n, v in enumerate(vectors)
        ],
        "model": snapshot(request.model),
    }
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return whole(body if request.behaviour == "no-usage" else {**body, "usage": usage})


def draw(request: Request, _memory: Memory) -> Reply:
    """Answer with images of one pixel each."""
    text_tokens = count(*texts(request.need("prompt")))
    images = int(request.body.get("n") or 1)
    quality = str(request.body.get("quality") or "medium")
    image_tokens = images * IMAGE_TOKENS.get(quality, IMAGE_TOKENS["medium"])
    usage = {
        "input_tokens": text_tokens,
        "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": 0},
        "output_tokens": image_tokens,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": image_tokens},
        "total_tokens": text_tokens + image_tokens,
    }
    body: Json = {"created": int(time.time()), "data": [{"b64_json": PIXEL}] * images}
    return whole(body if request.behaviour == "no-usage" else {**body, "usage": usage})


def transcribe(request: Request, _memory: Memory) -> Reply | Stream:
    """Answer with how long the audio was."""
    if "file" not in request.body:
        raise Refusal(400, "Missing required parameter: 'file'.")
    seconds = -(-len(request.body["file"]) // AUDIO_BYTES_PER_SECOND)
    text = f"This is the simulated transcript of {seconds} seconds of audio."
    usage: Json = {"type": "duration", "seconds": seconds}
    if request.model != "whisper-1":
        usage = _audio_usage(seconds, count(request.body.get("prompt") or ""), count(text))
    said: Json = {"text": text}
    if request.behaviour != "no-usage":
        said["usage"] = usage
    if request.body.get("stream") == "true":
        delta = sse({"type": "transcript.text.delta", "delta": text})
        return Stream(events=[delta, sse({"type": "transcript.text.done", **said})])
    return whole(said)


def speak(request: Request, _memory: Memory) -> Reply | Stream:
    """Answer with a second of silence, as bytes or as events."""
    text_tokens = count(*texts(request.need("input")))
    if request.body.get("stream_format") == "sse":
        usage = {"input_tokens": text_tokens, "output_tokens": AUDIO_TOKENS_PER_SECOND}
        usage["total_tokens"] = text_tokens + AUDIO_TOKENS_PER_SECOND
        silence = base64.b64encode(bytes(64)).decode()
        delta = sse({"type": "speech.audio.delta", "audio": silence})
        return Stream(events=[delta, sse({"type": "speech.audio.done", "usage": usage})])
    return Stream(events=[bytes(AUDIO_BYTES_PER_SECOND // 8)] * 8, content_type="audio/mpeg")


def form(content_type: str, content: bytes) -> Json:
    """The fields of a multipart form: files as bytes, everything else as text."""
    message = BytesParser().parsebytes(f"content-type: {content_type}\r\n\r\n".encode() + content)
    return dict(_field(part) for part in message.get_payload() if not isinstance(part, str))


def _field(part: Any) -> tuple[str, str | bytes]:  # noqa: ANN401  typeshed does not know what it is
    name = part.get_param("name", header="content-disposition")
    content: bytes = part.get_payload(decode=True)
    return str(name), content if part.get_filename() else content.decode()


def _audio_usage(seconds: int, text_tokens: int, output_tokens: int) -> Json:
    audio_tokens = seconds * AUDIO_TOKENS_PER_SECOND
    input_tokens = audio_tokens + text_tokens
    return {
        "type": "tokens",
        "input_tokens": input_tokens,
        "input_token_details": {"text_tokens": text_tokens, "audio_tokens": audio_tokens},
        "output_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }


def _vector(text: str, dimensions: int) -> list[float]:
    content = text.encode() or b"\0"
    return [content[n % len(content)] / 256 for n in range(dimensions)]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
