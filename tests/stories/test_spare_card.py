"""A box dies, and the spare card in its lid takes its place: what the hub or a backup had is all there, once."""

from pathlib import Path

import httpx
import pytest

from catalog.fault import Fault
from edge.keeping.backup import back_up
from edge.keeping.restore import restore
from edge.keeping.sealing import Lock
from edge.works import adopt
from sync.enrolment import TokenRefused
from sync.hub.keeping.adoptions import LASTS_SECONDS, TRIES_MAX
from sync.link import NotTheHub
from tests.stories.box import CampusBox, answered_in
from tests.stories.world import World
from tests.wire import ADDRESS, Ask

pytestmark = pytest.mark.slow

WORDS = "six goats and a well that is deep"


def code_for(world: World, box: CampusBox) -> str:
    return world.hub.hub.adoptions.make(box.id, "Rana").code


def lost_on_the_way_back(request: httpx.Request, answer: Ask) -> httpx.Response:
    answer(request)
    raise httpx.ReadError("the link went down", request=request)


def burns(world: World, box: CampusBox) -> None:
    """The box is gone for good, and its card with it."""
    box.goes_down()
    world.boxes.remove(box)


def takes_place(spare: CampusBox, code: str) -> None:
    adopt(spare.box, {"hub": ADDRESS, "code": code})


def roster(box: CampusBox) -> list[tuple[str, list[str]]]:
    people = box.box.people
    return [(one.name, [learner.name for learner in people.learners(one.id)]) for one in people.classrooms()]


def test_a_spare_card_stands_for_a_dead_box_and_all_that_the_hub_had_comes_home(world: World) -> None:
    """The old box burns. Whoever stands there puts the spare card in and types ten letters."""
    old = world.box("hill school")
    amina, badr = old.learner("Amina Daher"), old.learner("Badr Ali")
    for learner in (amina, badr, amina):
        learner.answers()
    old.box.learning.reached_second(amina.id, "water", 1, "film", 300, 900)
    old.night()
    burns(world, old)
    spare = world.stranger("spare")

    takes_place(spare, code_for(world, old))
    world.quiet_nights()

    here = spare.box
    assert [("Grade 8 B", ["Amina Daher", "Badr Ali"])] == roster(spare)
    assert [2, 1] == [len(here.learning.answers(one.id, "water")) for one in (amina, badr)]
    place = here.learning.place(amina.id, "water", "film")
    assert place is not None
    assert 300 == place.seconds
    state = {one.id: one for one in world.hub.hub.fleet.boxes()}
    assert (True, spare.id) == (state[old.id].is_revoked, state[old.id].replaced_by)
    assert ["replaced", "adoption-code"] == [one.act for one in world.hub.hub.keeping.audit.lines(count=2)]
    boxes = (old.id, spare.id)
    items = [item for box in boxes for item in answered_in(world.hub.events(box))]
    assert sorted(set(items)) == sorted(items)
    assert 3 == len(items)


def test_what_learners_do_afterwards_is_the_spares_own(world: World) -> None:
    old = world.box("hill school")
    amina = old.learner("Amina Daher")
    amina.answers()
    old.night()
    burns(world, old)
    spare = world.stranger("spare")
    takes_place(spare, code_for(world, old))
    world.quiet_nights()

    spare.somebody(amina.id).answers()
    world.quiet_nights()

    assert 2 == len(spare.box.learning.answers(amina.id, "water"))
    assert [1, 1] == [len(answered_in(world.hub.events(one))) for one in (old.id, spare.id)]


def test_with_a_backup_even_what_was_never_sent_is_back(world: World, tmp_path: Path) -> None:
    """The stick with the backup is there: then the box itself goes on, on the spare card, and needs no code."""
    old = world.box("hill school")
    amina = old.learner("Amina Daher")
    amina.answers()
    old.night()
    amina.answers()
    back_up(old.box, tmp_path / "stick.age", Lock(passphrase=WORDS), with_courses=False)
    old.goes_down()

    restore(tmp_path / "card", tmp_path / "stick.age", None, WORDS, old.clock)
    old.runs_from(tmp_path / "card")
    world.quiet_nights()

    assert 2 == len(old.box.learning.answers(amina.id, "water"))
    items = answered_in(world.hub.events(old.id))
    assert (2, 2) == (len(items), len(set(items)))


def test_an_answer_that_is_lost_on_the_way_costs_one_try(world: World) -> None:
    old = world.box("hill school")
    burns(world, old)
    spare, code = world.stranger("spare"), code_for(world, old)
    spare.wire.misfortunes.append(lost_on_the_way_back)

    with pytest.raises(Fault):
        takes_place(spare, code)
    takes_place(spare, code)

    assert spare.id == world.hub.state(old.id).replaced_by


def test_a_welcome_that_is_lost_is_asked_for_again(world: World) -> None:
    """The hub has changed the boxes over, and the spare does not know: the same code, typed again, tells it."""
    old = world.box("hill school")
    burns(world, old)
    spare, code = world.stranger("spare"), code_for(world, old)
    spare.wire.misfortunes.extend([None, lost_on_the_way_back])

    with pytest.raises(Fault):
        takes_place(spare, code)
    takes_place(spare, code)

    assert spare.id == world.hub.state(old.id).replaced_by
    assert spare.box.hub is not None


def test_a_wrong_letter_is_no_way_in_and_costs_a_try(world: World) -> None:
    old = world.box("hill school")
    spare, code = world.stranger("spare"), code_for(world, old)
    wrong = code[:-1] + ("C" if code[-1] != "C" else "D")

    for _ in range(TRIES_MAX):
        with pytest.raises(NotTheHub):
            takes_place(spare, wrong)

    with pytest.raises(TokenRefused):
        takes_place(spare, code)
    assert spare.box.hub is None
    assert not world.hub.state(old.id).is_revoked


def test_a_code_is_good_for_one_box_and_one_day(world: World) -> None:
    old = world.box("hill school")
    first, second, third = (world.stranger(name) for name in ("first", "second", "third"))
    code = code_for(world, old)
    takes_place(first, code)

    with pytest.raises(TokenRefused):
        takes_place(second, code)

    late = code_for(world, first)
    world.time.wait(LASTS_SECONDS)
    with pytest.raises(TokenRefused):
        takes_place(third, late)


def test_a_new_code_for_the_same_box_makes_the_former_worth_nothing(world: World) -> None:
    old = world.box("hill school")
    former, newer = code_for(world, old), code_for(world, old)
    spare = world.stranger("spare")

    with pytest.raises(TokenRefused):
        takes_place(spare, former)
    takes_place(spare, newer)

    assert spare.id == world.hub.state(old.id).replaced_by
