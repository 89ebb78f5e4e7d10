"""HTTP/1.1 messages as the proxy passes them on: a head and a body whose length the head tells."""

import asyncio
from dataclasses import dataclass

MOST_HEAD = 64_000


@dataclass(frozen=True)
class Message:
    first_line: str
    headers: dict[str, str]
    """By lower-case name."""
    raw: bytes
    """All of it, as it came."""

    @property
    def method(self) -> str:
        return self.first_line.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.first_line.split(" ")[1].partition("?")[0]

    @property
    def status(self) -> int:
        return int(self.first_line.split(" ")[1])


async def read(stream: asyncio.StreamReader, *, begun: bytes = b"") -> Message | None:
    """The next message, of which `begun` was read already; None where the stream ended first."""
    try:
        head = begun + await stream.readuntil(b"\r\n\r\n")
        first_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await stream.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Message(first_line, headers, head + body)
