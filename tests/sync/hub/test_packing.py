"""Packs are built ahead of the asking, once, and a release is offered only when all of them are there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import Damaged
from sync.hub.hub import Hub
from sync.hub.packing import Packing


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
