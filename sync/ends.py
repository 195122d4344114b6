"""Ends: how far a journal goes, at its writer and at whoever takes it; as rows of messages.

* Rows may grow at their end: a reader takes the columns that it knows.
* What is not as it should be is refused with a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.fields import name_in, row_in, whole_in


@dataclass(frozen=True, slots=True)
class Head:
    """Where a journal's epoch ends: the last sequence and its chain hash (base64url)."""

    epoch: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Followed:
    """How far one side has an epoch of a journal that another writes: its writer, and the last sequence taken."""

    writer: str
    epoch: str
    sequence: int

    def row(self) -> list[Any]:
        return [self.writer, self.epoch, self.sequence]


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the hub has a box's epoch: the last sequence taken, and the last one in a verified backup (-1: none)."""

    epoch: str
    taken: int
    backed_up: int


def head_of(value: Any) -> Head:
    """Raises MessageRefused, as those below."""
    epoch, sequence, last = row_in(value, 3, "a head")
    return Head(name_in(epoch, "epoch"), whole_in(sequence, "sequence"), name_in(last, "hash"))


def followed_of(value: Any) -> Followed:
    writer, epoch, sequence = row_in(value, 3, "a journal that is followed")
    return Followed(name_in(writer, "writer"), name_in(epoch, "epoch"), whole_in(sequence, "sequence", -1))


def mark_of(value: Any) -> Mark:
    epoch, taken, backed_up = row_in(value, 3, "a mark")
    return Mark(name_in(epoch, "epoch"), whole_in(taken, "taken", -1), whole_in(backed_up, "backed up", -1))


def hardware_of(row: Sequence[Any]) -> tuple[str, ...]:
    """A print: a card's name, a machine's that may be empty, and perhaps a key; or nothing."""
    if not row:
        return ()
    card, machine = row_in(list(row), 2, "a print")
    names = name_in(card, "print"), name_in(machine, "print") if machine != "" else ""
    return (*names, name_in(row[2], "key")) if len(row) > 2 else names
