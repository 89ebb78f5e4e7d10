"""The fault proxy: stands between clients and server, and does to single requests what it was ordered to.

    drop_request   the server never sees it, the client's connection is cut
    drop_answer    carried out, but the client's connection is cut
    cut_answer     carried out, half of the answer arrives
    delay          carried out later
    duplicate      carried out twice, answered once
    reorder        held until a later one has passed
    late           the client's connection is cut; a later one passes, probably its retry, then it is carried out

A partition refuses everybody for some seconds. Without an order a request passes.
"""

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable

from bench.chaos import message
from bench.chaos.message import Message

KINDS = ("drop_request", "drop_answer", "cut_answer", "delay", "duplicate", "reorder", "late")
CLAIM = "/v1/trials:claim"
_NOT_FOR_CLAIMS = {"reorder", "late"}
"""A claim that comes when its client has gone on with another key takes trials that nobody runs."""
_LONGEST_HOLD_SECONDS = 1.0
_DELAY_SECONDS = (0.1, 0.6)
_HOST = "127.0.0.1"


class _Cut(Exception):
    """The client's connection is to end now; it may still get these bytes, the beginning of an answer."""

    def __init__(self, beginning: bytes = b"") -> None:
        self.beginning = beginning


class Proxy:
    """Use as `with`. `order`, `partition` and `heal` may be called from any thread."""

    def __init__(self, server_port: int, *, seed: int) -> None:
        self._server_port, self._chance = server_port, random.Random(seed)
        self.done: Counter[str] = Counter()
        """Faults carried out, by kind."""
        self.answered: Counter[int] = Counter()
        """The server's answers, by status."""
        self._orders: deque[str] = deque()
        self._clients: set[asyncio.StreamWriter] = set()
        self._late_ones: set[asyncio.Task[None]] = set()
        self.refuses_until = 0.0
        """The end of the latest partition (time.monotonic)."""
        self._passed = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chaos-proxy", daemon=True)

    def __enter__(self) -> "Proxy":
        self._thread.start()
        serving = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._client, _HOST, 0, backlog=500), self._loop
        )
        self._server = serving.result(timeout=10)
        self.url = f"http://{_HOST}:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def order(self, kind: str) -> None:
        """The next request that it can happen to suffers it."""
        assert kind in KINDS, kind
        self._orders.append(kind)

    def heal(self) -> Counter[str]:
        """From now on everything passes; returns the orders that no request has met."""
        unmet = Counter(self._orders)
        self._orders.clear()
        self.refuses_until = 0.0
        return unmet

    def partition(self, seconds: float) -> None:
        """Cut every connection and refuse new ones for so long, or longer if they are refused already."""
        self.refuses_until = max(self.refuses_until, time.monotonic() + seconds)
        self._loop.call_soon_threadsafe(self._cut_all)

    def _cut_all(self) -> None:
        for client in self._clients:
            client.transport.abort()

    async def _end(self) -> None:
        self._server.close()
        self._cut_all()
        while left := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
            await asyncio.wait(left, timeout=0.1)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        begun = b""
        try:
            while time.monotonic() >= self.refuses_until:
                request = await message.read(reader, begun=begun)
                if request is None:
                    break
                answer, begun = await self._serve(request, reader)
                writer.write(answer)
                await writer.drain()
        except _Cut as cut:
            writer.write(cut.beginning)
        except ConnectionError:
            pass
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _serve(self, request: Message, reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
        """The answer, and what was read meanwhile of the next request. Raises _Cut, also when the client goes away."""
        work = asyncio.ensure_future(self._carry_out(request))
        more = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, more}, return_when=asyncio.FIRST_COMPLETED)
            if more.done() and not more.result():
                raise _Cut
            answer = await work
        finally:
            work.cancel()
            more.cancel()
            await asyncio.gather(work, more, return_exceptions=True)
        self._passed += 1
        return answer, b"" if more.cancelled() else more.result()

    def _carry_out(self, request: Message) -> Awaitable[bytes]:
        ways = {
            "pass": self._pass,
            "drop_request": self._drop_request,
            "drop_answer": self._drop_answer,
            "cut_answer": self._cut_answer,
            "delay": self._delay,
            "duplicate": self._duplicate,
            "reorder": self._reorder,
            "late": self._late,
        }
        return ways[self._fault(request)](request)

    def _fault(self, request: Message) -> str:
        """The oldest order that this request can meet; a request that changes nothing meets none."""
        if request.method in ("POST", "PATCH"):
            for kind in list(self._orders):
                if request.path != CLAIM or kind not in _NOT_FOR_CLAIMS:
                    self._orders.remove(kind)
                    self.done[kind] += 1
                    return kind
        return "pass"

    async def _pass(self, request: Message) -> bytes:
        """The server's answer. Raises _Cut where it gives none."""
        try:
            reader, writer = await asyncio.open_connection(_HOST, self._server_port)
        except OSError:
            raise _Cut from None
        try:
            writer.write(request.raw)
            answer = await message.read(reader)
        except ConnectionError:
            raise _Cut from None
        finally:
            writer.transport.abort()
        if answer is None:
            raise _Cut
        self.answered[answer.status] += 1
        return answer.raw

    async def _drop_request(self, _request: Message) -> bytes:
        raise _Cut

    async def _drop_answer(self, request: Message) -> bytes:
        await self._pass(request)
        raise _Cut

    async def _cut_answer(self, request: Message) -> bytes:
        answer = await self._pass(request)
        raise _Cut(answer[: self._chance.randrange(1, len(answer))])

    async def _delay(self, request: Message) -> bytes:
        await asyncio.sleep(self._chance.uniform(*_DELAY_SECONDS))
        return await self._pass(request)

    async def _duplicate(self, request: Message) -> bytes:
        await self._pass(request)
        return await self._pass(request)

    async def _reorder(self, request: Message) -> bytes:
        await self._hold()
        return await self._pass(request)

    async def _late(self, request: Message) -> bytes:
        task = self._loop.create_task(self._afterwards(request))
        self._late_ones.add(task)
        task.add_done_callback(self._late_ones.discard)
        raise _Cut

    async def _afterwards(self, request: Message) -> None:
        await self._hold()
        with contextlib.suppress(_Cut):
            await self._pass(request)

    async def _hold(self) -> None:
        """Until two later requests have passed, or the time is over."""
        target, deadline = self._passed + 2, self._loop.time() + _LONGEST_HOLD_SECONDS
        while self._passed < target and self._loop.time() < deadline:
            await asyncio.sleep(0.01)
