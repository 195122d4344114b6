"""Packs are built ahead of the asking, once, and a release is offered only when all of them are there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import BoxFault, Damaged
from sync.hub.hub import Hub
from sync.hub.packing import Packing
from sync.hub.stock import FORMER_KEPT_SECONDS
from sync.patch.format import pack_name
from tests.sync.hub.courses import book, film, record


def packs(hub: Hub) -> list[str]:
    return sorted(path.name for path in hub.packing.folder.iterdir() if not path.name.startswith("."))


def test_what_is_built_is_not_built_again(hub: Hub, lesson: Path) -> None:
    hub.publish([lesson])
    before = [(hub.packing.folder / name).stat().st_mtime_ns for name in packs(hub)]

    assert 0 == hub.packing.build_missing()
    assert before == [(hub.packing.folder / name).stat().st_mtime_ns for name in packs(hub)]


def test_a_hub_that_died_between_pack_and_offer_goes_on(hub: Hub, lesson: Path, clock: Any) -> None:
    """The pack's file was in its place, and the power went before the database heard of it."""
    release = hub.publish([lesson]).release
    (name,) = packs(hub)
    other = Hub.open(hub.data, clock, lambda count: bytes(count), "sqlite:///" + str(hub.data / "other.db"))

    assert 1 == other.packing.build_missing()
    assert [release.root] == [offer.root for offer in other.packing.offers()]
    assert [name] == packs(other)
    other.close()


def test_a_new_version_takes_the_place_of_the_former_in_every_plan(hub: Hub, box: Any, lesson: Path) -> None:
    hub.publish([lesson], course="water")
    (lesson / "index.html").write_text("<!doctype html><title>Water</title><p>Water found its way.</p>")
    second = hub.publish([lesson], course="water").release

    assert [(2, second.root)] == [(parcel.version, parcel.root) for parcel in box.sends().plan]


def test_the_pack_of_a_former_version_can_still_be_fetched(hub: Hub, box: Any, lesson: Path) -> None:
    """A box is in the middle of a pack when the next version is published."""
    hub.publish([lesson], course="water")
    (former,) = box.sends().plan
    (lesson / "index.html").write_text("<!doctype html><title>Water</title><p>Water found its way.</p>")
    hub.publish([lesson], course="water")

    assert hub.packing.folder / former.pack == hub.packing.find(former.pack)


def test_what_a_release_leaves_behind_goes_when_the_night_is_over(hub: Hub, box: Any, lesson: Path, clock: Any) -> None:
    hub.publish([lesson], course="water")
    (former,) = box.sends().plan
    (lesson / "index.html").write_text("<!doctype html><title>Water</title><p>Water found its way.</p>")
    latest = hub.publish([lesson], course="water").release
    clock.passes(FORMER_KEPT_SECONDS)

    hub.packing.build_missing()

    assert None is hub.packing.find(former.pack)
    assert former.pack not in packs(hub)
    assert pack_name(None, latest.root, "core") in packs(hub)


def test_the_patch_from_the_version_before_is_there_before_the_release_is_offered(
    hub: Hub, publishes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publishes(core=book(1))
    second = record(hub, "water", {"core": book(2)})
    at_offer: list[str] = []
    make = hub.packing._offers.make
    monkeypatch.setattr(hub.packing._offers, "make", lambda *about: at_offer.extend(packs(hub)) or make(*about))

    hub.packing.build_missing()

    assert {pack_name(base, second.root, "core") for base in (None, first.root)} <= set(at_offer)


def test_a_patch_is_said_to_need_room_for_what_is_new_only(hub: Hub, publishes: Any) -> None:
    first = publishes(core=book(1))
    second = publishes(core=book(2))

    made = hub.packing._stock.made()
    full, patch = (made[pack_name(base, second.root, "core")].parcel for base in (None, first.root))

    assert (sum(map(len, book(2).values())), len(book(2)["page-0.html"])) == (full.disk_bytes, patch.disk_bytes)
    assert patch.size_bytes * 10 < full.size_bytes


def test_a_patch_that_saves_nothing_is_made_once_and_not_kept(hub: Hub, publishes: Any) -> None:
    first = publishes(core=film("one"))
    second = publishes(core=film("another"))
    name = pack_name(first.root, second.root, "core")
    before = hub.packing._stock.made()

    hub.packing.build_missing()

    assert name not in packs(hub)
    assert not before[name].is_kept
    assert before == hub.packing._stock.made()


def test_a_release_whose_patch_cannot_be_built_is_offered_all_the_same(hub: Hub, publishes: Any) -> None:
    """The former version's file rots at the hub; the new version is whole, and boxes get it in full."""
    first = publishes(core=book(1))
    (layer,) = hub.catalog.releases.layers(first.root)
    changed = next(entry for entry in layer.entries if entry.path == "page-0.html")
    hub.catalog.store.path(changed.digest).unlink()
    second = record(hub, "water", {"core": book(2)})

    with pytest.raises(BoxFault, match="lost"):
        hub.packing.build_missing()

    assert [second.root] == [offer.root for offer in hub.packing.offers()]


def test_packs_that_somebody_took_away_are_made_again(hub: Hub, publishes: Any) -> None:
    first, second = publishes(core=book(1)), publishes(core=book(2))
    names = {pack_name(base, second.root, "core") for base in (None, first.root)}
    for name in names:
        (hub.packing.folder / name).unlink()

    hub.packing.build_missing()

    assert names <= set(packs(hub))


def test_a_layer_that_stayed_the_same_is_not_packed_again(hub: Hub, publishes: Any) -> None:
    """Its full pack goes on to serve; a step of a few bytes leads from the release that it was made for."""
    first = publishes(core=book(1), video=film())
    second = publishes(core=book(2), video=film())
    third = publishes(core=book(3), video=film())

    films = {name for name in packs(hub) if name.startswith("video")}
    steps = {pack_name(first.root, to.root, "video") for to in (second, third)}
    assert {pack_name(None, first.root, "video"), *steps} == films
    assert all((hub.packing.folder / step).stat().st_size < 500 for step in steps)


def test_a_core_that_stayed_the_same_has_a_patch_for_the_new_words(hub: Hub, publishes: Any) -> None:
    first = publishes(core=book(1))
    second = publishes(core=book(1), video=film())

    assert (hub.packing.folder / pack_name(first.root, second.root, "core")).stat().st_size < 600


class FivePerMille:
    """Stands where `cjxl` is: it takes a few bytes off every picture, and gives them back."""

    can_pack = True

    def __init__(self) -> None:
        self.pictures = 0

    def pack(self, jpeg: bytes) -> bytes:
        self.pictures += 1
        return jpeg[len(jpeg) // 20 :]


def picture(seed: str) -> bytes:
    return b"\xff\xd8\xff" + film(seed)["film.mp4"]


def profiles(hub: Hub) -> list[tuple[bool, int]]:
    """Every pack that is kept: whether it is a patch, and its profile."""
    made = hub.packing._stock.made().values()
    return sorted((one.parcel.from_root is not None, one.profile) for one in made if one.is_kept)


def test_pictures_are_packed_smaller_for_boxes_that_can_unpack_them(hub: Hub, clock: Any) -> None:
    codec: Any = FivePerMille()
    packing = Packing(hub.catalog, hub.engine, hub.packing.folder, clock, codec)
    record(hub, "water", {"core": book(1) | {"well.jpg": picture("one")}})
    packing.build_missing()
    record(hub, "water", {"core": book(1) | {"well.jpg": picture("another")}})
    packing.build_missing()

    assert [(False, 1), (False, 1), (False, 2), (False, 2), (True, 1), (True, 2)] == profiles(hub)


def test_a_course_without_pictures_has_one_profile(hub: Hub, clock: Any) -> None:
    codec: Any = FivePerMille()
    record(hub, "water", {"core": book(1)})

    Packing(hub.catalog, hub.engine, hub.packing.folder, clock, codec).build_missing()

    assert [(False, 1)] == profiles(hub)
    assert 0 == codec.pictures


def test_a_campus_made_later_wants_what_was_published_before(hub: Hub, lesson: Path, new_box: Any) -> None:
    hub.publish([lesson], course="water")
    late = new_box()
    late.enrols(hub.fleet.make_token(hub.fleet.campus_called("Late")))

    assert ["water"] == [parcel.course for parcel in late.sends().plan]


def test_a_course_that_cannot_be_packed_does_not_stop_the_others(hub: Hub, tmp_path: Path) -> None:
    for name in ("apples", "water"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "index.html").write_text(f"<!doctype html><title>{name}</title><p>{name}</p>")
        hub.publishing.publish([folder], course=name)
    apples = hub.catalog.releases.latest("apples")
    assert apples is not None
    (layer,) = hub.catalog.releases.layers(apples.root)
    hub.catalog.store.path(layer.entries[0].digest).write_bytes(b"rotten")

    with pytest.raises(Damaged):
        hub.packing.build_missing()

    assert ["water"] == [offer.course for offer in hub.packing.offers()]


def test_two_processes_build_in_turn_and_offer_once(hub: Hub, lesson: Path, clock: Any) -> None:
    hub.publishing.publish([lesson], course="water")
    beside = [Packing(hub.catalog, hub.engine, hub.packing.folder, clock) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        offered = list(pool.map(Packing.build_missing, beside))

    assert [0, 0, 0, 1] == sorted(offered)
    assert ["water"] == [offer.course for offer in hub.packing.offers()]


def test_the_thread_ends_when_it_is_told_to(hub: Hub) -> None:
    hub.start()

    hub.packing.close()

    assert "packing" not in [thread.name for thread in threading.enumerate()]
