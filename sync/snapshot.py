"""Snapshots: where a learner stands in one course, said again in a few events.

* What is read out of a snapshot is what is read out of all the events before it: they may then go.
* It carries the last place in each activity, its results and the last answer to each item, never the way there.
* One event holds a bounded piece of one course; pieces stand alone, in any order, once or twice.
* A reader takes what is further than it has, and never goes back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

from catalog.manifest import canonical
from sync.events import PAYLOAD_BYTES_MAX

KIND = "snapshot"
PIECE_BYTES_MAX = PAYLOAD_BYTES_MAX * 3 // 4
ROW_BYTES_MAX = PAYLOAD_BYTES_MAX - 512
"""An answer that nearly filled its event leaves no room for what a snapshot says besides: it is left to the hub."""

PERMILLE_ALL = 1000

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


class Passing(Enum):
    """Whether an activity was passed; of two, the greater number stands."""

    UNSAID = 0
    FAILED = 1
    PASSED = 2

    @classmethod
    def of(cls, is_passed: bool | None) -> Self:
        """By whether it was passed; None: the activity does not say."""
        return cls(0) if is_passed is None else cls(2 if is_passed else 1)

    @property
    def is_passed(self) -> bool | None:
        return None if self is Passing.UNSAID else self is Passing.PASSED


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of trying one activity. Scores are thousandths; None: it gave none."""

    activity: str
    version: int
    best_permille: int | None
    last_permille: int | None
    passing: Passing
    attempts: int
    seconds: int
    at_seconds: int

    def row(self) -> list[Any]:
        """Numbers of a row are whole and never below 0, so no score is 0 and a score is one more than it is."""
        scores = [0 if one is None else one + 1 for one in (self.best_permille, self.last_permille)]
        return [
            self.activity, self.version, *scores, self.passing.value, self.attempts, self.seconds, self.at_seconds
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A piece of what one learner has of one course."""

    course: str
    places: Sequence[Standing] = ()
    answers: Sequence[Answered] = ()
    results: Sequence[Scored] = ()

    def fields(self) -> dict[str, Any]:
        """The payload of its event."""
        results = {"results": [result.row() for result in self.results]} if self.results else {}
        return {
            "course": self.course,
            "places": [place.row() for place in self.places],
            "answers": [answer.row() for answer in self.answers],
            **results,
        }


def pieces(
    course: str, places: Iterable[Standing], answers: Iterable[Answered], results: Iterable[Scored] = ()
) -> Iterator[Snapshot]:
    """What a learner has of a course, in as many events as it takes; none where there is nothing."""
    held: list[_Row] = []
    held_bytes = 0
    rows: list[_Row] = [*places, *results, *answers]
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
        tuple(_scored(row) for row in fields.get("results", ()) if _is_like(row, _RESULT)),
    )


_PLACE = (str, int, int, int, int, int, str, int)
_ANSWER = (str, str, str, int)
_RESULT = (str, int, int, int, int, int, int, int)
_Row = Standing | Answered | Scored


def _standing(row: Sequence[Any]) -> Standing:
    activity, version, permille, is_completed, completed_seconds, at_seconds, path, seconds = row[: len(_PLACE)]
    return Standing(activity, version, permille, is_completed == 1, completed_seconds, at_seconds, path, seconds)


def _scored(row: Sequence[Any]) -> Scored:
    activity, version, best, last, passing, attempts, seconds, at_seconds = row[: len(_RESULT)]
    said = Passing(min(passing, Passing.PASSED.value))
    return Scored(activity, version, _score(best), _score(last), said, attempts, seconds, at_seconds)


def _score(written: int) -> int | None:
    return min(written - 1, PERMILLE_ALL) if written else None


def _is_like(row: Any, kinds: Sequence[type]) -> bool:
    if not isinstance(row, list) or len(row) < len(kinds):
        return False
    are_of_kind = all(type(value) is kind for value, kind in zip(row, kinds, strict=False))
    return are_of_kind and all(value >= _NEVER for value in row[: len(kinds)] if isinstance(value, int))


def _piece(course: str, held: Sequence[_Row]) -> Snapshot:
    return Snapshot(
        course,
        tuple(one for one in held if isinstance(one, Standing)),
        tuple(one for one in held if isinstance(one, Answered)),
        tuple(one for one in held if isinstance(one, Scored)),
    )
