"""Server-sent events: the form that a server writes and a reader takes apart (WHATWG HTML, 9.2)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

EVENT_STREAM = "text/event-stream"
HEARTBEAT = ":\n\n"
"""A comment, which readers skip: the connection lives."""


class Message(NamedTuple):
    """`text` is one line; `id` is empty where the event has none, and a reader then keeps the one before."""

    kind: str
    id: str
    text: str


def written(message: Message) -> str:
    first = f"id: {message.id}\n" if message.id else ""
    return f"{first}event: {message.kind}\ndata: {message.text}\n\n"


def messages(pieces: Iterable[bytes]) -> Iterator[Message]:
    """As they arrive, cut anywhere. What follows the last empty line is not complete and is left out."""
    rest = b""
    for piece in pieces:
        *blocks, rest = (rest + piece).replace(b"\r\n", b"\n").split(b"\n\n")
        for block in blocks:
            fields = dict(map(_field, block.decode().split("\n")))
            if "data" in fields:
                yield Message(fields.get("event", "message"), fields.get("id", ""), fields["data"])


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")
