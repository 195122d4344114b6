"""The roster at the hub: classes and learners of a campus, whoever made them, and what each side proposes.

* What the hub made it changes at once; what a box made it proposes to change, and shows both values until the campus
  decides. What a campus proposes waits here in the same way.
* Whoever accepts was shown what gives way: what changed after they looked stays until they look again.
* A learner made at the hub has no secret anywhere: a teacher at the box gives the first PIN.
* Each act is one transaction with the event that tells the campus.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from sync.campus.kinds import FIELDS, NAME_LETTERS_MAX, NUMBER_LETTERS_MAX
from sync.campus.ownership import Proposal, Side, beside, proposals_in
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.campus.refused import CampusRefused, Why
from sync.hub.campus.words import words_about
from sync.hub.engine import reading, writing
from sync.hub.fleet import tidy_name
from sync.hub.readout import Readout

ID_BYTES = 10


class RosterRefused(CampusRefused):
    """A class or learner cannot be made or changed so."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """One learner as the hub knows them. `owner`: who may change them."""

    id: str
    name: str
    classroom: str
    student_number: str
    owner: Side


@dataclass(frozen=True, slots=True)
class Group:
    """One class, its learners by name, and who may change it."""

    id: str
    name: str
    owner: Side
    learners: tuple[Pupil, ...]


class Roster:
    """Classes and learners of campuses."""

    def __init__(
        self, engine: Engine, journals: CampusJournals, readout: Readout, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._engine = engine
        self._journals = journals
        self._readout = readout
        self._random_bytes = random_bytes

    def classes(self, campus: str) -> list[Group]:
        """Every class of a campus by name; learners whose class is not known come in one without a name, last."""
        self._readout.catch_up()
        with reading(self._engine) as connection:
            owned = _owned_by_hub(connection, campus)
            pupils: dict[str, list[Pupil]] = {}
            for row in _learners(connection, campus):
                owner = Side.HUB if ("learner", row[0]) in owned else Side.CAMPUS
                pupils.setdefault(row[2], []).append(Pupil(*row, owner))
            named = {
                row.classroom: (row.name, Side.HUB if ("class", row.classroom) in owned else Side.CAMPUS)
                for row in connection.execute(select(schema.classroom).where(schema.classroom.c.campus == campus))
            }
        groups = [Group(name, *about, tuple(pupils.pop(name, ()))) for name, about in named.items()]
        rest = tuple(pupil for own in pupils.values() for pupil in own)
        ordered = sorted(groups, key=lambda group: (group.name.casefold(), group.id))
        return [*ordered, Group("", "", Side.CAMPUS, rest)] if rest else ordered

    def proposals(self, campus: str) -> list[Proposal]:
        """What either side proposes and the other has not decided, the oldest first."""
        self._readout.catch_up()
        with reading(self._engine) as connection:
            return _open(connection, campus)

    def add_class(self, campus: str, name: str) -> str:
        """Make a class that the hub owns. Returns its id. Raises RosterRefused."""
        with writing(self._engine) as connection:
            name = _wanted_class_name(connection, campus, "", name)
            made = self._new_id()
            self._journals.append(connection, campus, "class", {"class": made, "name": name})
        return made

    def add_learner(self, campus: str, classroom: str, name: str, student_number: str = "") -> str:
        """Make a learner that the hub owns, in a class of either side. Returns their id. Raises RosterRefused."""
        self._readout.catch_up()
        with writing(self._engine) as connection:
            said = {"name": name, "class": classroom, "student_number": student_number}
            made = self._new_id()
            self._journals.append(connection, campus, "learner", _learner_says(connection, campus, made, said), made)
        return made

    def change(self, campus: str, about: str, subject: str, values: Mapping[str, str]) -> bool:
        """Make fields of a class or learner say this: at once where the hub owns it, else each as a proposal.

        All of them or, where one cannot be, none. Returns whether they hold now. Raises RosterRefused.
        """
        assert set(values) <= set(FIELDS[about]), f"{sorted(values)} of a {about} cannot be changed"
        self._readout.catch_up()
        with writing(self._engine) as connection:
            now = _now_of(connection, campus, about, subject)
            changes = {name: value for name, value in values.items() if now.get(name, "") != tidy_name(value)}
            if not changes:
                return True
            if (about, subject) in _owned_by_hub(connection, campus):
                self._say_anew(connection, campus, about, subject, changes)
                return True
            self._propose(connection, campus, about, subject, changes)
            return False

    def decide(self, campus: str, proposal: str, is_accepted: bool, seen: str) -> None:
        """Accept what a campus proposes, or keep what is. `seen`: what the one who decides was shown as it is.

        What nobody was shown does not give way: then it is to be looked at again. Raises RosterRefused.
        """
        self._readout.catch_up()
        with writing(self._engine) as connection:
            waiting = _open(connection, campus)
            found = next((one for one in waiting if one.id == proposal and one.by is Side.CAMPUS), None)
            if found is None:
                raise RosterRefused(Why.DECIDED, "Somebody has decided this meanwhile.", "Look at the campus again.")
            if is_accepted and found.now != seen:
                raise RosterRefused(
                    Why.CHANGED, "This has been changed meanwhile.", "Look at both values again, then decide."
                )
            if is_accepted:
                self._say_anew(connection, campus, found.about, found.subject, {found.field: found.value})
            said = {"proposal": proposal, "is_accepted": int(is_accepted)}
            self._journals.append(connection, campus, "decided", said, found.learner)

    def _propose(
        self, connection: Connection, campus: str, about: str, subject: str, changes: Mapping[str, str]
    ) -> None:
        """Propose each of these changes by itself; the campus may take one and not the other."""
        now = _now_of(connection, campus, about, subject)
        wanted = _wanted(connection, campus, about, subject, {**now, **changes})
        for field in changes:
            said = {
                "proposal": self._new_id(),
                "about": about,
                "id": subject,
                "field": field,
                "was": now.get(field, ""),
                "value": wanted.get(field, ""),
            }
            self._journals.append(connection, campus, "proposed", said, subject if about == "learner" else "")

    def _say_anew(
        self, connection: Connection, campus: str, about: str, subject: str, changes: Mapping[str, str]
    ) -> None:
        """Say a fact of the hub's own again, with some of its fields changed."""
        now = _now_of(connection, campus, about, subject)
        wanted = _wanted(connection, campus, about, subject, {**now, **changes})
        own = [word for word in words_about(connection, campus, about) if word.id == subject and word.side is Side.HUB]
        said = {**wanted, "edit": max((word.edit for word in own), default=0) + 1}
        self._journals.append(connection, campus, about, said, subject if about == "learner" else "")

    def _new_id(self) -> str:
        return base64.b32encode(self._random_bytes(ID_BYTES)).decode().lower()


def _open(connection: Connection, campus: str) -> list[Proposal]:
    found = proposals_in(words_about(connection, campus, "proposal", "decision"))
    known = [one for one in found if one.field in FIELDS.get(one.about, ())]
    return beside(known, _facts(connection, campus)) if known else []


def _owned_by_hub(connection: Connection, campus: str) -> set[tuple[str, str]]:
    word = schema.campus_word.c
    rows = select(word.about, word.id).where(
        word.campus == campus, word.side == Side.HUB.value, word.about.in_(tuple(FIELDS))
    )
    return {(row.about, row.id) for row in connection.execute(rows)}


def _learners(connection: Connection, campus: str) -> list[tuple[str, str, str, str]]:
    learner = schema.learner.c
    rows = connection.execute(
        select(learner.learner, learner.name, learner.classroom, learner.student_number).where(learner.campus == campus)
    )
    found = [(row.learner, row.name, row.classroom, row.student_number) for row in rows]
    return sorted(found, key=lambda row: (row[1].casefold(), row[0]))


def _facts(connection: Connection, campus: str) -> dict[tuple[str, str], dict[str, str]]:
    """What each class and learner is said to be now, as its event says it."""
    rows = connection.execute(select(schema.classroom).where(schema.classroom.c.campus == campus))
    facts = {("class", row.classroom): {"class": row.classroom, "name": row.name} for row in rows}
    for learner, name, classroom, number in _learners(connection, campus):
        facts["learner", learner] = {"name": name, "class": classroom, "student_number": number}
    return facts


def _now_of(connection: Connection, campus: str, about: str, subject: str) -> dict[str, str]:
    """What a class or learner is said to be now. Raises RosterRefused."""
    found = _facts(connection, campus).get((about, subject))
    if found is None:
        raise RosterRefused(Why.GONE, "This class or learner is not known here any more.", "Look at the campus again.")
    return found


def _wanted(connection: Connection, campus: str, about: str, subject: str, says: dict[str, str]) -> dict[str, str]:
    """What may be said of a class or learner. Raises RosterRefused."""
    if about == "class":
        return {"class": subject, "name": _wanted_class_name(connection, campus, subject, says["name"])}
    return _learner_says(connection, campus, subject, says)


def _wanted_class_name(connection: Connection, campus: str, subject: str, name: str) -> str:
    name = _named(name, "Write the name of the class, as in Grade 8 B.")
    table = schema.classroom.c
    others = connection.execute(select(table.name).where(table.campus == campus, table.classroom != subject)).scalars()
    if name.casefold() in {other.casefold() for other in others}:
        raise RosterRefused(
            Why.CLASS_NAME_TAKEN, f"There is a class called {name} already.", "Give this class another name.", "name"
        )
    return name


def _learner_says(connection: Connection, campus: str, subject: str, says: dict[str, str]) -> dict[str, str]:
    name = _named(says["name"], "Write the learner's name.")
    classroom, number = says["class"], tidy_name(says["student_number"])[:NUMBER_LETTERS_MAX]
    table = schema.classroom.c
    here = connection.execute(select(table.name).where(table.campus == campus, table.classroom == classroom)).first()
    if here is None:
        raise RosterRefused(
            Why.NO_SUCH_CLASS, "There is no such class at this campus.", "Choose one of its classes.", "class"
        )
    others = [row for row in _learners(connection, campus) if row[0] != subject]
    if name.casefold() in {row[1].casefold() for row in others if row[2] == classroom}:
        raise RosterRefused(
            Why.LEARNER_NAME_TAKEN, f"There is a {name} in this class already.",
            "Add one more name to tell them apart.", "name",
        )  # fmt: skip
    if number and number in {row[3] for row in others}:
        raise RosterRefused(
            Why.NUMBER_TAKEN, f"Another learner has the student number {number}.", "Look at the card again.", "number"
        )
    said = {"name": name, "class": classroom}
    return {**said, "student_number": number} if number else said


def _named(text: str, hint: str) -> str:
    name = tidy_name(text)
    if not name:
        raise RosterRefused(Why.NAME_MISSING, "A name is missing.", hint, "name")
    if len(name) > NAME_LETTERS_MAX:
        raise RosterRefused(Why.NAME_LONG, f"This name is too long: {NAME_LETTERS_MAX} letters at most.", hint, "name")
    return name
