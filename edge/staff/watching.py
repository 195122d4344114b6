"""Watching a session: what the staff page says of the one that is under way, while it goes on.

* The page says the same whether it was loaded just now or has followed the stream: both come from `shown`.
* Every word is the reader's: the script only puts it in its place.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response

from edge.nights.live import Live, Snapshot
from sync.web import stream
from sync.web.app import require
from sync.web.language import duration, gettext, language_now, size, speaking
from sync.web.stream import Events
from sync.web.takes import EVENTS, takes

BAR_STEPS = 1000

Title = Callable[[str], str]
"""A course's title in the language that is spoken now; its own name where it is not here yet."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A session in words, and its bar in thousandths; a bar of None has no end yet."""

    is_running: bool
    line: str = ""
    figures: str = ""
    permille: int | None = None


def add_pages(pages: Blueprint, live: Live, title: Title, limits: stream.StreamLimits | None = None) -> None:
    """The stream that the staff page follows."""

    def tell(language: str) -> str:
        with speaking(language):
            now = shown(live.snapshot(), title)
        return json.dumps(
            {"running": now.is_running, "line": now.line, "figures": now.figures, "permille": now.permille},
            ensure_ascii=False,
        )

    events = Events(live, tell, limits)

    @pages.get("/staff/live")
    @require("staff")
    @takes(gives=EVENTS)
    def watch() -> Response:
        return events.answer(language_now())


def shown(now: Snapshot, title: Title) -> Shown:
    """Put a snapshot into words."""
    if not now.is_running:
        return Shown(False)
    done_bytes, total_bytes = now.counted_bytes
    return Shown(
        True,
        _line(now, title),
        gettext(" · ").join(_figures(now, done_bytes, total_bytes)),
        min(BAR_STEPS, done_bytes * BAR_STEPS // total_bytes) if total_bytes else None,
    )


def _line(now: Snapshot, title: Title) -> str:
    course, _, layer = now.name.rstrip(")").partition(" (")
    name = title(course) if course else ""
    what = _part(name, layer)
    match now.doing:
        case "fetching" if now.is_near:
            return gettext("%(what)s comes from a box nearby.", what=what)
        case "fetching" if now.count > 1:
            return gettext(
                "%(what)s is on its way: %(number)s of %(count)s.", what=what, number=now.number, count=now.count
            )
        case "fetching":
            return gettext("%(what)s is on its way.", what=what)
        case "repairing":
            return gettext("%(what)s is being mended.", what=what)
        case "shelving":
            return gettext("%(what)s is being put on the shelf.", what=what)
        case "reporting":
            return gettext("The box tells the hub how it is.")
        case _:
            return gettext("A session is under way.")


def _part(name: str, layer: str) -> str:
    """What of a course it is, in the reader's words."""
    kind = layer.partition("-")[0]
    match kind:
        case "" | "core":
            return name
        case "audio":
            return gettext("%(course)s (sound)", course=name)
        case "video":
            return gettext("%(course)s (films)", course=name)
        case _:
            return gettext("%(course)s (%(layer)s)", course=name, layer=layer)


def _figures(now: Snapshot, done_bytes: int, total_bytes: int) -> list[str]:
    figures: list[str] = []
    if total_bytes:
        figures.append(gettext("%(used)s of %(total)s", used=size(done_bytes), total=size(total_bytes)))
    if now.rate_bytes >= 1:
        figures.append(gettext("%(size)s a second", size=size(int(now.rate_bytes))))
    if now.left_seconds is not None and done_bytes < total_bytes:
        figures.append(gettext("%(time)s left", time=duration(now.left_seconds)))
    return figures
