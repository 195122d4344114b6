"""What staff see of a box: what it uses, and what is on its way, by the way it really goes."""

from sync.wire import Holding
from tests.sync.hub.courses import book, film


def test_what_is_on_its_way_is_the_patch_that_the_box_will_get(hub, box, publishes):
    first = publishes(core=book(1))
    box.holdings = (Holding("water", first.root, ("core",)),)
    second = publishes(core=book(2))
    (parcel,) = box.sends().plan

    (line,) = hub.overview.boxes(hub.fleet.campuses()[0].id)

    assert (first.root, second.root) == (parcel.from_root, parcel.root)
    assert [parcel.size_bytes] == [course.size_bytes for course in line.coming]
    assert parcel.size_bytes == line.coming_bytes < 1000


def test_a_box_that_cannot_patch_has_the_whole_course_on_its_way(hub, box, publishes):
    first = publishes(core=book(1))
    box.holdings, box.can = (Holding("water", first.root, ("core",)),), ()
    publishes(core=book(2))
    (parcel,) = box.sends().plan

    (line,) = hub.overview.boxes(hub.fleet.campuses()[0].id)

    assert parcel.from_root is None
    assert parcel.size_bytes == line.coming_bytes > 1000


def test_a_course_is_one_line_though_the_box_has_two_releases_of_it(hub, box, publishes):
    first, second = publishes(core=book(1), video=film("old")), publishes(core=book(2), video=film("new"))
    box.holdings = (Holding("water", second.root, ("core",)), Holding("water", first.root, ("core", "video")))
    box.sends()

    (line,) = hub.overview.boxes(hub.fleet.campuses()[0].id)

    assert [("water", second.layers["core"].size_bytes)] == [(one.course, one.size_bytes) for one in line.holds]
