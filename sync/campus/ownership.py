"""Ownership: whose word about a class or a learner counts, so that there is one writer for each fact.

* Who said a fact first owns it, for good: the hub what it made, the campus what its box made. Only the owner writes it.
* What the other side wants changed is a proposal. Until the owner decides, both values stand side by side: what is
  proposed, and what is at present, not what was when it was proposed. So nothing reverts silently, and there is nothing
  to merge.
* A fact's last word has the highest edit, which its owner counts; clocks and the order of arrival decide nothing.
  So both sides read the same, whatever was late, repeated or brought by hand.
* A word of the side that does not own a fact changes nothing: an old card may still think that it may speak.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from sync.events import Event, fields_of

EDIT_MAX = (1 << 31) - 1
"""Somebody who renames a class each second needs 68 years to come here."""


class Side(Enum):
    """Who writes: the hub, or the campus by its box."""

    HUB = "hub"
    CAMPUS = "campus"

    @property
    def other(self) -> "Side":
        return Side.CAMPUS if self is Side.HUB else Side.HUB


@dataclass(frozen=True, slots=True)
class Word:
    """What one side last said about one thing."""

    about: str
    """class, learner, announcement, assignment, policy, budget, box, proposal, decision, listing, ask, wish,
    certificate"""
    id: str
    side: Side
    stamp: bytes
    """Which of two words stands: the greater."""
    says: Mapping[str, Any]
    learner: str = ""
    """With whose erasure the word goes; "" where it is nobody's."""

    @property
    def edit(self) -> int:
        """How often its writer had said this before."""
        return int(self.says.get("edit", 0))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one side would have a fact of the other say, and what the owner said to that."""

    id: str
    by: Side
    about: str
    """class or learner"""
    subject: str
    field: str
    was: str
    """What the fact said when this was proposed."""
    value: str
    learner: str = ""
    is_accepted: bool | None = None
    """None until the owner decided."""
    now: str = ""
    """What the fact says at present: it alone would give way. Put in by `beside`."""

    @property
    def has_changed(self) -> bool:
        """Whether the fact says something else by now than when this was proposed."""
        return self.now != self.was


def fact_after(words: Iterable[Word]) -> Word | None:
    """The word that stands of all that was ever said about one thing, in whatever order and however often it came."""
    return max(words, key=lambda word: word.stamp, default=None)


def proposals_in(words: Iterable[Word]) -> list[Proposal]:
    """The proposals among these words, with their decisions; of several for one field only each side's last.

    Only the side that owns the fact decides: what the proposer itself calls decided is not.
    """
    words = list(words)
    decisions = {(word.id, word.side): word for word in words if word.about == "decision"}
    last: dict[tuple[Side, str, str, str], tuple[bytes, Proposal]] = {}
    for word in words:
        if word.about != "proposal":
            continue
        decided = decisions.get((word.id, word.side.other))
        proposal = _proposal(word, decided)
        key = (word.side, proposal.about, proposal.subject, proposal.field)
        if key not in last or last[key][0] < word.stamp:
            last[key] = (word.stamp, proposal)
    return [proposal for _, proposal in sorted(last.values(), key=lambda one: (one[0], one[1].id))]


def beside(proposals: Iterable[Proposal], facts: Mapping[tuple[str, str], Mapping[str, str]]) -> list[Proposal]:
    """The open proposals, each beside what its fact says at present; without those about what is not here any more.

    `facts` has what each class and learner is said to be, by (about, id).
    """
    return [
        replace(one, now=facts[one.about, one.subject].get(one.field, ""))
        for one in proposals
        if one.is_accepted is None and (one.about, one.subject) in facts
    ]


def word_of(side: Side, event: Event) -> Word | None:
    """What an event says about a campus; None where it speaks of something else, or says nothing any more."""
    subject = _SUBJECTS.get(event.kind)
    fields = fields_of(event) if subject is not None else None
    if subject is None or fields is None:
        return None
    about, named, edit_at_least = subject
    says = {name: value for name, value in fields.items() if name != "key"}
    name = str(fields[named]) if named else event.learner
    edit = max(fields.get("edit", 0), edit_at_least)
    return Word(about, name, side, stamp_of(event, side, edit), says, event.learner) if name else None


def stamp_of(event: Event, side: Side = Side.CAMPUS, edit: int = 0) -> bytes:
    """Which of two words about one thing stands, on every machine alike: the greater stamp.

    The hub's word leads: it speaks of nothing that a campus owns. Then the owner's count leads. Where neither tells
    them apart (a restored card said two things under one count) wall time does where it was trusted, then the name.
    """
    leads = (side is Side.HUB) << 31 | min(edit, EDIT_MAX)
    wall_seconds = max(0, event.wall_seconds) if event.is_trusted else 0
    return (leads << 32 | wall_seconds).to_bytes(8, "big") + event.epoch.encode() + b"\0" + event.sequence.to_bytes(8)


_SUBJECTS: Mapping[str, tuple[str, str, int]] = {
    "class": ("class", "class", 0),
    "learner": ("learner", "", 0),
    "announced": ("announcement", "announcement", 0),
    "withdrawn": ("announcement", "announcement", 1),
    "assigned": ("assignment", "assignment", 0),
    "unassigned": ("assignment", "assignment", 1),
    "policy": ("policy", "name", 0),
    "budget": ("budget", "proposal", 0),
    "revoked": ("box", "box", 0),
    "proposed": ("proposal", "proposal", 0),
    "decided": ("decision", "proposal", 0),
    "listed": ("listing", "course", 0),
    "asked": ("ask", "course", 0),
    "wanted": ("wish", "course", 0),
    "certified": ("certificate", "box", 0),
}
"""Of what each kind of event speaks, which field names it ("": the learner), and its edit where the kind tells it."""


def _proposal(word: Word, decided: Word | None) -> Proposal:
    says = word.says
    is_accepted = None if decided is None else decided.says["is_accepted"] == 1
    fact = says["about"], says["id"], says["field"]
    return Proposal(word.id, word.side, *fact, says["was"], says["value"], word.learner, is_accepted)
