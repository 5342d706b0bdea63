"""Values of a request that are no JSON: models of any library, functions, images, what cannot be read."""

from __future__ import annotations

import dataclasses

from collections import UserList
from collections.abc import Sequence
from typing import Any

from otel_tokens.dialects.weight import texts, weigh


FILE = bytes(range(256)) * 4


@dataclasses.dataclass
class Plain:
    """A model of a library that is a dataclass."""

    inline_data: Any = None
    text: str | None = None


class Field:
    """The descriptor of a field of protobuf."""

    def __init__(self, name: str) -> None:
        self.name = name


class Message:
    """A message of protobuf, so far as it is looked at."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def ListFields(self) -> list[tuple[Field, Any]]:  # noqa: N802 - protobuf's name
        """All fields that are set."""
        return [(Field(name), value) for name, value in self.fields.items()]


def declared(place: str, number: int) -> str:
    """Tell the weather."""
    return f"{place}{number}"


def test_models_of_any_library_are_walked() -> None:
    """Dataclasses, messages of protobuf and sequences of a class of their own weigh what is in them."""
    image = {"mime_type": "image/png", "data": FILE}
    assert weigh({"contents": UserList([Plain(inline_data=image), Plain(text="x" * 500)])}).images == 1
    assert weigh({"contents": UserList([Plain(text="x" * 500)])}).bytes > 500
    assert weigh(Message(messages=UserList([Message(text="x" * 500)]))).bytes > 500
    assert weigh({"file": memoryview(FILE)}).document_bytes == 1024


class Uploaded:
    """A file of Google's, a model of pydantic."""

    __fields__ = ("uri", "mime_type")

    def __init__(self, mime_type: str) -> None:
        self.name, self.uri, self.mime_type = "files/1", "https://example.com/files/1", mime_type


def test_a_file_that_was_uploaded_before_is_named_by_a_model() -> None:
    """It is input that is not in the request, or an image."""
    pdf, png = [
        weigh({"contents": ["what is it?", Uploaded(kind)]}) for kind in ("application/pdf", "image/png")
    ]
    assert (pdf.hidden, pdf.images) == (1, 0)
    assert (png.hidden, png.images) == (0, 1)


def test_functions_and_classes_stand_for_their_schema() -> None:
    """What a library makes a declaration of weighs no less than one."""
    assert weigh({"tools": [declared]}).bytes > 1000
    assert weigh({"response_schema": Plain}).bytes > 1000
    assert "Tell the weather" in "".join(texts({"tools": [declared]}))


Picture = type("Picture", (), {"__module__": "PIL.PngImagePlugin"})


def test_an_image_of_pil_is_an_image() -> None:
    """Google's library takes them as they are."""
    assert weigh({"contents": ["what is it?", Picture()]}).images == 1


class Odd:
    """An object that can be asked for nothing."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class Endless(Sequence[Any]):
    """A sequence that is too long to be walked."""

    def __len__(self) -> int:
        return 10**12

    def __getitem__(self, index: Any) -> Any:
        return index


def test_it_never_raises() -> None:
    """Objects that raise when they are looked at count as hidden, and endless ones are left alone."""
    weight = weigh({"messages": [Odd()]})
    assert (weight.hidden, weight.is_plain) == (1, False)
    assert weigh({"messages": Endless()}).bytes < 100
    assert list(texts({"input": [10**5000, "a"]}))
