"""Ownership: both sides read the same, and it is the owner's last word."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.manifest import canonical
from sync.campus.kinds import announcements_in, assignments_in
from sync.campus.ownership import Side, Word, fact_after, proposals_in, word_of
from sync.events import NO_PAYLOAD_HASH, Event


def event(kind: str, says: dict[str, Any], sequence: int = 1, epoch: str = "epoch-00", **more: Any) -> Event:
    usual: dict[str, Any] = {"learner": "", "wall_seconds": 0, "is_trusted": False} | more
    return Event(
        epoch, sequence, kind, usual["learner"], canonical(says), NO_PAYLOAD_HASH, usual["wall_seconds"], 0,
        usual["is_trusted"],
    )  # fmt: skip


def word(side: Side, kind: str, says: dict[str, Any], sequence: int = 1, **more: Any) -> Word:
    found = word_of(side, event(kind, says, sequence, **more))
    assert found is not None
    return found


def named(side: Side, name: str, edit: int = 0, sequence: int = 1, **more: Any) -> Word:
    return word(side, "class", {"class": "c1", "name": name, "edit": edit}, sequence, **more)


def name_after(*words: Word) -> str:
    fact = fact_after(words)
    assert fact is not None
    return str(fact.says["name"])


owned = st.builds(
    lambda side, names: (side, [named(side, name, edit) for edit, name in enumerate(names)]),
    st.sampled_from(Side),
    st.lists(st.text(max_size=5), min_size=1, max_size=8),
)


@given(owned, st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_the_order_and_the_repetition_the_owners_last_word_stands(
    fact: tuple[Side, list[Word]], data: st.DataObject
) -> None:
    """Epochs, clocks and sequences are drawn too: a box restarts, its clock goes to 1970 and forward."""
    side, words = fact
    moments = st.tuples(st.integers(-9, 1 << 31), st.booleans(), st.sampled_from(["aaaaaaaa", "zzzzzzzz"]))
    edited = []
    for edit, one in enumerate(words):
        wall_seconds, is_trusted, epoch = data.draw(moments)
        edited.append(
            named(side, one.says["name"], edit, wall_seconds=wall_seconds, is_trusted=is_trusted, epoch=epoch)
        )
    arrivals = data.draw(st.permutations(edited + data.draw(st.lists(st.sampled_from(edited), max_size=5))))

    at_hub, at_box = name_after(*arrivals), name_after(*edited)

    assert at_hub == at_box == edited[-1].says["name"]


@given(owned, st.lists(st.text(max_size=5), max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_campus_that_speaks_of_what_the_hub_made_changes_nothing(
    fact: tuple[Side, list[Word]], names: list[str]
) -> None:
    words = [replace(named(Side.HUB, one.says["name"], edit)) for edit, one in enumerate(fact[1])]
    strange = [named(Side.CAMPUS, name, edit + 100) for edit, name in enumerate(names)]

    assert name_after(*words, *strange) == name_after(*words)


def test_a_fact_that_nobody_said_is_none() -> None:
    assert fact_after([]) is None


def test_the_campus_owns_what_its_box_said_first() -> None:
    assert fact_after([named(Side.CAMPUS, "8 B")]) == named(Side.CAMPUS, "8 B")


PROPOSED = {"proposal": "p1", "about": "class", "id": "c1", "field": "name", "was": "8 B", "value": "9 B"}


def test_a_proposal_waits_until_the_owner_decides() -> None:
    asked = word(Side.HUB, "proposed", PROPOSED)

    (waiting,) = proposals_in([asked])
    (decided,) = proposals_in([asked, word(Side.CAMPUS, "decided", {"proposal": "p1", "is_accepted": 1})])

    assert (waiting.is_accepted, waiting.was, waiting.value) == (None, "8 B", "9 B")
    assert decided.is_accepted is True


def test_the_proposer_cannot_decide_for_the_owner() -> None:
    words = [word(Side.HUB, "proposed", PROPOSED), word(Side.HUB, "decided", {"proposal": "p1", "is_accepted": 1})]

    (proposal,) = proposals_in(words)

    assert proposal.is_accepted is None


def test_of_two_proposals_for_one_field_the_last_is_shown() -> None:
    later = {**PROPOSED, "proposal": "p2", "value": "10 B"}

    found = proposals_in([word(Side.HUB, "proposed", later, 2), word(Side.HUB, "proposed", PROPOSED, 1)])

    assert [proposal.value for proposal in found] == ["10 B"]


def test_an_event_that_was_blanked_says_nothing() -> None:
    blanked = replace(event("learner", {"name": "Amina", "key": "k"}, learner="amina"), payload=None)

    assert word_of(Side.HUB, blanked) is None


def test_the_key_of_a_learner_is_no_word() -> None:
    said = word(Side.CAMPUS, "learner", {"name": "Amina", "key": "k"}, learner="amina")

    assert (said.id, dict(said.says)) == ("amina", {"name": "Amina"})


def test_a_withdrawn_announcement_stays_withdrawn_in_any_order() -> None:
    words = [
        word(Side.HUB, "announced", {"announcement": "a1", "text": "Exam"}, 9),
        word(Side.HUB, "withdrawn", {"announcement": "a1"}, 2),
    ]

    assert announcements_in([fact_after(words), fact_after(words[::-1])], None) == []  # type: ignore[list-item]


def test_an_announcement_goes_with_its_day_but_not_by_a_clock_that_nobody_trusts() -> None:
    words = [word(Side.HUB, "announced", {"announcement": "a1", "text": "Exam", "until_seconds": 100})]

    shown = [[one.text for one in announcements_in(words, now)] for now in (99, 100, None)]

    assert shown == [["Exam"], [], ["Exam"]]


def test_what_is_due_first_comes_first() -> None:
    words = [
        word(Side.HUB, "assigned", {"assignment": name, "class": "c1", "course": name, "due_seconds": due})
        for name, due in (("whenever", 0), ("late", 9), ("soon", 3))
    ]

    assert [one.course for one in assignments_in(words)] == ["soon", "late", "whenever"]
