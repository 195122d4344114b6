"""The campus as this box's pages show it: what the hub says, who owns what, and what each side proposes.

* What this box owns is changed at once, and told; what the hub owns is proposed, and shown as proposed until the hub
  decides. Nothing reverts silently.
* A proposal of the hub stands beside what is here until somebody accepts it or keeps what is. Whoever accepts was shown
  what gives way.
* What was decided is told to the hub in the same transaction that makes it so.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.db import Connection, Database
from catalog.fault import CallerFault
from edge.campus import roster, words
from edge.people import codes
from edge.people.people import NobodyThere, People
from sync.budget.settings import BUDGET_FIELDS, wrong_in
from sync.campus.kinds import (
    FIELDS,
    Announcement,
    Assignment,
    announcements_in,
    assignments_in,
    days_ruled,
)
from sync.campus.ownership import Proposal, Side, beside, proposals_in, word_of
from sync.clock import Clock
from sync.journal import Journal

PROPOSAL_BYTES = 10


class AlreadyDecided(CallerFault):
    """This proposal is no longer open."""


class ChangedMeanwhile(CallerFault):
    """A fact says something else by now than what was shown beside the proposal."""


@dataclass(frozen=True, slots=True)
class BudgetProposed:
    """Settings of the link that the hub proposes."""

    id: str
    settings: Mapping[str, Any]

    @property
    def can_be(self) -> bool:
        """Whether a box can be set so; a hub of before may propose what cannot be."""
        return not wrong_in(self.settings)


class Campus:
    """What is said to and by this campus."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        people: People,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._database = database
        self._journal = journal
        self._people = people
        self._clock = clock
        self._random_bytes = random_bytes

    def announcements(self, classroom: str | None = "") -> list[Announcement]:
        """What is to be shown to everybody here, and to this class; with None, whatever it is for."""
        found = announcements_in(words.about(self._database.read(), "announcement"), self._now_seconds())
        return [one for one in found if classroom is None or one.classroom in ("", classroom)]

    def assignments(self, classroom: str) -> list[Assignment]:
        """What this class should study, what is due first in front."""
        found = assignments_in(words.about(self._database.read(), "assignment"))
        return [one for one in found if one.classroom == classroom]

    def owner_of_class(self, classroom: str) -> Side:
        return words.owner(self._database.read(), "class", classroom)

    def hub_learners(self) -> set[str]:
        """The learners whom the hub made."""
        return words.owned_by_hub(self._database.read(), "learner")

    def without_pin(self, classroom: str) -> set[str]:
        """The learners of a class who still need their first PIN."""
        return roster.without_secret(self._database.read(), classroom)

    def proposals(self, by: Side) -> list[Proposal]:
        """What this side proposed and the other has not decided."""
        return [one for one in _open(self._database.read()) if one.by is by]

    def proposals_for_class(self, classroom: str) -> list[Proposal]:
        """Open proposals of either side about a class or about one of its learners."""
        learners = {learner.id for learner in self._people.learners(classroom)}
        both = [*self.proposals(Side.HUB), *self.proposals(Side.CAMPUS)]
        return [one for one in both if one.subject == classroom or one.subject in learners]

    def waiting(self) -> int:
        """How much of what the hub proposes somebody here still has to decide, the budget included."""
        return len(self.proposals(Side.HUB)) + (self.budget_proposed() is not None)

    def waiting_by_class(self) -> Counter[str]:
        """How many proposals of the hub wait in each class: about its name, or about its learners."""
        read = self._database.read()
        facts = (_fact(read, one.about, one.subject) for one in self.proposals(Side.HUB))
        return Counter(fact["class"] for fact in facts if fact is not None)

    def budget_proposed(self) -> BudgetProposed | None:
        """The hub's last word about the link's budget, until somebody decides."""
        read = self._database.read()
        decided = {word.id for word in words.about(read, "decision") if word.side is Side.CAMPUS}
        found = max(words.about(read, "budget"), key=lambda word: word.stamp, default=None)
        if found is None or found.id in decided:
            return None
        return BudgetProposed(found.id, {name: found.says[name] for name in BUDGET_FIELDS if name in found.says})

    def days_ruled(self) -> int | None:
        """How many days events stay here at most, by the hub's rule; None: this box goes by its own setting."""
        return days_ruled(words.about(self._database.read(), "policy"))

    def is_revoked(self, box: str) -> bool:
        """Tell whether the hub has said that a box of this campus is out of service."""
        return words.fact(self._database.read(), "box", box) is not None

    def change(self, about: str, subject: str, values: Mapping[str, str]) -> bool:
        """Make fields of a class or learner say this: at once where this box owns it, else each as a proposal.

        All of them or, where one cannot be, none. Returns whether they hold now.
        Raises NobodyThere, NameTaken, NumberTaken.
        """
        assert set(values) <= set(FIELDS[about]), f"{sorted(values)} of a {about} cannot be changed"
        wanted = {name: _tidy(name, value) for name, value in values.items()}

        def work(connection: Connection) -> bool:
            now = _now_of(connection, about, subject)
            changes = {name: value for name, value in wanted.items() if now.get(name, "") != value}
            if not changes:
                return True
            if words.owner(connection, about, subject) is Side.CAMPUS:
                self._say_anew(connection, about, subject, {**now, **changes})
                return True
            for field, value in changes.items():
                self._propose(connection, about, subject, field, now.get(field, ""), value)
            return False

        return self._database.write(work)

    def decide(self, proposal: str, is_accepted: bool, seen: str) -> None:
        """Accept what the hub proposes, or keep what is here. `seen`: what the one who decides was shown as it is.

        What nobody was shown does not give way: then it is to be looked at again.
        Raises AlreadyDecided, ChangedMeanwhile, NobodyThere, NameTaken, NumberTaken.
        """

        def work(connection: Connection) -> None:
            found = next((one for one in _open(connection) if one.id == proposal and one.by is Side.HUB), None)
            if found is None:
                raise AlreadyDecided("Somebody has decided this meanwhile.", "Look at the list again.")
            if is_accepted and found.now != seen:
                raise ChangedMeanwhile("This has been changed meanwhile.", "Look at both values again, then decide.")
            if is_accepted:
                now = _now_of(connection, found.about, found.subject)
                self._say_anew(connection, found.about, found.subject, {**now, found.field: found.value})
            self._say(connection, "decided", found.learner, {"proposal": found.id, "is_accepted": int(is_accepted)})

        self._database.write(work)

    def decide_budget(self, proposal: str, is_accepted: bool) -> None:
        """Tell the hub what became of its proposal for the link's budget."""
        said = {"proposal": proposal, "is_accepted": int(is_accepted)}
        self._database.write(lambda connection: self._say(connection, "decided", "", said))

    def forget(self, connection: Connection, learner: str) -> None:
        """Remove what was said of an erased learner, in the transaction that erases them."""
        words.forget(connection, learner)

    def _propose(self, connection: Connection, about: str, subject: str, field: str, was: str, value: str) -> None:
        said = {
            "proposal": codes.new_id(self._random_bytes),
            "about": about,
            "id": subject,
            "field": field,
            "was": was,
            "value": value,
        }
        self._say(connection, "proposed", subject if about == "learner" else "", said)

    def _say_anew(self, connection: Connection, about: str, subject: str, says: Mapping[str, str]) -> None:
        """Say a fact of this box's own again, and make it so."""
        edit = words.edit_of(connection, about, subject) + 1
        said = {name: value for name, value in says.items() if value} | {"edit": edit}
        roster.refuse_taken(connection, about, subject, says)
        learner = subject if about == "learner" else ""
        self._say(connection, about, learner, said)
        fact = words.fact(connection, about, subject)
        assert fact is not None, "it was said just now"
        if about == "class":
            roster.put_class(connection, fact, self._random_bytes)
        elif not roster.put_learner(connection, subject, dict(fact.says)):
            raise _gone()

    def _say(self, connection: Connection, kind: str, learner: str, said: Mapping[str, Any]) -> None:
        word = word_of(Side.CAMPUS, self._journal.append(connection, kind, learner, said))
        assert word is not None, f"{kind} is no word about a campus"
        words.keep(connection, word)

    def _now_seconds(self) -> int | None:
        now = self._clock.now()
        return now.wall_seconds if now.is_trusted else None


def _open(connection: Connection) -> list[Proposal]:
    """What either side proposes and the other has not decided; what we would not understand is left out."""
    found = proposals_in(words.about(connection, "proposal", "decision"))
    known = [one for one in found if one.is_accepted is None and one.field in FIELDS.get(one.about, ())]
    facts = {(one.about, one.subject): _fact(connection, one.about, one.subject) for one in known}
    return beside(known, {name: fact for name, fact in facts.items() if fact is not None})


def _now_of(connection: Connection, about: str, subject: str) -> dict[str, str]:
    """What a class or learner is said to be now, as its event says it. Raises NobodyThere."""
    found = _fact(connection, about, subject)
    if found is None:
        raise _gone()
    return found


def _fact(connection: Connection, about: str, subject: str) -> dict[str, str] | None:
    if about == "class":
        row = connection.execute("select name from classroom where classroom = ?", [subject]).fetchone()
        return {"class": subject, "name": row["name"]} if row else None
    row = connection.execute(
        """
        select name, classroom, coalesce(student_number, '') as student_number from person
        where person = ? and kind = 'learner'
        """,
        [subject],
    ).fetchone()
    if row is None:
        return None
    return {"name": row["name"], "class": row["classroom"], "student_number": row["student_number"]}


def _tidy(field: str, value: str) -> str:
    return codes.typed_number(value) if field == "student_number" else " ".join(value.split())


def _gone() -> NobodyThere:
    return NobodyThere("This class or learner is not on this box any more.", "Look at the list again.")
