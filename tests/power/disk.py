"""A disk on film: every write, flush, truncation and removal of some files, and what a power cut may leave of them.

* A file's bytes last once it is flushed. With a file's first flush its folder is flushed too, as SQLite does for its
  logs: from then on its name lasts, and so does every removal before it.
* `killed` is what `kill -9` leaves: all that was asked for. `lost` leaves only what was promised. `torn` leaves any
  half of what was not promised, in sectors of 512 bytes and in no order.
* Every cut is drawn from a seed, so that a bad one can be seen again.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SECTOR_BYTES = 512

Manner = Literal["killed", "lost", "torn"]
MANNERS: Sequence[Manner] = ("killed", "lost", "torn")


@dataclass(frozen=True, slots=True)
class Written:
    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    file: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Flushed:
    file: str


@dataclass(frozen=True, slots=True)
class Removed:
    file: str
    is_lasting: bool
    """The folder was flushed with it."""


Act = Written | Resized | Flushed | Removed
Pending = Written | Resized


@dataclass(frozen=True, slots=True)
class Cut:
    """The power failed after so many acts; `files` is what the next start may find, by name."""

    at: int
    manner: Manner
    seed: int
    files: dict[str, bytes]

    def written_to(self, folder: Path) -> None:
        for name, data in self.files.items():
            (folder / name).write_bytes(data)

    def __str__(self) -> str:
        return f"cut after act {self.at}, {self.manner}, seed {self.seed}"


@dataclass(slots=True)
class _File:
    """One file: what lasts of it, and what was only asked for."""

    lasting: bytearray | None = None
    """None while not even its name is promised."""
    pending: list[Pending] = field(default_factory=list)
    former: bytes | None = None
    """What lasted of the file that had this name before, while its removal is not promised."""
    is_there: bool = True


def cuts(
    acts: Sequence[Act],
    places: Sequence[int],
    seed: int,
    before: Mapping[str, bytes] | None = None,
    manners: Sequence[Manner] = MANNERS,
) -> Iterator[Cut]:
    """Cut the power after each of these numbers of acts, which go up; how, is drawn from the seed.

    `before` is what lay on the disk already when the acts began.
    """
    lots = random.Random(seed)
    files = {name: _File(bytearray(data)) for name, data in (before or {}).items()}
    done = 0
    for place in places:
        for act in acts[done:place]:
            _apply(files, act)
        done = place
        manner = lots.choice(manners)
        left = {name: _left(file, manner, lots) for name, file in sorted(files.items())}
        yield Cut(place, manner, seed, {name: data for name, data in left.items() if data is not None})


def drawn(count: int, first: int, last: int, seed: int) -> list[int]:
    """So many places from `first` to `last`, in order; the last of all is among them."""
    lots = random.Random(f"places {seed}")
    return sorted([last, *(lots.randint(first, last) for _ in range(count - 1))])


def _apply(files: dict[str, _File], act: Act) -> None:
    file = files.setdefault(act.file, _File())
    match act:
        case Written() | Resized():
            file.is_there = True
            file.pending.append(act)
        case Flushed():
            if file.lasting is None:
                for other in files.values():
                    other.former = None
            file.lasting = _with(file.lasting or bytearray(), file.pending)
            file.pending, file.is_there = [], True
        case Removed():
            former = file.former if file.lasting is None else bytes(file.lasting)
            files[act.file] = _File(former=None if act.is_lasting else former, is_there=False)


def _left(file: _File, manner: Manner, lots: random.Random) -> bytes | None:
    """What a cut leaves of a file; None where there is none."""
    if manner == "killed":
        return bytes(_with(file.lasting or bytearray(), file.pending)) if file.is_there else None
    is_old = file.former is not None and (manner == "lost" or lots.random() < 0.5)
    if is_old:
        return file.former
    if not file.is_there:
        return None
    if file.lasting is None and (manner == "lost" or lots.random() < 0.5):
        return None
    kept = [] if manner == "lost" else _torn(file.pending, lots)
    return bytes(_with(file.lasting or bytearray(), kept))


def _torn(pending: Sequence[Pending], lots: random.Random) -> list[Pending]:
    kept: list[Pending] = []
    for one in pending:
        if isinstance(one, Resized):
            kept += [one] if lots.random() < 0.5 else []
            continue
        start = 0
        while start < len(one.data):
            end = min(len(one.data), start + SECTOR_BYTES - (one.offset + start) % SECTOR_BYTES)
            if lots.random() < 0.5:
                kept.append(Written(one.file, one.offset + start, one.data[start:end]))
            start = end
    return kept


def _with(lasting: bytearray, pending: Sequence[Pending]) -> bytearray:
    data = bytearray(lasting)
    for one in pending:
        match one:
            case Resized(size_bytes=size_bytes):
                # Truncating only: SQLite grows a file by writing to it.
                del data[size_bytes:]
            case Written(offset=offset, data=written):
                data.extend(bytes(max(0, offset - len(data))))
                data[offset : offset + len(written)] = written
    return data
