"""Sessions of units that speak xAPI: where each is, kept beside the learner's other states.

* A launch and what it leaves are one transaction; so are a unit's statements and what they mean for its learner.
* A session that was never terminated is abandoned when the next one is launched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.learning.packages.cmi5 import MoveOn, Phase, Session, Unit, again
from edge.learning.packages.states import Kept

UNIT = "unit"
"""The part under which a unit's session is kept."""
ID_LETTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Launching:
    """A session that begins, and the one before it where that was never ended."""

    session: Session
    abandoned: Session | None


def launching(before: Session | None, session: str) -> Launching:
    """The next session after the one that is kept."""
    is_open = before is not None and before.phase in (Phase.LAUNCHED, Phase.INITIALIZED)
    return Launching(again(before, session), before if is_open else None)


def session_of(state: Mapping[str, Any]) -> Session | None:
    """The session that a state tells of; None where it tells of none."""
    told = state.get("session")
    if not isinstance(told, Mapping) or not isinstance(told.get("id"), str):
        return None
    scaled = told.get("scaled")
    return Session(
        told["id"],
        Phase(told.get("phase", Phase.LAUNCHED.value)),
        told.get("is_completed") is True,
        told.get("is_passed") is True,
        told.get("has_failed") is True,
        float(scaled) if isinstance(scaled, (int, float)) else None,
        int(told.get("seconds", 0)),
    )


def state_of(session: Session, unit: Unit, before: Mapping[str, Any]) -> dict[str, Any]:
    """The state to keep: the session, and what it means in the words that every runtime's state has."""
    is_satisfied = session.is_satisfied(unit)
    success = "passed" if session.is_passed else "failed" if session.has_failed else "unknown"
    return {
        **before,
        "session": {
            "id": session.id,
            "phase": session.phase.value,
            "is_completed": session.is_completed,
            "is_passed": session.is_passed,
            "has_failed": session.has_failed,
            "scaled": session.scaled,
            "seconds": session.seconds,
        },
        "is_satisfied": is_satisfied,
        # What satisfies the unit is what finishes it: the course says so, and not the words of one statement.
        "completionStatus": "completed" if is_satisfied else "incomplete",
        "successStatus": success,
        "score": {} if session.scaled is None else {"scaled": session.scaled},
        "totalTimeSeconds": session.seconds,
    }


def unit_of(activity: str, told: Mapping[str, Any]) -> Unit:
    """A unit as its course describes it; `activity` is what it is called in statements."""
    try:
        mastery = float(told["mastery"]) if told.get("mastery") else None
    except (TypeError, ValueError):
        mastery = None
    wanted = told.get("move_on")
    return Unit(activity, next((one for one in MoveOn if one.value == wanted), MoveOn.NOTHING), mastery)


def number_after(kept: Kept | None) -> int:
    """The number of the save after the one that is kept."""
    return kept.number + 1 if kept is not None else 1
