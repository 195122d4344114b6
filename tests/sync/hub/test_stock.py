"""The stock: which packs are of use, for whom, and what becomes of the others."""

from pathlib import Path

import pytest

from catalog.digest import digest_of
from sync.hub.engine import reading
from sync.hub.stock import PATCH_VERSIONS_MAX, Packed, Stock, edges_kept, edges_to
from sync.patch.format import Profile, pack_name
from sync.wire import Parcel

ROOTS = [digest_of(b"%d" % version) for version in range(10)]


def packed(to: int = 1, base: int | None = None, profile: Profile = Profile.BASE, **about: bool) -> Packed:
    from_root = None if base is None else ROOTS[base]
    name = pack_name(from_root, ROOTS[to], "core", profile)
    return Packed(Parcel("water", to, ROOTS[to], "core", name, 5, 10, from_root), profile, **about)


@pytest.fixture
def stock(hub, tmp_path) -> Stock:
    hub.fleet.campus_called("Wadi")
    return Stock(hub.engine, tmp_path / "stock")


def put(stock: Stock, *packs: Packed) -> None:
    for one in packs:
        if one.is_kept:
            (stock.folder / one.parcel.pack).write_bytes(b"QPCK!")
        stock.add(one)


def files(stock: Stock) -> set[str]:
    return {path.name for path in stock.folder.iterdir()}


def test_a_release_is_reached_from_nothing_and_from_the_versions_before_it():
    assert [(None, ROOTS[2]), (ROOTS[1], ROOTS[2]), (ROOTS[0], ROOTS[2])] == edges_to(ROOTS[2], ROOTS)
    assert [(None, ROOTS[0])] == edges_to(ROOTS[0], ROOTS)
    assert 1 + PATCH_VERSIONS_MAX == len(edges_to(ROOTS[9], ROOTS))


def test_kept_are_the_ways_to_the_latest_and_the_steps_between_the_last_versions():
    kept = edges_kept(ROOTS, [ROOTS[9]])

    assert {base for base, to in kept if to == ROOTS[9]} == {None, *ROOTS[4:9]}
    assert {(ROOTS[place], ROOTS[place + 1]) for place in range(4, 9)} <= kept
    assert 1 + PATCH_VERSIONS_MAX + (PATCH_VERSIONS_MAX - 1) == len(kept)


def test_while_the_next_version_is_built_what_leads_to_the_one_on_offer_is_kept():
    kept = edges_kept(ROOTS[:4], [ROOTS[2]])

    assert {(None, ROOTS[2]), (ROOTS[0], ROOTS[2]), (None, ROOTS[3])} <= kept


@pytest.mark.parametrize(
    ("one", "can", "expected"),
    [
        (packed(), (), True),
        (packed(1, 0), (), False),
        (packed(1, 0), ("patch",), True),
        (packed(profile=Profile.JPEG_XL), ("patch",), False),
        (packed(1, 0, Profile.JPEG_XL), ("jpeg-xl",), False),
        (packed(1, 0, Profile.JPEG_XL), ("jpeg-xl", "patch", "tomorrow"), True),
    ],
)
def test_a_pack_is_for_a_box_that_can_take_it(one, can, expected):
    assert expected is one.is_for(can)


def test_what_was_added_is_found_by_its_name_and_comes_back_as_it_was(stock):
    both = packed(), packed(1, 0, Profile.JPEG_XL)
    put(stock, *both)

    assert {one.parcel.pack: one for one in both} == stock.made()
    assert stock.folder / both[1].parcel.pack == stock.find(both[1].parcel.pack)
    assert None is stock.find("core-none")


def test_a_pack_that_was_not_worth_keeping_is_remembered_and_not_found(stock):
    put(stock, packed(1, 0, is_kept=False))

    assert [False] == [one.is_kept for one in stock.made().values()]
    assert None is stock.find(packed(1, 0).parcel.pack)


def test_a_pack_that_somebody_took_away_is_not_found_and_then_forgotten(stock):
    put(stock, packed(), packed(1, 0), packed(2, 0, is_kept=False))
    (stock.folder / packed().parcel.pack).unlink()

    assert None is stock.find(packed().parcel.pack)
    stock.forget_lost()
    assert {packed(1, 0).parcel.pack, packed(2, 0).parcel.pack} == stock.made().keys()


def test_tidying_removes_what_is_of_no_use_and_what_a_power_cut_left(stock):
    put(stock, packed(), packed(1, 0), packed(2), packed(2, 1))
    (stock.folder / ".core-half.part").write_bytes(b"QP")
    (stock.folder / ".lock").write_bytes(b"")

    stock.tidy({((None, ROOTS[2]), "core"), ((ROOTS[1], ROOTS[2]), "core"), ((None, ROOTS[1]), "video")})

    left = {packed(2).parcel.pack, packed(2, 1).parcel.pack}
    assert left == stock.made().keys()
    assert {*left, ".lock"} == files(stock)


def test_only_the_packs_of_courses_that_the_campus_wants_are_ready(hub, stock, publishes, tmp_path: Path):
    publishes("water", core={"index.html": b"Water"})
    publishes("soil", core={"index.html": b"Soil"})
    (campus,) = hub.fleet.campuses()

    with reading(hub.engine) as connection:
        ready = stock.ready(connection, campus.id, {"water"})
        of_nobody = stock.ready(connection, "nobody", {"water"})

    assert [("water", None)] == [(one.parcel.course, one.parcel.from_root) for one in ready]
    assert [] == of_nobody
