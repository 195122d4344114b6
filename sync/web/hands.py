"""The front's hands: the threads that do what the loop may not.

* The application runs in a bounded number of threads, made when they are needed.
* What waits for a thread is bounded too: past that, the answer is "come back in a moment", at once.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sync.clock import Clock
from sync.web.ranges import http_date
from sync.web.reading import Files
from sync.web.turns import Turns

R = TypeVar("R")

APPLICATION_THREADS_MAX = 28
"""With the loop, the writer, the timer and the readers of files, a box stays under 40 threads."""
WAITING_MAX = 600
"""Two classes that press a button in the same second."""


class Busy(Exception):
    """More requests wait than we can answer in a bearable time."""


class Hands:
    """Threads, files and the date, for those who answer requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, spool: Path | None) -> None:
        self.loop = loop
        self.files = Files(loop)
        self.turns = Turns(loop)
        self.spool = spool
        self._clock = clock
        self._pool = ThreadPoolExecutor(APPLICATION_THREADS_MAX, "application")
        self._line = ThreadPoolExecutor(1, "in-order")
        self._in_line = 0
        self._waiting = 0
        self._date: tuple[int, str] = (0, "")

    async def run(self, work: Callable[[], R]) -> R:
        """Do `work` in an application thread. Raises Busy where too much waits already."""
        if self._waiting >= APPLICATION_THREADS_MAX + WAITING_MAX:
            raise Busy
        self._waiting += 1
        try:
            return await self.loop.run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def run_later(self, work: Callable[[], object]) -> None:
        """Do `work` in an application thread when there is room; nobody waits for it. Its failure is reported."""
        if self._waiting < APPLICATION_THREADS_MAX + WAITING_MAX:
            self.loop.run_in_executor(self._pool, work).add_done_callback(self._report)

    def run_in_order(self, work: Callable[[], object]) -> None:
        """Do `work`, which must be short, after all that was given here before; nobody waits for it.

        Two pages seen one after the other are noted in that order, whichever thread answered them.
        """
        if self._in_line < WAITING_MAX:
            self._in_line += 1
            self.loop.run_in_executor(self._line, work).add_done_callback(self._out_of_line)

    def date(self) -> str:
        """The Date header's value; empty while the clock cannot be trusted, as the standard asks."""
        now = self._clock.now()
        if not now.is_trusted:
            return ""
        if self._date[0] != now.wall_seconds:
            self._date = (now.wall_seconds, http_date(now.wall_seconds))
        return self._date[1]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._line.shutdown(wait=False, cancel_futures=True)
        self.files.close()

    def _out_of_line(self, future: "asyncio.Future[object]") -> None:
        self._in_line -= 1
        self._report(future)

    def _report(self, future: "asyncio.Future[object]") -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            self.loop.call_exception_handler(
                {"message": "Work after an answer failed", "exception": error, "thread": threading.current_thread()}
            )
