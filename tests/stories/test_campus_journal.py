"""What the hub says to a campus, and what each side proposes: through whole nights, by the real session."""

import pytest

from edge.campus.campus import ChangedMeanwhile
from edge.people.people import Secret
from sync.campus.ownership import Side
from sync.hub.campus.roster import RosterRefused
from tests.stories.box import CampusBox
from tests.stories.world import World


def campus_of(box: CampusBox) -> str:
    hub = box.box.hub
    assert hub is not None
    return hub.campus


def rosters(world: World, campus: str) -> list[tuple[str, list[str]]]:
    return [(group.name, [one.name for one in group.learners]) for group in world.hub.hub.roster.classes(campus)]


def rosters_at(box: CampusBox) -> list[tuple[str, list[str]]]:
    people = box.box.people
    return [(one.name, [learner.name for learner in people.learners(one.id)]) for one in people.classrooms()]


def test_a_class_that_the_hub_makes_is_at_the_box_in_the_morning(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    roster = world.hub.hub.roster
    classroom = roster.add_class(campus, "Grade 9 A")
    roster.add_learner(campus, classroom, "Amina Daher", "1007")
    roster.add_learner(campus, classroom, "Badr Omar")

    box.night()

    assert rosters_at(box) == [("Grade 9 A", ["Amina Daher", "Badr Omar"])] == rosters(world, campus)
    assert box.box.campus.owner_of_class(classroom) is Side.HUB


def test_a_learner_from_the_hub_signs_in_once_a_teacher_gave_a_pin(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    classroom = world.hub.hub.roster.add_class(campus, "Grade 9 A")
    learner = world.hub.hub.roster.add_learner(campus, classroom, "Amina Daher")
    box.night()
    person = box.box.people.person(learner)

    is_open = box.box.people.is_secret(person, Secret("pin", ""))
    waiting = box.box.campus.without_pin(classroom)
    pin = box.box.people.new_pin(learner)

    assert (is_open, waiting) == (False, {learner})
    assert box.box.people.is_secret(person, Secret("pin", pin))
    assert box.box.campus.without_pin(classroom) == set()


def test_what_a_learner_of_the_hub_does_goes_up_under_one_key(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    classroom = world.hub.hub.roster.add_class(campus, "Grade 9 A")
    learner = world.hub.hub.roster.add_learner(campus, classroom, "Amina Daher")
    box.night()

    box.somebody(learner).answers()
    box.night()

    (line,) = [event for event in world.hub.events(box.id) if event.kind == "answered"]
    assert line.learner == learner
    assert box.box.journal.verify() > 0


def test_a_class_of_the_box_is_renamed_at_once_and_the_hub_reads_it(world: World) -> None:
    box = world.box()
    classroom = box.box.people.add_classroom("Grade 8 B")
    box.night()

    holds = box.box.campus.change("class", classroom.id, {"name": "Grade 9 B"})
    box.night()

    assert holds
    assert rosters(world, campus_of(box)) == [("Grade 9 B", [])]


def test_the_hubs_wish_for_a_class_of_the_box_waits_for_its_staff(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    classroom = box.box.people.add_classroom("Grade 8 B")
    box.night()
    roster = world.hub.hub.roster

    holds = roster.change(campus, "class", classroom.id, {"name": "Grade 9 B"})
    box.night()
    (proposal,) = box.box.campus.proposals(Side.HUB)
    before = rosters_at(box)
    box.box.campus.decide(proposal.id, is_accepted=True, seen=proposal.now)
    box.night()

    assert (holds, proposal.was, proposal.value) == (False, "Grade 8 B", "Grade 9 B")
    assert before == [("Grade 8 B", [])]
    assert rosters_at(box) == rosters(world, campus) == [("Grade 9 B", [])]
    assert box.box.campus.proposals(Side.HUB) == roster.proposals(campus) == []


def test_what_was_kept_stays_and_the_wish_is_gone(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    classroom = box.box.people.add_classroom("Grade 8 B")
    box.night()
    world.hub.hub.roster.change(campus, "class", classroom.id, {"name": "Grade 9 B"})
    box.night()

    (proposal,) = box.box.campus.proposals(Side.HUB)
    box.box.campus.decide(proposal.id, is_accepted=False, seen=proposal.now)
    box.night()

    assert rosters_at(box) == rosters(world, campus) == [("Grade 8 B", [])]
    assert world.hub.hub.roster.proposals(campus) == []


def test_a_wish_that_waited_is_shown_beside_what_has_become_of_it(world: World) -> None:
    """A name was proposed, the other side wrote another one meanwhile: accepting must not bring the old one back."""
    box = world.box()
    campus = campus_of(box)
    roster = world.hub.hub.roster
    classroom = roster.add_class(campus, "Grade 9 A")
    learner = roster.add_learner(campus, classroom, "Sahra Ali")
    box.night()
    box.box.campus.change("learner", learner, {"name": "Sahra Ali Farah"})
    box.night()
    (looked_at,) = roster.proposals(campus)

    roster.change(campus, "learner", learner, {"name": "Sahra Abdi"})
    box.night()
    (at_hub,), (at_box,) = roster.proposals(campus), box.box.campus.proposals(Side.CAMPUS)

    assert ("Sahra Ali", "Sahra Abdi", True) == (at_hub.was, at_hub.now, at_hub.has_changed)
    assert at_hub.now == at_box.now
    with pytest.raises(RosterRefused, match="changed meanwhile"):
        roster.decide(campus, looked_at.id, is_accepted=True, seen=looked_at.now)
    assert rosters(world, campus) == [("Grade 9 A", ["Sahra Abdi"])]


def test_a_teacher_too_accepts_only_over_what_was_on_the_page(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    classroom = box.box.people.add_classroom("Grade 8 B")
    box.night()
    world.hub.hub.roster.change(campus, "class", classroom.id, {"name": "Grade 9 B"})
    box.night()
    (looked_at,) = box.box.campus.proposals(Side.HUB)

    box.box.campus.change("class", classroom.id, {"name": "Grade 8 Blue"})

    with pytest.raises(ChangedMeanwhile):
        box.box.campus.decide(looked_at.id, is_accepted=True, seen=looked_at.now)
    assert rosters_at(box) == [("Grade 8 Blue", [])]
    assert ["Grade 8 Blue"] == [one.now for one in box.box.campus.proposals(Side.HUB)]


def test_a_teachers_wish_for_a_learner_of_the_hub_waits_for_the_hub(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    roster = world.hub.hub.roster
    classroom = roster.add_class(campus, "Grade 9 A")
    learner = roster.add_learner(campus, classroom, "Amina Dahir")
    box.night()

    holds = box.box.campus.change("learner", learner, {"name": "Amina Daher"})
    meanwhile = rosters_at(box)
    waiting_here = [one.value for one in box.box.campus.proposals_for_class(classroom)]
    box.night()
    (proposal,) = roster.proposals(campus)
    roster.decide(campus, proposal.id, is_accepted=True, seen=proposal.now)
    box.night()

    assert (holds, waiting_here) == (False, ["Amina Daher"])
    assert meanwhile == [("Grade 9 A", ["Amina Dahir"])]
    assert rosters_at(box) == rosters(world, campus) == [("Grade 9 A", ["Amina Daher"])]
    assert box.box.campus.proposals_for_class(classroom) == []


def test_a_learner_is_moved_by_who_owns_them(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    roster = world.hub.hub.roster
    old, new = roster.add_class(campus, "Grade 8 A"), roster.add_class(campus, "Grade 9 A")
    learner = roster.add_learner(campus, old, "Amina Daher")
    box.night()

    roster.change(campus, "learner", learner, {"class": new})
    box.night()

    assert rosters_at(box) == [("Grade 8 A", []), ("Grade 9 A", ["Amina Daher"])] == rosters(world, campus)


def test_a_lost_answer_changes_nothing(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    classroom = world.hub.hub.roster.add_class(campus, "Grade 9 A")
    world.hub.hub.roster.add_learner(campus, classroom, "Amina Daher")
    box.wire.misfortunes.append(box.loses_power_after)

    box.night()
    box.night()

    assert rosters_at(box) == [("Grade 9 A", ["Amina Daher"])]


def test_a_quiet_night_says_nothing_twice(world: World) -> None:
    box = world.box()
    world.hub.hub.notices.announce(campus_of(box), "The exam is on Monday.")
    box.night()

    night = box.night()

    assert night.requests == 1


def test_an_announcement_is_shown_until_its_day_or_until_it_is_withdrawn(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    notices = world.hub.hub.notices
    first = notices.announce(campus, "The exam is on Monday.")
    notices.announce(campus, "Water comes at noon.", days=3)
    box.night()
    shown = [one.text for one in box.box.campus.announcements()]

    notices.withdraw(campus, first)
    box.night()
    without = [one.text for one in box.box.campus.announcements()]
    world.time.wait(4 * 86_400)

    assert shown == ["Water comes at noon.", "The exam is on Monday."]
    assert (without, box.box.campus.announcements()) == (["Water comes at noon."], [])


def test_a_class_hears_what_is_for_it_and_for_all(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    one, other = (world.hub.hub.roster.add_class(campus, name) for name in ("8 A", "9 A"))
    world.hub.hub.notices.announce(campus, "To 8 A only.", classroom=one)
    box.night()

    heard = [[said.text for said in box.box.campus.announcements(name)] for name in (one, other, "")]

    assert heard == [["To 8 A only."], [], []]


def test_a_class_is_assigned_a_course_and_let_off_again(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    world.hub.publishes("water", core={"index.html": b"<h1>Water</h1>"})
    classroom = world.hub.hub.roster.add_class(campus, "8 A")
    asked = world.hub.hub.notices.assign(campus, classroom, "water", days=7)
    box.night()
    shown = [one.course for one in box.box.campus.assignments(classroom)]

    world.hub.hub.notices.unassign(campus, asked)
    box.night()

    assert (shown, box.box.campus.assignments(classroom)) == (["water"], [])


def test_a_budget_is_proposed_and_decided(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    world.hub.hub.notices.propose_budget(campus, {"night_mb": 300, "window": "01:00-04:00"})
    box.night()
    proposed = box.box.campus.budget_proposed()
    assert proposed is not None

    box.box.campus.decide_budget(proposed.id, is_accepted=True)
    box.night()
    world.hub.hub.intake.readout.catch_up()
    sent = world.hub.hub.notices.budget_sent(campus)

    assert dict(proposed.settings) == {"night_mb": 300, "window": "01:00-04:00"}
    assert box.box.campus.budget_proposed() is None
    assert sent is not None
    assert sent.is_accepted


def test_a_learner_erased_at_the_hub_is_gone_from_the_box_and_from_both_journals(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    hub = world.hub.hub
    classroom = hub.roster.add_class(campus, "9 A")
    learner = hub.roster.add_learner(campus, classroom, "Zahra Unmistakable")
    box.night()
    box.box.campus.change("learner", learner, {"name": "Zahra Unmistakable Bis"})
    box.night()

    box.box.people.erase(learner)
    box.night()
    box.night()

    assert rosters_at(box) == rosters(world, campus) == [("9 A", [])]
    for folder in (box.data, world.hub.data):
        holding = [path.name for path in folder.glob("*.db*") if b"Unmistakable" in path.read_bytes()]
        assert holding == []


def test_a_hub_restored_from_a_backup_gets_its_roster_again_from_a_box(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    box.night()
    backup = world.hub.backup()
    classroom = world.hub.hub.roster.add_class(campus, "Grade 9 A")
    world.hub.hub.roster.add_learner(campus, classroom, "Amina Daher")
    box.night()

    world.hub.is_restored_from(backup)
    world.hub.hub.roster.add_class(campus, "Grade 9 C")
    world.quiet_nights()

    everything = [("Grade 9 A", ["Amina Daher"]), ("Grade 9 C", [])]
    assert rosters(world, campus) == rosters_at(box) == everything


def test_projections_that_are_built_again_are_the_same(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    hub = world.hub.hub
    classroom = hub.roster.add_class(campus, "Grade 9 A")
    hub.roster.add_learner(campus, classroom, "Amina Daher")
    own = box.box.people.add_classroom("Grade 8 B")
    box.night()
    hub.roster.change(campus, "class", own.id, {"name": "Grade 8 C"})
    box.box.campus.change("class", own.id, {"name": "Grade 8 D"})
    box.night()
    before = (rosters(world, campus), hub.roster.proposals(campus))

    hub.intake.rebuild()

    assert (rosters(world, campus), hub.roster.proposals(campus)) == before


def test_a_name_that_two_sides_gave_is_found_at_the_box_all_the_same(world: World) -> None:
    """The box's names are folded, the hub's are not: Élise and Elise are two at the hub, and one key at the box."""
    box = world.box()
    campus = campus_of(box)
    classroom = world.hub.hub.roster.add_class(campus, "9 A")
    for name in ("Elise Ali", "Élise Ali"):
        world.hub.hub.roster.add_learner(campus, classroom, name)

    box.night()

    assert [learner.name for learner in box.box.people.learners(classroom)] == ["Elise Ali", "Élise Ali"]


def test_the_hub_refuses_what_cannot_be(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    roster = world.hub.hub.roster
    classroom = roster.add_class(campus, "9 A")
    roster.add_learner(campus, classroom, "Amina", "7")

    badr = roster.add_learner(campus, classroom, "Badr", "8")

    for wrong in (
        lambda: roster.change(campus, "learner", badr, {"name": "Badr Omar", "student_number": "7"}),
        lambda: roster.add_class(campus, " 9 a "),
        lambda: roster.add_class(campus, "  "),
        lambda: roster.add_class(campus, "x" * 61),
        lambda: roster.add_learner(campus, "no such class", "Badr"),
        lambda: roster.add_learner(campus, classroom, "amina"),
        lambda: roster.add_learner(campus, classroom, "Cali", "7"),
        lambda: roster.change(campus, "class", "no such class", {"name": "8 A"}),
        lambda: roster.decide(campus, "no such proposal", is_accepted=True, seen=""),
    ):
        with pytest.raises(RosterRefused):
            wrong()
    assert rosters(world, campus) == [("9 A", ["Amina", "Badr"])]


def test_a_replaced_box_finds_its_learners_and_their_places(world: World) -> None:
    """The old box burnt; a new one stands in its place, and learners go on where they were."""
    old = world.box("old box")
    learner = old.learner("Amina Daher")
    learner.answers()
    old.box.learning.reached_second(learner.id, "water", 1, "film", 300, 900)
    old.night()
    new = world.box("new box")
    new.night()

    world.hub.hub.keeping.history.replace(old.id, new.id, "staff")
    world.quiet_nights()

    place = new.box.learning.place(learner.id, "water", "film")
    assert rosters_at(new) == [("Grade 8 B", ["Amina Daher"])]
    assert place is not None
    assert (place.seconds, len(new.box.learning.answers(learner.id, "water"))) == (300, 1)
    assert new.box.campus.without_pin(new.box.people.classrooms()[0].id) == {learner.id}


def test_a_learner_who_also_studies_elsewhere_finds_their_place_there(world: World) -> None:
    one, other = world.box("one"), world.stranger("other")
    other.enrols(world.hub.token("Hill"))
    learner = one.learner("Amina Daher")
    one.box.learning.reached_second(learner.id, "water", 1, "film", 300, 900)
    there = other.box.people.add_classroom("9 H")
    world.quiet_nights()

    world.hub.hub.elsewhere.study_at(learner.id, campus_of(one), campus_of(other), there.id)
    world.quiet_nights()
    other.box.learning.reached_second(learner.id, "water", 1, "film", 600, 900)
    world.quiet_nights(3)

    places = [box.box.learning.place(learner.id, "water", "film") for box in (one, other)]
    assert rosters_at(other) == [("9 H", ["Amina Daher"])]
    assert [place.seconds for place in places if place is not None] == [600, 600]


def test_who_is_erased_at_one_campus_is_erased_at_all(world: World) -> None:
    one, other = world.box("one"), world.stranger("other")
    other.enrols(world.hub.token("Hill"))
    learner = one.learner("Zahra Unmistakable")
    there = other.box.people.add_classroom("9 H")
    world.quiet_nights()
    world.hub.hub.elsewhere.study_at(learner.id, campus_of(one), campus_of(other), there.id)
    world.quiet_nights()

    one.box.people.erase(learner.id)
    world.erased.add(learner.id)
    world.quiet_nights(3)

    assert rosters_at(other) == [("9 H", [])]
    holding = [path.name for path in other.data.glob("*.db*") if b"Unmistakable" in path.read_bytes()]
    assert holding == []


def test_a_quiet_night_of_a_learner_elsewhere_says_nothing_again(world: World) -> None:
    one, other = world.box("one"), world.stranger("other")
    other.enrols(world.hub.token("Hill"))
    learner = one.learner("Amina Daher")
    one.box.learning.reached_second(learner.id, "water", 1, "film", 300, 900)
    there = other.box.people.add_classroom("9 H")
    world.quiet_nights()
    world.hub.hub.elsewhere.study_at(learner.id, campus_of(one), campus_of(other), there.id)
    world.quiet_nights(3)
    before = other.box.following.standing()

    world.quiet_nights(2)

    assert other.box.following.standing() == before


def test_a_box_out_of_service_is_told_to_the_others_once(world: World) -> None:
    box, lost = world.box("box"), world.box("lost")
    world.hub.hub.fleet.revoke(lost.id)

    box.night()
    before = box.box.following.standing()
    box.night()

    assert [box.box.campus.is_revoked(one.id) for one in (box, lost)] == [False, True]
    assert box.box.following.standing() == before
    world.boxes.remove(lost)
    lost.goes_down()


def test_what_the_hub_rules_is_followed_and_shown_on_the_box(world: World) -> None:
    box = world.box()
    campus = campus_of(box)
    world.hub.hub.notices.rule_days(campus, 90)
    box.night()
    ruled = box.box.campus.days_ruled()

    world.hub.hub.notices.rule_days(campus, 0)
    box.night()

    assert (90, None) == (ruled, box.box.campus.days_ruled())
