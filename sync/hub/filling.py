"""Filling: letters and packs are put on a stick, or into one file for a phone.

* Letters first: they are small, and a stick that is pulled after them carries marks and plans all the same.
* Then packs, the most urgent first. What is there already is left as it is; what does not fit is said, and smaller
  packs behind it still have their turn.
* Packs that no letter on the stick names any more are removed first. Letters of other hubs keep theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.fault import DiskFull
from sync.carry.carrier import (
    Listed,
    down_name,
    down_names,
    insert_name,
    is_whole,
    names_of,
    parts_of,
    read_whole,
)
from sync.carry.letter import LETTER_BYTES_MAX, LetterRefused, peek_down
from sync.carry.single import Enclosed, single_bytes, write_single
from sync.carry.stick import Stick
from sync.hub.carrying import Carrying, Letters

Listener = Callable[[Mapping[str, Any]], None]
"""Hears how it goes: {"doing", "name", "done_bytes", "total_bytes"}."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a stick or a file holds now, for the boxes it was written for."""

    letters: int
    packs: tuple[Listed, ...]
    """Those that lie there whole."""
    left_out: tuple[Listed, ...]
    """Those that had no room."""
    written_bytes: int

    @property
    def packs_bytes(self) -> int:
        return sum(one.size_bytes for one in self.packs)

    @property
    def left_out_bytes(self) -> int:
        return sum(one.size_bytes for one in self.left_out)


def fill(stick: Stick, letters: Letters, carrying: Carrying, listener: Listener) -> Filled:
    """Bring a stick up to date for some boxes.

    Raises StickBroken where it is taken out or locked, DiskFull where not even the letters fit.
    """
    stick.make()
    written_bytes = write_letters(stick, letters)
    stick.keep_only(names_of(letters.packs) | _named_by_others(stick, letters))
    files = stick.files()
    there = {one.pack: one for one in letters.packs if is_whole(files, one)}
    coming = [one for one in letters.packs if one.pack not in there]
    watched = _Watched(listener, sum(one.size_bytes for one in coming))
    left_out = []
    for one in coming:
        path = carrying.path(one)
        try:
            if path is None or one.size_bytes > stick.room_bytes:
                raise DiskFull("The stick has no room for this pack.", "Take a larger stick.")
            written_bytes += stick.add(one, path, watched.wrote)
            there[one.pack] = one
        except DiskFull:
            left_out.append(one)  # it is in what we return, and so in what the caller says
            watched.total_bytes -= one.size_bytes
    packs = tuple(one for one in letters.packs if one.pack in there)
    return Filled(len(letters.bodies), packs, tuple(left_out), written_bytes)


def write_letters(stick: Stick, letters: Letters) -> int:
    """Put the letters on a stick, those that it does not hold yet. Returns the bytes written."""
    files = stick.files()
    written_bytes = 0
    for box, body in letters.bodies.items():
        # What is enclosed goes first: a stick that is pulled in between has an older letter, and says so.
        for insert in _inserts(letters, box):
            if (
                files.get(insert.name) != insert.size_bytes
                or read_whole(stick, insert.name, insert.size_bytes) != insert.data
            ):
                stick.write(insert.name, insert.data)
                written_bytes += insert.size_bytes
        name = down_name(box)
        if files.get(name) == len(body) and read_whole(stick, name, len(body)) == body:
            continue
        stick.write(name, body)
        written_bytes += len(body)
    return written_bytes


@dataclass(frozen=True, slots=True)
class Selected:
    """What a single file will hold."""

    files: tuple[Enclosed, ...]
    filled: Filled


def select(letters: Letters, carrying: Carrying, room_bytes: int) -> Selected:
    """The letters, and as many packs as fit into a file of at most `room_bytes`."""
    files = [
        file
        for box, body in letters.bodies.items()
        for file in (*_inserts(letters, box), Enclosed(down_name(box), len(body), data=body))
    ]
    packs, left_out = [], []
    for one in letters.packs:
        source = carrying.path(one)
        enclosed = [] if source is None else _enclosed(one, source)
        if enclosed and _size(files + enclosed) <= room_bytes:
            files += enclosed
            packs.append(one)
        else:
            left_out.append(one)
    return Selected(tuple(files), Filled(len(letters.bodies), tuple(packs), tuple(left_out), _size(files)))


def enclose(path: Path, selected: Selected, listener: Listener) -> None:
    """Write what was selected as one file, lasting. Raises DiskFull or BoxFault."""
    write_single(path, selected.files, _Watched(listener, selected.filled.written_bytes).wrote)


class _Watched:
    """Tells a listener how much of the whole is written."""

    def __init__(self, listener: Listener, total_bytes: int) -> None:
        self.total_bytes = total_bytes
        self._listener = listener
        self._done_bytes = 0

    def wrote(self, size_bytes: int) -> None:
        self._done_bytes += size_bytes
        told = {"done_bytes": self._done_bytes, "total_bytes": max(self.total_bytes, self._done_bytes)}
        self._listener({"doing": "writing", "name": "", **told})


def _named_by_others(stick: Stick, letters: Letters) -> set[str]:
    """The files that letters for other boxes name, whoever wrote them: what we cannot judge, we leave."""
    own = {down_name(box) for box in letters.bodies}
    names: set[str] = set()
    for name in down_names(stick.files()):
        if name not in own:
            try:
                names |= names_of(peek_down(read_whole(stick, name, LETTER_BYTES_MAX)).packs)
            except LetterRefused:
                continue  # a damaged letter holds nothing back
    return names


def _inserts(letters: Letters, box: str) -> list[Enclosed]:
    """What is enclosed with the letter to this box, if anything is."""
    sealed = letters.inserts.get(box)
    return [] if sealed is None else [Enclosed(insert_name(box), len(sealed), data=sealed)]


def _enclosed(listed: Listed, source: Path) -> list[Enclosed]:
    return [Enclosed(part.name, part.size_bytes, source=source, offset=part.offset) for part in parts_of(listed)]


def _size(files: Sequence[Enclosed]) -> int:
    return single_bytes([(one.name, one.size_bytes) for one in files])
