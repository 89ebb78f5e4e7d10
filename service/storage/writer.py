"""The one writer of a SQLite file: a thread that commits together what is asked for at the same time.

A commit waits for the disk, and costs the same for one change as for fifty. Whoever comes while a commit is under way
joins the next one. Each piece of work is a savepoint: one that fails leaves the others untouched. Nobody is answered
before the commit of the whole group.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy.engine import Connection

Work = Callable[[Connection], Any]
MOST_TOGETHER = 64


class Writer:
    """`begin` opens a transaction that commits when its block ends without error."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin
        self._asked: SimpleQueue[tuple[Work, Future[Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="caviar-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> Future[Any]:
        """What `work` returns or raises, once it is committed. Safe to call from any thread."""
        future: Future[Any] = Future()
        self._asked.put((work, future))
        return future

    def close(self) -> None:
        """What was asked for before is done first."""
        self._asked.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (first := self._asked.get()) is not None:
            group, is_last = self._with_more(first)
            self._carry_out(group)
            if is_last:
                return

    def _with_more(self, first: tuple[Work, Future[Any]]) -> tuple[list[tuple[Work, Future[Any]]], bool]:
        """Whoever else has asked by now, and whether the writer is to end after them."""
        group = [first]
        while len(group) < MOST_TOGETHER:
            try:
                more = self._asked.get_nowait()
            except Empty:
                break
            if more is None:
                return group, True
            group.append(more)
        return group, False

    def _carry_out(self, asked: Sequence[tuple[Work, Future[Any]]]) -> None:
        # Whoever has given up by now is not served; whoever is served can no longer give up.
        group = [(work, future) for work, future in asked if future.set_running_or_notify_cancel()]
        endings: list[Callable[[], None]] = []
        try:
            with self._begin() as tx:
                # One alone needs no savepoint: what it raises undoes the transaction, which is all its own.
                if len(group) == 1:
                    work, future = group[0]
                    endings.append(_answer(future, work(tx)))
                else:
                    endings.extend(_within_savepoint(tx, work, future) for work, future in group)
        except BaseException as error:
            # The edge of the writer: what went wrong belongs to those who asked, and the next group is served.
            endings = [_refusal(future, error) for _, future in group]
        for end in endings:
            end()


def _within_savepoint(tx: Connection, work: Work, future: Future[Any]) -> Callable[[], None]:
    tx.exec_driver_sql("SAVEPOINT one")
    try:
        found = work(tx)
    except Exception as error:
        # The edge of one piece of work among others: undone by itself, its asker is told, the others go on.
        tx.exec_driver_sql("ROLLBACK TO one")
        tx.exec_driver_sql("RELEASE one")
        return _refusal(future, error)
    tx.exec_driver_sql("RELEASE one")
    return _answer(future, found)


def _answer(future: Future[Any], found: Any) -> Callable[[], None]:
    return lambda: future.set_result(found)


def _refusal(future: Future[Any], error: BaseException) -> Callable[[], None]:
    return lambda: future.set_exception(error)
