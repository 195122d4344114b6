"""Who gets what of a course, and when: chosen, scheduled, kept back, withdrawn, and what it will cost first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from catalog.about import About
from catalog.manifest import Release
from sync.hub import editions
from sync.hub.campus.notices import BudgetSent
from sync.hub.drafts.cost import nights_for
from sync.hub.drafts.draft import Choice
from sync.hub.engine import writing
from sync.hub.hub import Hub
from sync.hub.stock import FORMER_KEPT_SECONDS
from sync.wire import Holding
from tests.sync.hub.courses import book, film
from tests.sync.hub.drafts.conftest import drafts as drafts
from tests.sync.hub.drafts.conftest import imported as imported
from tests.sync.hub.drafts.conftest import site

Box = Any
Publishes = Callable[..., Release]
DAY_SECONDS = 86_400


def versions_planned(box: Box) -> list[int]:
    return sorted({parcel.version for parcel in box.sends().plan})


def chosen(hub: Hub, course: str, **choice: Any) -> None:
    with writing(hub.engine) as connection:
        editions.choose(connection, course, Choice(**choice), hub.clock.now().wall_seconds)


# ---- when ----


def test_a_release_with_a_time_reaches_no_box_before_and_every_box_after(
    hub: Hub, box: Box, imported: Callable[..., str], clock: Any
) -> None:
    draft = imported("water", {"water.zip": site("Water")})
    due_seconds = clock.wall_seconds + 2 * DAY_SECONDS
    one = hub.drafts.find(draft)
    hub.drafts.say(draft, one.about, replace(one.choice, due_seconds=due_seconds))
    release, _ = hub.publishing.publish_draft(hub.drafts.find(draft))

    hub.packing.build_missing()
    before = (list(box.sends().plan), hub.packing.offers(), hub.publishing.due_seconds(release.root))
    clock.passes(2 * DAY_SECONDS - 1)
    hub.packing.build_missing()
    at_the_last_second = list(box.sends().plan)
    clock.passes(1)
    hub.packing.build_missing()

    assert ([], [], due_seconds) == before
    assert [] == at_the_last_second
    assert ["water"] == [parcel.course for parcel in box.sends().plan]
    assert hub.publishing.due_seconds(release.root) is None


def test_until_its_time_the_version_before_is_still_given_whole(
    hub: Hub, box: Box, publishes: Publishes, clock: Any
) -> None:
    """And what leads to it is not tidied away, nor what was built ahead."""
    publishes("water", core=book(1))
    second = record_later(hub, "water", book(2), clock.wall_seconds + 5 * DAY_SECONDS)
    clock.passes(FORMER_KEPT_SECONDS + 1)
    hub.packing.build_missing()

    assert [1] == versions_planned(box)
    packs = {path.name for path in hub.packing.folder.iterdir()}
    assert any(second.root[2:20] in name for name in packs), "packed ahead"
    clock.passes(4 * DAY_SECONDS)
    hub.packing.build_missing()
    assert [2] == versions_planned(box)


def record_later(hub: Hub, course: str, files: dict[str, bytes], due_seconds: int) -> Release:
    """A version that has a time."""
    from tests.sync.hub.courses import record

    release = record(hub, course, {"core": files})
    with writing(hub.engine) as connection:
        editions.schedule(connection, release.root, course, due_seconds)
    hub.packing.build_missing()
    return release


# ---- who ----


def test_a_chosen_campus_gets_the_course_and_the_others_do_not(
    hub: Hub, box: Box, new_box: Callable[[], Box], publishes: Publishes
) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Coast")))
    wadi = next(campus.id for campus in hub.fleet.campuses() if campus.name == "Wadi")
    chosen(hub, "water", campuses=(wadi,))

    publishes("water", core=book(1))
    hub.fleet.campus_called("A new one")

    assert ([1], []) == (versions_planned(box), versions_planned(other))
    assert (wadi,) == hub.publishing.choice_of("water").campuses


def test_a_campus_takes_the_layers_that_were_chosen_for_it(hub: Hub, box: Box, publishes: Publishes) -> None:
    publishes("water", core=book(1), audio=film("sound"), **{"video-360": film("small"), "video-480": film("large")})
    (campus,) = hub.fleet.campuses()
    chosen(hub, "water", layers={campus.id: ("audio", "video-360")})

    assert ["audio", "core", "video-360"] == sorted(parcel.layer for parcel in box.sends().plan)
    chosen(hub, "water", layers={campus.id: ()})
    assert ["core"] == [parcel.layer for parcel in box.sends().plan]


def test_sound_in_a_language_that_nobody_reads_there_does_not_come(hub: Hub, box: Box, publishes: Publishes) -> None:
    publishes("water", core=book(1), **{"audio-en": film("en"), "audio-ar": film("ar"), "captions-fr": book(3)})
    (campus,) = hub.fleet.campuses()

    hub.publishing.subscribe(campus.id, ["en", "fr"])

    assert ["audio-en", "captions-fr", "core"] == sorted(parcel.layer for parcel in box.sends().plan)


def test_a_box_is_told_of_what_it_holds_and_should_not_and_of_nothing_else(
    hub: Hub, box: Box, publishes: Publishes
) -> None:
    water, sand = publishes("water", core=book(1)), publishes("sand", core=book(1, "sand"))
    box.holdings = (Holding("water", water.root, ("core",)), Holding("sand", sand.root, ("core",)))
    box.sends()

    hub.publishing.withdraw("water")

    assert ("water",) == tuple(box.sends().withdrawn)
    box.holdings = box.holdings[1:]
    assert () == tuple(box.sends().withdrawn)
    hub.publishing.choose("water", None)
    answer = box.sends()
    assert ((), ["water"]) == (tuple(answer.withdrawn), [parcel.course for parcel in answer.plan])


def test_what_is_withdrawn_stays_so_when_a_new_version_is_published(hub: Hub, box: Box, publishes: Publishes) -> None:
    publishes("water", core=book(1))
    hub.publishing.withdraw("water")

    publishes("water", core=book(2))
    hub.fleet.campus_called("A new one")

    assert [] == versions_planned(box)
    assert () == hub.publishing.choice_of("water").campuses


def test_who_was_taken_a_course_gets_no_new_version_of_it_and_others_keep_to_their_languages(
    hub: Hub, box: Box, new_box: Callable[[], Box], imported: Callable[..., str]
) -> None:
    """Taken from one campus, a course is still for all others, and for those to come."""
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Coast")))
    wadi = next(campus for campus in hub.fleet.campuses() if campus.name == "Wadi")
    hub.publishing.publish_draft(hub.drafts.find(imported("water", {"a.zip": site("Water")})))
    hub.publishing.withdraw("water", [wadi.id])

    draft = hub.drafts.find(imported("water", {"a.zip": site("Water again")}))
    hub.publishing.publish_draft(draft)
    hub.packing.build_missing()

    assert ([], [2]) == (versions_planned(box), versions_planned(other))
    assert (None, (wadi.id,)) == (draft.choice.campuses, hub.publishing.choice_of("water").without)
    assert ["Coast"] == [
        cost.campus.name for cost in hub.publishing.costs(hub.drafts.find(imported("water", {"b.zip": site("3")})))
    ]
    late = new_box()
    late.enrols(hub.fleet.make_token(hub.fleet.campus_called("A new one")))
    assert [2] == versions_planned(late)


def test_a_campus_keeps_its_version_until_its_day(
    hub: Hub, box: Box, new_box: Callable[[], Box], publishes: Publishes, clock: Any
) -> None:
    first = publishes("water", core=book(1))
    (campus,) = hub.fleet.campuses()
    until_seconds = clock.wall_seconds + 3 * DAY_SECONDS
    chosen(hub, "water", holds={campus.id: until_seconds})
    for edition in range(2, 9):
        publishes("water", core=book(edition))
        clock.passes(FORMER_KEPT_SECONDS // 8)
    late = new_box()
    late.enrols(hub.fleet.make_token(campus))

    box.holdings = (Holding("water", first.root, ("core",)),)
    assert [] == versions_planned(box)
    assert [1] == versions_planned(late), "what leads to it is kept"
    clock.passes(3 * DAY_SECONDS)
    hub.packing.build_missing()
    assert 8 in versions_planned(box)


def test_a_campus_that_keeps_a_version_keeps_that_one_whatever_is_published_meanwhile(
    hub: Hub, box: Box, publishes: Publishes, clock: Any
) -> None:
    publishes("water", core=book(1))
    (campus,) = hub.fleet.campuses()
    chosen(hub, "water", holds={campus.id: clock.wall_seconds + 3 * DAY_SECONDS})
    publishes("water", core=book(2))

    chosen(hub, "water", holds={campus.id: clock.wall_seconds + 5 * DAY_SECONDS})
    hub.packing.build_missing()

    assert [1] == versions_planned(box)
    chosen(hub, "water")
    assert [2] == versions_planned(box)


# ---- what it costs ----


def test_what_it_costs_is_what_then_goes_over_the_wire(
    hub: Hub, box: Box, new_box: Callable[[], Box], imported: Callable[..., str]
) -> None:
    """To a few bytes: the release has a number only once it is published."""
    pages = {"water.zip": site("Water", *(f"{number}.html" for number in range(40)))}
    first = hub.publishing.publish_draft(hub.drafts.find(imported("water", pages)))[0]
    hub.packing.build_missing()
    box.holdings = (Holding("water", first.root, ("core",)),)
    box.sends()
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campus_called("Coast")))
    other.sends()
    hub.fleet.campus_called("Empty")
    more = {"water.zip": site("Water", *(f"{number}.html" for number in range(41)))}

    draft = hub.drafts.find(imported("water", more))
    costs = {cost.campus.name: cost for cost in hub.publishing.costs(draft)}
    hub.publishing.publish_draft(draft)
    hub.packing.build_missing()

    came = {
        name: sum(parcel.size_bytes for parcel in one.sends().plan)
        for name, one in {"Wadi": box, "Coast": other}.items()
    }
    assert costs["Wadi"].is_patch
    assert not costs["Coast"].is_patch
    assert all(abs(costs[name].each_bytes - size_bytes) < 60 for name, size_bytes in came.items()), (costs, came)
    assert 3 * came["Wadi"] < came["Coast"]
    assert (0, costs["Coast"].each_bytes, None) == (
        costs["Empty"].boxes,
        costs["Empty"].each_bytes,
        costs["Empty"].nights,
    )


def test_nights_follow_from_what_the_campus_agreed_to() -> None:
    accepted = BudgetSent({"night_mb": 10, "window": "01:00-05:00"}, True)

    assert (0, 1, 11) == tuple(nights_for(size, accepted, "box") for size in (0, 5_000_000, 100_000_000))
    slow = BudgetSent({"rate_kbit": 64}, True)
    assert 1 < (nights_for(300_000_000, slow, "box") or 0) < 5
    assert nights_for(5_000_000, None, "box") is None
    assert nights_for(5_000_000, BudgetSent({"night_mb": 10}, None), "box") is None, "nobody agreed yet"


def test_a_second_language_is_weighed_by_what_its_family_brings(
    hub: Hub, box: Box, imported: Callable[..., str]
) -> None:
    shared = film(size_bytes=200_000)["film.mp4"]
    english = imported("water-en", {"en.zip": site("Water", film=shared)}, family="water")
    release = hub.publishing.publish_draft(hub.drafts.find(english))[0]
    hub.packing.build_missing()
    box.holdings = (Holding("water-en", release.root, ("core",)),)
    box.sends()

    arabic = imported("water-ar", {"ar.zip": site("الماء", film=shared)}, family="water", languages=("ar",))

    (cost,) = hub.publishing.costs(hub.drafts.find(arabic))
    assert cost.is_patch
    assert cost.each_bytes < 2000


# ---- what an update does ----


def test_who_is_in_the_middle_of_what_goes_is_counted_by_campus_without_a_name(
    hub: Hub, box: Box, imported: Callable[..., str]
) -> None:
    first = imported("water", {"a.zip": site("Unit"), "b.zip": site("Extra")})
    hub.publishing.publish_draft(hub.drafts.find(first))
    for learner, kind in (("amina", "opened"), ("badr", "completed"), ("sahra", "progressed")):
        more = {"permille": 500, "path": "x"} if kind == "progressed" else {"path": ""} if kind == "opened" else {}
        box.writes(kind, learner, course="water", version=1, activity="site-2", **more)
    box.sends()

    draft = hub.drafts.find(imported("water", {"c.zip": site("Something else")}))
    update = hub.publishing.update(draft)

    assert update is not None
    assert ["site-2"] == [activity.id for activity in update.changes.gone]
    (met,) = update.met["site-2"]
    assert ("Wadi", 2, 1) == (met.campus, met.begun, met.finished)
    assert "amina" not in str(update.document({}))


def test_the_first_version_changes_nothing(hub: Hub, imported: Callable[..., str]) -> None:
    assert hub.publishing.update(hub.drafts.find(imported("water", {"a.zip": site("Unit")}))) is None


@pytest.mark.parametrize("moved", [{"site": "film"}, {"none": "site"}, {"site-2": "nowhere"}])
def test_what_cannot_have_moved_is_refused(hub: Hub, imported: Callable[..., str], moved: dict[str, str]) -> None:
    first = imported("water", {"a.zip": site("Unit"), "b.zip": site("Extra")})
    hub.publishing.publish_draft(hub.drafts.find(first))
    draft = hub.drafts.find(imported("water", {"c.zip": site("Unit")}))
    hub.drafts.say(draft.id, replace(draft.about, moved=moved), draft.choice)

    with pytest.raises(Exception, match="is no activity of the"):
        hub.publishing.publish_draft(hub.drafts.find(draft.id))

    assert 1 == len(hub.catalog.releases.versions("water"))


def test_going_back_undoes_what_moved(hub: Hub, box: Box, imported: Callable[..., str]) -> None:
    def published(moved: dict[str, str], *files: str) -> Release:
        draft = hub.drafts.find(imported("water", {f"{name}.zip": site(name) for name in files}))
        hub.drafts.say(draft.id, replace(draft.about, moved=moved), draft.choice)
        release = hub.publishing.publish_draft(hub.drafts.find(draft.id))[0]
        hub.packing.build_missing()
        return release

    published({}, "Unit", "Extra")
    box.writes("completed", "amina", course="water", version=1, activity="site-2")
    box.sends()
    published({"site-2": "site"}, "Extra")
    (campus,) = hub.fleet.campuses()

    def activities() -> list[str]:
        return [place.activity for line in hub.progress.of_campus(campus.id)["water"] for place in line.places]

    assert ["site"] == activities()
    back = hub.publishing.roll_back("water")
    hub.packing.build_missing()
    assert (3, 1) == (back.version, back.provenance["rolled_back_to"])
    assert ["site"] == activities(), "`site` is an activity of that version too: nobody can say whose place it is"


def test_there_is_no_going_back_from_the_first_version(hub: Hub, publishes: Publishes) -> None:
    publishes("water", core=book(1))

    with pytest.raises(Exception, match="no former version"):
        hub.publishing.roll_back("water")
    with pytest.raises(editions.NoSuchCourse):
        hub.publishing.roll_back("none")


def test_words_that_cannot_stand_are_refused_in_words() -> None:
    for said in (
        {"title": {"en": "x" * 201}},
        {"languages": ("not a tag",)},
        {"family": "A B"},
        {"subjects": ("x",) * 1 + tuple(map(str, range(20)))},
    ):
        with pytest.raises(Exception, match=r"too long|no language|cannot be called|at most"):
            About.written(**said)
