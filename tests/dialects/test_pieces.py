"""Messages, tools and files are found in a request in any provider's spelling, by the heads of the files."""

from __future__ import annotations

import struct
import zlib

from base64 import b64encode
from typing import Any

import pytest

from hypothesis import given

from otel_tokens.dialects.pictures import file_of, size_of
from otel_tokens.dialects.pieces import Picture, Pieces, calls_of, pieces_of

from .strategies import mutations


def png(width: int, height: int) -> bytes:
    """A PNG of one colour, as small as it can be."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        head = struct.pack(">I", len(content)) + kind + content
        return head + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (width + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width: int, height: int, *before: bytes) -> bytes:
    """The head of a JPEG, with segments before its first frame."""
    frame = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\0" * 9
    return b"\xff\xd8" + b"".join(before) + frame


def segment(marker: int, content: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def riff(form: bytes, content: bytes) -> bytes:
    """A RIFF file."""
    return b"RIFF" + struct.pack("<I", len(content) + 4) + form + content


GIF = b"GIF89a" + struct.pack("<HH", 300, 200) + b"\0" * 20
LOSSY = riff(b"WEBP", b"VP8 " + b"\0" * 10 + struct.pack("<HH", 300, 200) + b"\0" * 9)
LOSSLESS = riff(b"WEBP", b"VP8L" + b"\0" * 5 + struct.pack("<I", 299 | 199 << 14) + b"\0" * 9)
EXTENDED = riff(b"WEBP", b"VP8X" + b"\0" * 8 + (299).to_bytes(3, "little") + (199).to_bytes(3, "little"))
WAVE = riff(b"WAVE", b"fmt " + b"\0" * 12 + struct.pack("<I", 16_000) + b"\0" * (12 + 32_000))
PDF = b"%PDF-1.7 " + b"<< /Type /Page >> " * 3 + b"<< /Type /Pages >>"


def base64(content: bytes) -> str:
    """Bytes as text."""
    return b64encode(content).decode()


IMAGE = base64(png(300, 200))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(300, 200), (300, 200)),
        (GIF, (300, 200)),
        (LOSSY, (300, 200)),
        (LOSSLESS, (300, 200)),
        (EXTENDED, (300, 200)),
        (jpeg(300, 200), (300, 200)),
        (jpeg(300, 200, segment(0xE0, b"JFIF"), segment(0xE1, b"\xff\xc0" * 999)), (300, 200)),
        (jpeg(300, 200, b"\xff", b"\xff\xd0", segment(0xC4, b"table")), (300, 200)),
        (jpeg(300, 0), None),
        (jpeg(300, 200)[:9], None),
        (b"\xff\xd8" + b"no marker at all", None),
        (png(300, 200)[:18], None),
        (b"", None),
    ],
)
def test_the_size_of_an_image(content: bytes, size: tuple[int, int] | None) -> None:
    """Width and height stand in the head of an image."""
    assert size_of(content) == size


@pytest.mark.parametrize(
    ("content", "file"),
    [
        (png(300, 200), ("image", (300, 200))),
        (LOSSY, ("image", (300, 200))),
        (WAVE, ("audio", 2.0)),
        (riff(b"AVI ", b"\0" * 99), None),
        (b"ID3" + b"\0" * 15_999, ("audio", pytest.approx(2, abs=0.01))),
        (b"OggS" + b"\0" * 15_998, ("audio", pytest.approx(2, abs=0.01))),
        (PDF, ("pdf", 3)),
        (b"%PDF-1.7 " + b"\0" * 149_991, ("pdf", 3)),
        (b"plain text, which is long enough to be a file", None),
    ],
)
def test_a_file_is_told_by_its_head(content: bytes, file: Any) -> None:
    """In bytes, in base64, and in a data URL."""
    assert file_of(content) == file
    assert file_of(bytearray(content)) == file
    assert file_of(base64(content)) == file
    if file is not None:
        assert file_of("data:whatever/x;charset=utf-8;base64," + base64(content)) == file


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("Hello, world, this is no file", None),
        ("iVBORw0KGgo", None),
        ("iVBORw0KGgo is how a PNG begins, in base64", None),
        ("data: nothing of the kind, but a text", None),
        ("data:text/plain;base64," + base64(b"Hello, world, and so on"), None),
        ("data:image/avif;base64," + base64(b"an image of another kind"), ("image", None)),
        ("data:audio/x;base64," + "AAAA" * 4000, ("audio", 1.5)),
        ("iVBORw0KGgo" + "A" * 14, ("image", None)),
        ("iVBORw0KGgo" + "A" * 14 + "===", ("image", None)),
    ],
)
def test_texts_that_look_like_files(text: str, file: Any) -> None:
    """A text that only begins like a file is none; a broken file has no size."""
    assert file_of(text) == file


def test_base64_may_have_lines() -> None:
    """As mail has it."""
    lines = [IMAGE[start : start + 19] for start in range(0, len(IMAGE), 19)]
    assert file_of("\r\n".join(lines)) == ("image", (300, 200))


def test_a_silent_head() -> None:
    """A WAVE file whose head states no rate counts like audio that is compressed."""
    broken = riff(b"WAVE", b"\0" * 16_032)
    assert file_of(broken) == ("audio", pytest.approx(2, abs=0.01))


KNOWN = (Picture(300, 200, ""),)
UNKNOWN = (Picture(0, 0, ""),)


@pytest.mark.parametrize(
    ("content", "pictures"),
    [
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64," + IMAGE}}, KNOWN),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/image.png", "detail": "low"}},
            (Picture(0, 0, ""),),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + IMAGE, "detail": "low"}},
            (Picture(300, 200, "low"),),
        ),
        ({"type": "input_image", "file_id": "file-1", "detail": "high"}, (Picture(0, 0, "high"),)),
        ({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}}, KNOWN),
        ({"type": "image", "source": {"type": "url", "url": "https://example.com/i.png"}}, UNKNOWN),
        ({"inlineData": {"mimeType": "image/png", "data": IMAGE}}, KNOWN),
        ({"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/image.png"}}, UNKNOWN),
        ({"fileData": {"mimeType": "text/plain", "fileUri": "gs://bucket/text.txt"}}, ()),
        ({"image": {"format": "png", "source": {"bytes": png(300, 200)}}}, KNOWN),
        ({"type": "tool_result", "content": [{"type": "image", "source": {"data": IMAGE}}]}, KNOWN),
        ({"type": "image", "alt": "described"}, ()),
        ({"type": "text", "text": "Hello"}, ()),
    ],
)
def test_an_image_is_found(content: dict[str, Any], pictures: tuple[Picture, ...]) -> None:
    """As every provider writes it, by its bytes; one at a URL by its type, and it has no size."""
    request = {"messages": [{"role": "user", "content": [content]}]}
    assert pieces_of(request) == Pieces(1, 0, pictures, 0, 0)


@pytest.mark.parametrize(
    ("request_", "messages", "tools"),
    [
        ({"messages": [{}, {}], "tools": [{"type": "function"}]}, 2, 1),
        ({"input": "Hello", "instructions": "Be kind"}, 2, 0),
        ({"input": [{"role": "user"}, {"type": "function_call"}]}, 2, 0),
        ({"input": ["to embed", "and this"]}, 0, 0),
        ({"input": [[1, 2], [3]]}, 2, 0),
        ({"input": [1, 2, 3]}, 0, 0),
        ({"message": "Hello", "chat_history": [{}]}, 2, 0),
        ({"contents": [{}], "tools": [{"functionDeclarations": [{}, {}]}, {"googleSearch": {}}]}, 1, 3),
        ({"tools": [{"function_declarations": 7}]}, 0, 1),
        ({"messages": [{}], "toolConfig": {"tools": [{"toolSpec": {}}]}}, 1, 1),
        ({"messages": None, "tools": None}, 0, 0),
        (None, 0, 0),
        ([], 0, 0),
    ],
)
def test_messages_and_tools_are_counted(request_: Any, messages: int, tools: int) -> None:
    """In any provider's spelling."""
    found = pieces_of(request_)
    assert (found.messages, found.tools) == (messages, tools)


def test_audio_and_documents_are_found() -> None:
    """Audio has seconds, and PDFs have pages."""
    parts = [{"input_audio": {"data": base64(WAVE)}}, {"file": {"file_data": base64(PDF)}}]
    assert pieces_of({"messages": [{"content": parts}]}) == Pieces(1, 0, (), 2, 3)
    assert pieces_of({"file": ("a.wav", WAVE, "audio/wav")}).seconds == 2


@pytest.mark.parametrize(
    "request_",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}},
        {"text": {"format": {"name": "a"}}},
        {"output_config": {"format": {"schema": {"name": "a"}}}},
    ],
)
def test_the_schema_of_the_answer_is_text(request_: Any) -> None:
    """Its keys and strings are part of the prompt."""
    assert pieces_of(request_).schemas == ("name", "a")


def test_what_is_too_deep_or_too_much_is_left_out() -> None:
    """A request without end is looked at to a depth, and so many values."""
    deep: dict[str, Any] = {}
    deep["again"] = deep
    assert pieces_of(deep) == Pieces(0, 0, (), 0, 0)
    wide = {"messages": [{"content": [{}]}] * 10_000 + [{"image": IMAGE}]}
    assert pieces_of(wide).pictures == ()


LIKE = {
    "messages": [
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://x"}, "detail": "low"}],
        },
        {
            "role": "user",
            "content": [{"type": "image", "source": {"media_type": "image/png", "data": IMAGE}}],
        },
        {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "look"}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "look"}]}],
    "response_format": {"json_schema": {"name": "a"}},
}


@given(request=mutations(LIKE))
def test_any_request_is_looked_at(request: Any) -> None:
    """Whatever a request is, nothing is raised, and no count is negative."""
    found = pieces_of(request)
    assert min(found.messages, found.tools, found.pages, found.seconds) >= 0
    assert calls_of(request) >= 0


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ({"choices": [{"message": {"tool_calls": [{"type": "function"}, {"type": "function"}]}}]}, 2),
        ({"choices": [{"message": {"function_call": {"name": "look"}}}]}, 1),
        ({"output": [{"type": "function_call"}, {"type": "message", "content": [{}]}]}, 1),
        ({"content": [{"type": "text"}, {"type": "tool_use", "input": {"type": "function"}}]}, 1),
        ({"candidates": [{"content": {"parts": [{"functionCall": {"name": "look"}}]}}]}, 1),
        ({"output": {"message": {"content": [{"toolUse": {"name": "look"}}]}}}, 1),
        ({"choices": [{"text": "Hello"}]}, 0),
        ({"type": 7}, 0),
        ("text", 0),
        (None, 0),
    ],
)
def test_calls_of_tools_are_counted(body: Any, calls: int) -> None:
    """In any provider's spelling."""
    assert calls_of(body) == calls


def test_an_answer_without_end_has_no_calls() -> None:
    """It is looked at to a depth."""
    deep: list[Any] = []
    deep.append(deep)
    assert calls_of(deep) == 0
