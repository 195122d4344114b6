"""By hand: what the hub's staff do with a stick or a file, each in one call.

* What a stick brings is taken in first: so the letters and packs that are written to it know of it.
* A stick that cannot be written to any more has still been read: that is said, and nothing is undone.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.fault import CallerFault, DiskFull
from sync.carry.carrier import Carrier, StickBroken
from sync.carry.single import SingleFile, is_single, opened_single
from sync.carry.stick import Stick
from sync.hub.carrying import Taken
from sync.hub.filling import Filled, enclose, fill, select, write_letters
from sync.hub.fleet import Campus
from sync.hub.options import counted, sized

if TYPE_CHECKING:
    from sync.hub.hub import Hub

ENDLESS_BYTES = 1 << 62
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What was taken from a stick, and what it holds now."""

    taken: Taken
    filled: Filled | None = None

    def document(self) -> dict[str, Any]:
        """As a command prints it for programs."""
        filled = self.filled
        written = {} if filled is None else {
            "letters": filled.letters,
            "packs": [{"pack": one.pack, "bytes": one.size_bytes} for one in filled.packs],
            "left_out": [{"pack": one.pack, "bytes": one.size_bytes} for one in filled.left_out],
            "written_bytes": filled.written_bytes,
        }  # fmt: skip
        heard = [{"box": one.box, "name": one.name, "events": one.events} for one in self.taken.heard]
        faults = [{"sentence": fault.sentence, "hint": fault.hint} for fault in self.taken.faults]
        return {"taken": heard, "events": self.taken.events, "faults": faults, **written}

    def lines(self) -> list[str]:
        """As a command prints it for people."""
        lines = [f"{one.name}: {one.events} new events." for one in self.taken.heard]
        if self.filled is None:
            return lines or ["There was no letter of a box to take."]
        filled = self.filled
        lines.append(
            f"It holds {counted(filled.letters, 'letter')} and {counted(len(filled.packs), 'pack')}, "
            f"{sized(filled.packs_bytes)}; "
            f"{sized(filled.written_bytes)} were written now."
        )
        if filled.left_out:
            lines.append(
                f"No room for {counted(len(filled.left_out), 'more pack')}, {sized(filled.left_out_bytes)}: "
                "take a larger one, or come again."
            )
        return lines


def carry(hub: "Hub", target: Path, names: Sequence[str], room_bytes: int | None, progress: Progress | None) -> Done:
    """Write what these campuses lack to a stick's folder or a .qanat file.

    Raises CallerFault where there is no such campus or folder, StickBroken, DiskFull.
    """
    campuses = [_campus(hub, name).id for name in names]
    if is_single(target):
        room = ENDLESS_BYTES if room_bytes is None else room_bytes
        selected = select(hub.carrying.letters(campuses), hub.carrying, room)
        enclose(target, selected, _listener(progress))
        return Done(Taken((), ()), selected.filled)
    stick = _stick(target)
    taken = hub.carrying.take(stick)
    return Done(taken, fill(stick, hub.carrying.letters(campuses), hub.carrying, _listener(progress)))


def take(hub: "Hub", source: Path) -> Done:
    """Take in the boxes' letters from a stick's folder or a .qanat file; a stick gets the receipts.

    Raises CallerFault where there is nothing of that name, LetterRefused where a file is none of ours, StickBroken.
    """
    with ExitStack() as stack:
        stick = None if is_single(source) else _stick(source)
        carrier: Carrier = stick or SingleFile(stack.enter_context(opened_single(source)))
        taken = hub.carrying.take(carrier)
        if stick is not None and taken.heard:
            try:
                write_letters(stick, hub.carrying.letters(taken.campuses))
            except (StickBroken, DiskFull) as fault:
                return Done(replace(taken, faults=(*taken.faults, fault)))
        return Done(taken)


def _campus(hub: "Hub", name: str) -> Campus:
    for campus in hub.fleet.campuses():
        if name in (campus.name, campus.id):
            return campus
    raise CallerFault(f"There is no campus {name!r} here.", "See `qanat hub boxes` for the names of campuses.")


def _stick(path: Path) -> Stick:
    if not path.is_dir():
        raise CallerFault(f"There is no folder {path}.", "Name the folder in which the stick appears.")
    return Stick(path)


def _listener(progress: Progress | None) -> Callable[[Any], None]:
    if progress is None:
        return lambda told: None
    return lambda told: progress(told["done_bytes"], told["total_bytes"])
