"""The board: how all slots get on, a line for each, for whoever watches a terminal.

* Lines are drawn in place, green where a card is good and red where it failed; at the end each says why.
* Where nobody watches, only what became of each card is written, one line each.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from edge.bars import LINE_CELLS_MAX, REDRAW_SECONDS, bar
from sync.clock import Clock

GREEN, RED, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[0m"


class Terminal(Protocol):
    """Where the board is drawn: standard error."""

    def write(self, text: str, /) -> Any: ...

    def flush(self) -> Any: ...

    def isatty(self) -> bool: ...


class Board:
    """Draws what burning tells."""

    def __init__(self, terminal: Terminal, clock: Clock) -> None:
        self._terminal = terminal
        self._clock = clock
        self._lines: dict[int, str] = {}
        self._began: dict[int, tuple[str, float, int]] = {}
        self._drawn_lines = 0
        self._drawn_seconds = float("-inf")

    def hear(self, progress: Mapping[str, Any]) -> None:
        """Draw what was told of one slot."""
        slot, doing = int(progress["slot"]), str(progress["doing"])
        is_over = doing in ("good", "failed")
        if not self._terminal.isatty():
            if is_over:
                self._terminal.write(f"{ending(progress)}\n")
                self._terminal.flush()
            return
        now = self._clock.now().monotonic_seconds
        self._lines[slot] = self._coloured(progress) if is_over else self._running(progress, now)
        if is_over or now - self._drawn_seconds >= REDRAW_SECONDS:
            self._drawn_seconds = now
            self._draw()

    def _draw(self) -> None:
        up = f"\x1b[{self._drawn_lines}A" if self._drawn_lines else ""
        rows = "".join(f"\r\x1b[K{self._lines[slot]}\n" for slot in sorted(self._lines))
        self._terminal.write(up + rows)
        self._terminal.flush()
        self._drawn_lines = len(self._lines)

    def _running(self, progress: Mapping[str, Any], now: float) -> str:
        slot, doing = int(progress["slot"]), str(progress["doing"])
        done, total = int(progress["done_bytes"]), int(progress["total_bytes"])
        name = f"{who(progress)} {doing}"
        if not total:
            return name[:LINE_CELLS_MAX]
        if self._began.get(slot, ("",))[0] != doing:
            self._began[slot] = (doing, now, done)
        _, began, first = self._began[slot]
        return bar(name, done, total, done - first, now - began)

    def _coloured(self, progress: Mapping[str, Any]) -> str:
        colour = GREEN if progress["doing"] == "good" else RED
        return f"{colour}{ending(progress)}{PLAIN}"


def who(progress: Mapping[str, Any]) -> str:
    """A slot and its card, as they are named to who stands before them."""
    card = progress.get("card")
    name = progress.get("name", "")
    return f"{progress['device']}{f' card {card}' if card is not None else ''}{f' {name}' if name else ''}"


def ending(progress: Mapping[str, Any]) -> str:
    """What became of one card.

    >>> ending({"doing": "failed", "device": "/dev/sdb", "card": 7, "why": "It was pulled out."})
    'FAILED  /dev/sdb card 7: It was pulled out.'
    """
    if progress["doing"] == "good":
        return f"good    {who(progress)}"
    port = f" ({progress['port']})" if progress.get("port") else ""
    return f"FAILED  {who(progress)}{port}: {progress['why']}"
