"""A draft: what will be a release once somebody has read what the import found, as values.

* It is filled, imported, read and mended in words, and then published or thrown away; each state says what may be done.
* Nothing of it reaches a box.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

from catalog.about import About
from catalog.fault import CallerFault
from catalog.manifest import CORE, Release
from sync.plan import lane_of

CHUNK_BYTES = 4 << 20
FILES_MAX = 200


class DraftRefused(CallerFault):
    """A draft cannot be filled, imported or published so."""


class NoSuchDraft(DraftRefused):
    """There is no such draft, or not any more."""

    status_code = 404


class State(Enum):
    """How far a draft is."""

    FILLING = "filling"
    WAITING = "waiting"
    """Its import will begin."""
    IMPORTING = "importing"
    READY = "ready"
    """It was imported; what was found is to be read."""
    BROKEN = "broken"
    """The import was refused, or did not come to an end; its fault says why."""


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file of a draft, and which of its chunks are still to come."""

    number: int
    name: str
    size_bytes: int
    missing: tuple[int, ...] = ()

    @property
    def chunks(self) -> int:
        return chunks_of(self.size_bytes)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets a course, how much of it, and when."""

    campuses: tuple[str, ...] | None = None
    """None: every campus, those to come as well, but for those that are `without` it."""
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By campus: what it takes beside the core; a campus that is not named takes all that its boxes take."""
    due_seconds: int = 0
    """No box gets it before; 0: at once."""
    holds: Mapping[str, int] = field(default_factory=dict)
    """By campus: until when it keeps the version that it has."""
    without: tuple[str, ...] = ()

    def is_for(self, campus: str) -> bool:
        return campus not in self.without if self.campuses is None else campus in self.campuses

    def to_text(self) -> str:
        document = {
            "campuses": None if self.campuses is None else list(self.campuses),
            "layers": {campus: list(layers) for campus, layers in self.layers.items()},
            "due": self.due_seconds,
            "holds": dict(self.holds),
            "without": list(self.without),
        }
        return json.dumps(document, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Self:
        said = json.loads(text)
        return cls(
            None if said["campuses"] is None else tuple(said["campuses"]),
            {campus: tuple(layers) for campus, layers in said["layers"].items()},
            said["due"],
            said["holds"],
            tuple(said["without"]),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft as it is now."""

    id: str
    course: str
    """Its short name; "" until it is imported, where nobody gave one."""
    state: State
    about: About
    choice: Choice
    made_by: str
    made_seconds: int
    release: Release | None = None
    """Without a number, and with the words that the import found; `said` has those that will be published."""
    report: Mapping[str, Any] | None = None
    fault: tuple[str, str] = ("", "")
    """Why it is broken: a sentence, and a hint."""
    done_bytes: int = 0
    total_bytes: int = 0
    files: Sequence[DraftFile] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all of its files are here."""
        return bool(self.files) and not any(one.missing for one in self.files)

    @property
    def is_at_work(self) -> bool:
        return self.state in (State.WAITING, State.IMPORTING)

    @property
    def said(self) -> Release:
        """The release that would be published, still without a number."""
        assert self.release is not None, "only what was imported can be published"
        return self.about.said_of(self.release)

    def demand(self, *states: State) -> None:
        """Raises DraftRefused where the draft is in none of these states."""
        if self.state not in states:
            raise DraftRefused(_REFUSALS[self.state], "Open the draft again to see how far it is.")


_REFUSALS = {
    State.FILLING: "The files of this draft have not been imported yet.",
    State.WAITING: "The files of this draft are about to be imported.",
    State.IMPORTING: "The files of this draft are being imported just now.",
    State.READY: "The files of this draft are imported already.",
    State.BROKEN: "The files of this draft could not be imported.",
}


def chunks_of(size_bytes: int) -> int:
    """In how many chunks a file comes.

    >>> chunks_of(0), chunks_of(CHUNK_BYTES), chunks_of(CHUNK_BYTES + 1)
    (0, 1, 2)
    """
    return -(-size_bytes // CHUNK_BYTES)


def chunk_bytes(size_bytes: int, chunk: int) -> int:
    """How long a chunk of a file is; 0 where the file has no such chunk."""
    return max(0, min(CHUNK_BYTES, size_bytes - chunk * CHUNK_BYTES)) if chunk >= 0 else 0


def rungs(layers: Sequence[str]) -> list[tuple[str, ...]]:
    """What a campus may take of a course, from little to much: the core alone, with sound, with small films, with all.

    >>> rungs(["core", "audio", "video-480", "video-360"])
    [(), ('audio',), ('audio', 'video-360'), ('audio', 'video-360', 'video-480')]
    """
    ladder = sorted((name for name in layers if name != CORE), key=_rung)
    return [tuple(ladder[:count]) for count in range(len(ladder) + 1)]


def _rung(layer: str) -> tuple[int, int, str]:
    number = layer.rpartition("-")[2]
    return lane_of(layer), int(number) if number.isascii() and number.isdecimal() else 0, layer
