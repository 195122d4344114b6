"""Bars: what a session is doing, for whoever watches a terminal.

* A bar says bytes, rate and time left; what is done keeps its line.
* Where nobody watches, nothing is written.
* Progress comes as plain mappings, from this process or over the control socket:
  {"doing": "fetching", "name": ..., "done_bytes": ..., "total_bytes": ...} or {"doing": ..., "name": ...}.
* Where more than one parcel is to come ("number", "count", "all_done_bytes", "all_total_bytes") a line below says how
  far all of them together are.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from sync.clock import Clock

BAR_CELLS = 24
REDRAW_SECONDS = 0.2
RATE_SECONDS_MIN = 1.0
LINE_CELLS_MAX = 100
"""A line is cut here, so that it never wraps on a usual terminal."""

UNITS = ("B", "kB", "MB", "GB", "TB")


class Terminal(Protocol):
    """Where the bars are drawn: standard error."""

    def write(self, text: str, /) -> Any: ...

    def flush(self) -> Any: ...


class Bars:
    """Draws progress on a terminal."""

    def __init__(self, terminal: Terminal, clock: Clock) -> None:
        self._terminal = terminal
        self._clock = clock
        self._name = ""
        self._began: tuple[float, int] = (0.0, 0)
        self._all_began: tuple[float, int] | None = None
        self._drawn_seconds = float("-inf")

    def hear(self, progress: Mapping[str, Any]) -> None:
        """Draw what was told."""
        name, done, total = progress.get("name", ""), progress.get("done_bytes"), progress.get("total_bytes")
        line = f"{progress.get('doing', '')} {name}".strip()
        if done is None or not total:
            self._terminal.write(f"\r\x1b[K{line[:LINE_CELLS_MAX]}\n")
            self._terminal.flush()
            return
        now = self._clock.now().monotonic_seconds
        if line != self._name:
            self._name, self._began = line, (now, done)
        is_over = done >= total
        if is_over or now - self._drawn_seconds >= REDRAW_SECONDS:
            self._drawn_seconds = now
            drawn = bar(line, done, total, done - self._began[1], now - self._began[0])
            below = self._all(progress, now)
            # The line below is drawn, and left again: the next parcel's line, or the next word, takes its place.
            tail = "\n" if is_over else f"\n\x1b[K{below}\r\x1b[1A" if below else ""
            self._terminal.write(f"\r\x1b[K{drawn}{tail}")
            self._terminal.flush()

    def _all(self, progress: Mapping[str, Any], now: float) -> str:
        """How far all parcels are; empty where there is one only."""
        if progress.get("count", 0) < 2:
            return ""
        done, total = int(progress["all_done_bytes"]), int(progress["all_total_bytes"])
        if self._all_began is None:
            self._all_began = (now, done)
        name = f"{progress['number']} of {progress['count']} in all"
        return bar(name, done, total, done - self._all_began[1], now - self._all_began[0])


def bar(name: str, done_bytes: int, total_bytes: int, came_bytes: int, passed_seconds: float) -> str:
    """One bar as text; rate and time left once there is something to judge by.

    >>> bar("water", 5_000_000, 10_000_000, 1_000_000, 2.0)
    'water ############------------ 5.0 of 10 MB, 500 kB/s, 10 s left'
    """
    cells = BAR_CELLS * done_bytes // total_bytes
    drawn = "#" * cells + "-" * (BAR_CELLS - cells)
    facts = [f"{size(done_bytes, like=total_bytes)} of {size(total_bytes)}"]
    rate = came_bytes / passed_seconds if passed_seconds >= RATE_SECONDS_MIN else 0.0
    if rate > 0:
        facts.append(f"{size(int(rate))}/s")
        if done_bytes < total_bytes:
            facts.append(f"{duration((total_bytes - done_bytes) / rate)} left")
    return f"{name[: LINE_CELLS_MAX - BAR_CELLS - 40]} {drawn} {', '.join(facts)}"


def size(size_bytes: int, like: int | None = None) -> str:
    """A size in thousands; without its unit where it stands beside one `like` it."""
    power = 0
    while (size_bytes if like is None else like) >= 1000 ** (power + 1) and power < len(UNITS) - 1:
        power += 1
    amount = size_bytes / 1000**power
    text = f"{amount:.1f}" if power and amount < 10 else f"{amount:.0f}"
    return text if like is not None else f"{text} {UNITS[power]}"


def duration(seconds: float) -> str:
    """How long, in words short enough for a bar."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 100 else f"{round(minutes / 60)} h"
