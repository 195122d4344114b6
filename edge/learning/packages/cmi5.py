"""cmi5: the rules between a course and its units, and what each session of a unit may say when.

* Decisions only. A session is launched, initialised, and terminated or abandoned; a unit is satisfied by what its
  course asks for (moveOn); a block and a course are satisfied when all that is in them is.
* What breaks the rules is refused whole, with the rule that it breaks: nothing of it is stored.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from edge.learning.packages.statements import object_of, seconds_of, table, verb_of

CATEGORY = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
SESSION = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
OURS = frozenset({"launched", "abandoned", "waived", "satisfied"})
"""Verbs that only the one who launches may use."""


class MoveOn(Enum):
    """What satisfies a unit."""

    PASSED = "Passed"
    COMPLETED = "Completed"
    BOTH = "CompletedAndPassed"
    EITHER = "CompletedOrPassed"
    NOTHING = "NotApplicable"


class Phase(Enum):
    """Where a session is."""

    LAUNCHED = "launched"
    INITIALIZED = "initialized"
    TERMINATED = "terminated"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a course says of one assignable unit."""

    activity: str
    """What it is called in statements, here."""
    move_on: MoveOn = MoveOn.NOTHING
    mastery: float | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One launch of a unit, and what its learner reached in all launches of it."""

    id: str
    phase: Phase = Phase.LAUNCHED
    is_completed: bool = False
    is_passed: bool = False
    has_failed: bool = False
    """In this session."""
    scaled: float | None = None
    seconds: int = 0

    def is_satisfied(self, unit: Unit) -> bool:
        match unit.move_on:
            case MoveOn.PASSED:
                return self.is_passed
            case MoveOn.COMPLETED:
                return self.is_completed
            case MoveOn.BOTH:
                return self.is_completed and self.is_passed
            case MoveOn.EITHER:
                return self.is_completed or self.is_passed
            case MoveOn.NOTHING:
                return True


class Broken(Exception):
    """A statement breaks a rule of cmi5; the sentence says which."""


def again(before: Session | None, session: str) -> Session:
    """The next session of a unit: what was reached stays, what was begun begins anew."""
    if before is None:
        return Session(session)
    return replace(before, id=session, phase=Phase.LAUNCHED, has_failed=False)


def heard(session: Session, statements: Iterable[Any], unit: Unit) -> Session:
    """The session after these statements. Raises Broken."""
    for one in statements:
        session = _heard(session, table(one), unit)
    return session


def satisfied_by(tree: Mapping[str, Any], satisfied: frozenset[str]) -> list[str]:
    """The blocks, and last the course, of which everything is satisfied; `satisfied` are units by their publisher's id.

    `tree` is a course or block: {"id", "units": [ids], "blocks": [trees]}.
    """
    inner = [(block, satisfied_by(table(block), satisfied)) for block in tree.get("blocks", ())]
    found = [one for _, below in inner for one in below]
    is_all = all(unit in satisfied for unit in tree.get("units", ())) and all(
        table(block).get("id") in below for block, below in inner
    )
    return [*found, str(tree.get("id", ""))] if is_all else found


def is_of_cmi5(statement: Mapping[str, Any]) -> bool:
    """Tell whether this is a statement that cmi5 defines, rather than one that it allows."""
    said = table(table(statement.get("context")).get("contextActivities")).get("category", ())
    rows = said if isinstance(said, list) else [said]
    return any(table(one).get("id") == CATEGORY for one in rows)


def _heard(session: Session, statement: Mapping[str, Any], unit: Unit) -> Session:
    if session.phase in (Phase.TERMINATED, Phase.ABANDONED):
        raise Broken("The session is over: nothing may be said in it any more.")
    verb = verb_of(statement)
    if not is_of_cmi5(statement):
        if verb == "voided":
            raise Broken("A unit may not take back what it said.")
        if session.phase is Phase.LAUNCHED:
            raise Broken("The first statement of a session is that it is initialized.")
        return session
    if verb in OURS:
        raise Broken(f"A unit may not say that something was {verb}.")
    extensions = table(table(statement.get("context")).get("extensions"))
    if extensions.get(SESSION) != session.id:
        raise Broken("The statement is of another session.")
    if object_of(statement) != unit.activity:
        raise Broken("The statement is about another unit.")
    if (verb == "initialized") != (session.phase is Phase.LAUNCHED):
        raise Broken("A session is initialized once, before all else.")
    return _moved(session, verb, table(statement.get("result")), unit)


def _moved(session: Session, verb: str, result: Mapping[str, Any], unit: Unit) -> Session:
    scaled = table(result.get("score")).get("scaled")
    score = float(scaled) if isinstance(scaled, (int, float)) and not isinstance(scaled, bool) else None
    match verb:
        case "initialized":
            return replace(session, phase=Phase.INITIALIZED)
        case "completed":
            if session.is_completed:
                raise Broken("The unit was completed before.")
            if result.get("completion") is not True:
                raise Broken("What is completed states so in its result.")
            return replace(session, is_completed=True)
        case "passed":
            if session.is_passed:
                raise Broken("The unit was passed before.")
            _demand_mastery(score, unit, is_passed=True)
            if result.get("success") is not True:
                raise Broken("What is passed states so in its result.")
            return replace(session, is_passed=True, scaled=session.scaled if score is None else score)
        case "failed":
            if session.has_failed or session.is_passed:
                raise Broken("The unit was passed or failed before.")
            _demand_mastery(score, unit, is_passed=False)
            if result.get("success") is not False:
                raise Broken("What is failed states so in its result.")
            return replace(session, has_failed=True, scaled=session.scaled if score is None else score)
        case "terminated":
            seconds = session.seconds + seconds_of(result.get("duration"))
            return replace(session, phase=Phase.TERMINATED, seconds=seconds)
        case _:
            raise Broken(f"cmi5 defines no statement that something was {verb[:40]}.")


def _demand_mastery(score: float | None, unit: Unit, *, is_passed: bool) -> None:
    if unit.mastery is None or score is None:
        return
    if (score >= unit.mastery) != is_passed:
        raise Broken("The score and the mastery score of the course say otherwise.")
