"""Thirty cards on a desk: boxes that are switched on enrol by themselves, once there is a way to their hub."""

from dataclasses import replace

import pytest

from edge.birth.birth import SEED_FILE, SPENT_FILE
from edge.birth.enrolling import PAUSE_SECONDS_MAX, pause_seconds
from edge.birth.seed import Seed
from tests.edge.birth.test_seed import SEED
from tests.stories.box import CampusBox
from tests.stories.world import World
from tests.wire import ADDRESS, Crash, never_gets_there

MINUTES_OF_A_DAY = 24 * 60


def seed_for(world: World, letter: str = "a") -> Seed:
    return replace(SEED, id=letter * 16, hub=ADDRESS, token=str(world.hub.token()), settings={})


def switched_on(world: World, seed: Seed, name: str = "new") -> CampusBox:
    """A box from a fresh card: the first boot has put the seed into its folder."""
    box = world.stranger(name)
    box.goes_down()
    (box.data / SEED_FILE).write_bytes(seed.to_bytes())
    box.comes_up()
    box.wire.asked.clear()
    return box


def minute(world: World, box: CampusBox) -> bool:
    world.time.wait(60)
    return box.box.enrolling.tick(box.clock.now())


def kinds(box: CampusBox) -> list[str]:
    return [alarm.kind for alarm in box.box.alarms.standing()]


def secrets_in(box: CampusBox, seed: Seed) -> list[str]:
    """The files in which the token can still be read."""
    return [path.name for path in box.data.rglob("*") if path.is_file() and seed.token.encode() in path.read_bytes()]


def test_a_box_that_is_switched_on_enrols_by_itself_and_erases_its_token(world: World) -> None:
    seed = seed_for(world)
    box = switched_on(world, seed)

    minute(world, box)

    assert "enrolled" == box.box.birth.document()["state"]
    assert box.box.hub is not None
    assert "Wadi" == box.box.hub.campus_name
    assert 1 == len(box.wire.asked)
    assert [] == secrets_in(box, seed)
    assert seed.spent().to_bytes() == (box.data / SPENT_FILE).read_bytes() == (box.data / SEED_FILE).read_bytes()


def test_a_box_far_from_any_network_works_and_asks_ever_more_seldom(world: World) -> None:
    box = switched_on(world, seed_for(world))
    box.wire.misfortunes = [never_gets_there] * 1000

    for _ in range(MINUTES_OF_A_DAY):
        minute(world, box)

    assert 200 == box.shows("/sign-in/class")
    assert 8 <= len(box.wire.asked) <= 16
    assert ("waiting", []) == (box.box.birth.document()["state"], kinds(box))

    box.wire.misfortunes.clear()
    assert any(minute(world, box) for _ in range(PAUSE_SECONDS_MAX // 60 * 5 // 4 + 1))


def test_a_token_that_the_hub_refuses_is_said_and_asked_of_the_hub_a_few_times_a_day(world: World) -> None:
    seed = seed_for(world)
    first = switched_on(world, seed, "first")
    minute(world, first)
    second = switched_on(world, seed, "copied card")

    for _ in range(MINUTES_OF_A_DAY):
        minute(world, second)

    assert ("refused", ["token-refused"]) == (second.box.birth.document()["state"], kinds(second))
    assert len(second.wire.asked) <= 6
    assert second.box.hub is None
    assert second.id != first.id


def test_staff_who_enrol_a_refused_box_by_hand_end_the_alarm(world: World) -> None:
    seed = seed_for(world)
    minute(world, switched_on(world, seed, "first"))
    box = switched_on(world, seed, "second")
    minute(world, box)
    assert ["token-refused"] == kinds(box)

    box.enrols(world.hub.token())
    minute(world, box)

    assert ("enrolled", []) == (box.box.birth.document()["state"], kinds(box))
    assert [] == secrets_in(box, seed)


def test_a_welcome_that_is_lost_is_asked_for_again_under_the_same_name(world: World) -> None:
    seed = seed_for(world)
    box = switched_on(world, seed)
    box.wire.misfortunes = [box.loses_power_after]

    with pytest.raises(Crash):
        minute(world, box)
    box.comes_up_after_the_cut()
    for _ in range(2):
        minute(world, box)

    assert "enrolled" == box.box.birth.document()["state"]
    assert [box.id] == [state.id for state in world.hub.hub.fleet.boxes()]


def test_a_box_may_lose_its_power_at_any_commit_while_it_enrols(world: World) -> None:
    for moments in range(1, 9):
        seed = seed_for(world, "abcdefghi"[moments])
        box = switched_on(world, seed, f"number {moments}")
        box.moments_until_dark = moments
        try:
            minute(world, box)
        except Crash:
            box.comes_up_after_the_cut()
        box.moments_until_dark = None
        for _ in range(2):
            minute(world, box)

        assert ("enrolled", []) == (box.box.birth.document()["state"], secrets_in(box, seed)), moments


def test_secrets_that_a_cut_left_go_at_the_next_start(world: World) -> None:
    """The box was welcomed and lost its power before it wrote; and between the two files that it writes."""
    for name, leaves in {"neither": [], "the card's": [SPENT_FILE]}.items():
        seed = seed_for(world, "b" if name == "neither" else "c")
        box = switched_on(world, seed, name)
        minute(world, box)
        for file in (SEED_FILE, SPENT_FILE):
            if file not in leaves:
                (box.data / file).unlink()
        (box.data / SEED_FILE).write_bytes(seed.to_bytes())
        box.restarts()

        minute(world, box)

        assert [] == secrets_in(box, seed)
        assert (box.data / SPENT_FILE).read_bytes() == seed.spent().to_bytes()


def test_thirty_boxes_of_one_desk_do_not_ask_in_one_second() -> None:
    names = [f"box-{number}" for number in range(30)]

    assert len({pause_seconds(name, 8) for name in names}) > 25
    for failures in range(1, 40):
        whole = min(PAUSE_SECONDS_MAX, 60 << min(failures - 1, 16))
        assert all(whole * 3 // 4 <= pause_seconds(name, failures) <= whole * 5 // 4 for name in names)
