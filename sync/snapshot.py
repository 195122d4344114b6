"""Snapshots: where a learner stands in one course, said again in a few events.

* What is read out of a snapshot is what is read out of all the events before it: they may then go.
* It carries the last place in each activity and the last answer to each item, never the way there.
* One event holds a bounded piece of one course; pieces stand alone, in any order, once or twice.
* A reader takes what is further than it has, and never goes back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.manifest import canonical
from sync.events import PAYLOAD_BYTES_MAX

KIND = "snapshot"
PIECE_BYTES_MAX = PAYLOAD_BYTES_MAX * 3 // 4
ROW_BYTES_MAX = PAYLOAD_BYTES_MAX - 512
"""An answer that nearly filled its event leaves no room for what a snapshot says besides: it is left to the hub."""

_NEVER = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The last place in one activity."""

    activity: str
    version: int
    permille: int
    is_completed: bool
    completed_seconds: int
    at_seconds: int
    path: str
    seconds: int

    def row(self) -> list[Any]:
        return [
            self.activity, self.version, self.permille, int(self.is_completed), self.completed_seconds,
            self.at_seconds, self.path, self.seconds,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answered:
    """The last answer to one item."""

    activity: str
    item: str
    answer: str
    at_seconds: int

    def row(self) -> list[Any]:
        return [self.activity, self.item, self.answer, self.at_seconds]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A piece of what one learner has of one course."""

    course: str
    places: Sequence[Standing] = ()
    answers: Sequence[Answered] = ()

    def fields(self) -> dict[str, Any]:
        """The payload of its event."""
        return {
            "course": self.course,
            "places": [place.row() for place in self.places],
            "answers": [answer.row() for answer in self.answers],
        }


def pieces(course: str, places: Iterable[Standing], answers: Iterable[Answered]) -> Iterator[Snapshot]:
    """What a learner has of a course, in as many events as it takes; none where there is nothing."""
    held: list[Standing | Answered] = []
    held_bytes = 0
    rows: list[Standing | Answered] = [*places, *answers]
    for one in rows:
        row_bytes = len(canonical(one.row()))
        if row_bytes > ROW_BYTES_MAX:
            continue
        if held and held_bytes + row_bytes > PIECE_BYTES_MAX:
            yield _piece(course, held)
            held, held_bytes = [], 0
        held.append(one)
        held_bytes += row_bytes + 1
    if held:
        yield _piece(course, held)


def snapshot_of(fields: Mapping[str, Any]) -> Snapshot:
    """Read the payload of a snapshot. Rows that are not as we write them are passed by: a newer box may say more."""
    return Snapshot(
        fields["course"],
        tuple(_standing(row) for row in fields.get("places", ()) if _is_like(row, _PLACE)),
        tuple(Answered(*row[: len(_ANSWER)]) for row in fields.get("answers", ()) if _is_like(row, _ANSWER)),
    )


_PLACE = (str, int, int, int, int, int, str, int)
_ANSWER = (str, str, str, int)


def _standing(row: Sequence[Any]) -> Standing:
    activity, version, permille, is_completed, completed_seconds, at_seconds, path, seconds = row[: len(_PLACE)]
    return Standing(activity, version, permille, is_completed == 1, completed_seconds, at_seconds, path, seconds)


def _is_like(row: Any, kinds: Sequence[type]) -> bool:
    if not isinstance(row, list) or len(row) < len(kinds):
        return False
    are_of_kind = all(type(value) is kind for value, kind in zip(row, kinds, strict=False))
    return are_of_kind and all(value >= _NEVER for value in row[: len(kinds)] if isinstance(value, int))


def _piece(course: str, held: Sequence[Standing | Answered]) -> Snapshot:
    return Snapshot(
        course,
        tuple(one for one in held if isinstance(one, Standing)),
        tuple(one for one in held if isinstance(one, Answered)),
    )
