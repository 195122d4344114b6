"""Turns: how much of files is sent before the loop looks at anything else.

* Those who send a file line up; each gives the network one piece and goes to the end of the line.
* A turn of the loop sends a bounded number of bytes, however many readers are ready at once: a page that is asked
  for meanwhile waits for that much, and not for three hundred pieces.
"""

import asyncio
from collections import deque
from collections.abc import Callable

TURN_BYTES = 512 << 10


class Turns:
    """The line of those who have a piece to send."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._line: deque[Callable[[], int]] = deque()
        self._is_scheduled = False

    def line_up(self, send: Callable[[], int]) -> None:
        """Have `send` called when it is its turn; it returns how many bytes it gave away."""
        self._line.append(send)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._run)

    def _run(self) -> None:
        sent_bytes = 0
        while self._line and sent_bytes < TURN_BYTES:
            sent_bytes += self._line.popleft()()
        self._is_scheduled = bool(self._line)
        if self._is_scheduled:
            self._loop.call_soon(self._run)
