"""What should travel, by which way, in which order, and what a small disk leaves out."""

from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import digest_of
from catalog.manifest import Outline
from sync.plan import (
    DISK_SPARE_BYTES,
    REQUEST_BYTES,
    Lane,
    chosen,
    first_routes,
    in_order,
    incomplete,
    lane_of,
    parcels_for,
    route,
    siblings_first,
)
from sync.wire import Holding, Parcel

MIB = 1 << 20


def root_of(course, version):
    return digest_of(f"{course} {version}".encode())


def release(course, version=1, *layers, **same_as):
    """A release; each of its layers is new, or `same_as` that of an earlier version."""
    names = layers or ("core",)
    roots = {name: digest_of(f"{course} {version} {name}".encode()) for name in names}
    kept = {name: digest_of(f"{course} {former} {name}".encode()) for name, former in same_as.items()}
    return Outline(course, version, root_of(course, version), roots | kept)


def full(course, version=1, layer="core", size=1000):
    name = f"{layer}-{course}-{version}-full"
    return Parcel(course, version, root_of(course, version), layer, name, size, 2 * size)


def patch(course, base, version, layer="core", size=100):
    name = f"{layer}-{course}-{version}-{base}"
    return Parcel(course, version, root_of(course, version), layer, name, size, size, root_of(course, base))


def held(course, version, *layers):
    return Holding(course, root_of(course, version), layers or ("core",))


def plan_for(wanted, holdings, *ready, known=()):
    return parcels_for(wanted, holdings, ready, {one.root: one for one in known})


def parcel(course, layer="core", size=MIB):
    return Parcel(course, 1, digest_of(course.encode()), layer, f"{layer}-{course}", size, size)


def names(parcels):
    return [(one.course, one.layer) for one in parcels]


def packs(parcels):
    return [one.pack for one in parcels]


def choice_of(plan, free_bytes, is_held=(), spooled=None, **choices):
    return chosen(plan, free_bytes + DISK_SPARE_BYTES, is_held, lambda pack: (spooled or {}).get(pack, 0), **choices)


def taken(plan, free_bytes, is_held=(), spooled=None, **choices):
    choice = choice_of(plan, free_bytes, is_held, spooled, **choices)
    return names(choice.take), [one.sentence for one in choice.skipped]


# ---- what a box lacks ----


def test_a_new_box_gets_all_cores_before_the_first_video():
    water, soil = release("water", 1, "core", "video-360"), release("soil", 1, "core", "video-360", "audio")
    ready = [
        full("water", size=900), full("water", layer="video-360", size=50), full("soil", size=100),
        full("soil", layer="video-360", size=20), full("soil", layer="audio", size=80),
    ]  # fmt: skip

    plan = plan_for([water, soil], [], *ready)

    assert [
        ("soil", "core"), ("water", "core"), ("soil", "audio"), ("soil", "video-360"), ("water", "video-360"),
    ] == names(plan)  # fmt: skip


def test_what_is_held_is_not_sent_again():
    water = release("water", 1, "core", "video")

    plan = plan_for([water], [held("water", 1, "core")], full("water"), full("water", layer="video"))

    assert [("water", "video")] == names(plan)


def test_an_older_release_held_does_not_stand_for_the_new_one():
    plan = plan_for([release("water", 2)], [held("water", 1)], full("water", 2))

    assert [2] == [one.version for one in plan]


def test_a_pack_that_is_not_built_yet_is_left_to_the_next_report():
    assert [] == plan_for([release("water")], [])


def test_a_film_that_stayed_the_same_is_not_sent():
    old = release("water", 1, "core", "video")
    new = release("water", 2, "core", video=1)
    ready = [patch("water", 1, 2), full("water", 2), full("water", 2, "video", MIB)]

    plan = plan_for([new], [held("water", 1, "core", "video")], *ready, known=[old, new])

    assert [("water", "core")] == names(plan)


def test_a_film_that_stayed_the_same_is_sent_to_a_box_that_never_had_it():
    old, new = release("water", 1, "core", "video"), release("water", 2, "core", video=1)

    plan = plan_for([new], [held("water", 1)], patch("water", 1, 2), full("water", 2, "video"), known=[old, new])

    assert ["core-water-2-1", "video-water-2-full"] == packs(plan)


def test_a_core_that_stayed_the_same_is_sent_for_its_new_words():
    old, new = release("water", 1), release("water", 2, core=1)

    plan = plan_for([new], [held("water", 1)], patch("water", 1, 2), full("water", 2), known=[old, new])

    assert ["core-water-2-1"] == packs(plan)


def test_a_film_is_sent_to_a_box_that_has_the_new_core_and_did_not_take_it_over():
    """Its copy was found rotten, say: the hub must not wait for ever for what the box cannot do."""
    old, new = release("water", 1, "core", "video"), release("water", 2, "core", video=1)
    holdings = [held("water", 2), held("water", 1, "core", "video")]

    plan = plan_for([new], holdings, full("water", 2), full("water", 2, "video"), known=[old, new])

    assert ["video-water-2-full"] == packs(plan)


def test_of_a_release_that_the_hub_does_not_know_nothing_is_taken_for_the_same():
    new = release("water", 2, "core", video=1)

    plan = plan_for([new], [held("water", 1, "core", "video")], full("water", 2), full("water", 2, "video"))

    assert [("water", "core"), ("water", "video")] == names(plan)


def test_a_release_behind_the_one_on_the_shelf_still_serves_to_build_on():
    """The night broke off between core and film: the film of the former release is what its patch needs."""
    holdings = [held("water", 2, "core"), held("water", 1, "core", "video")]
    ready = [full("water", 2, "video", 900), patch("water", 1, 2, "video", 10)]

    plan = plan_for([release("water", 2, "core", "video")], holdings, *ready)

    assert ["video-water-2-1"] == packs(plan)


def test_only_what_lacks_anything_is_incomplete():
    water, soil = release("water", 1, "core", "video"), release("soil")

    assert [water] == incomplete([water, soil], [held("water", 1), held("soil", 1)])
    assert [] == incomplete([water], [held("water", 1, "video"), held("water", 1, "core")])


# ---- routes ----


def test_a_direct_patch_goes_before_a_longer_chain():
    ready = [full("a", 3), patch("a", 1, 2), patch("a", 2, 3), patch("a", 1, 3, size=150)]

    assert ["core-a-3-1"] == packs(route(root_of("a", 3), [root_of("a", 1)], ready))


def test_a_chain_goes_before_a_full_pack_that_is_longer():
    ready = [full("a", 3, size=9000), patch("a", 1, 2), patch("a", 2, 3)]

    assert ["core-a-2-1", "core-a-3-2"] == packs(route(root_of("a", 3), [root_of("a", 1)], ready))


def test_a_full_pack_goes_before_a_chain_that_is_longer():
    ready = [full("a", 3, size=500), patch("a", 1, 2, size=300), patch("a", 2, 3, size=300)]

    assert ["core-a-3-full"] == packs(route(root_of("a", 3), [root_of("a", 1)], ready))


def test_of_two_ways_that_cost_the_same_the_one_with_fewer_requests_is_taken():
    ready = [patch("a", 1, 2, size=100), patch("a", 2, 3, size=100), patch("a", 1, 3, size=200 + REQUEST_BYTES)]

    assert ["core-a-3-1"] == packs(route(root_of("a", 3), [root_of("a", 1)], ready))


def test_of_two_profiles_the_smaller_is_taken():
    small = replace(patch("a", 1, 2, size=50), pack="core-a-2-1-small")

    assert [small] == route(root_of("a", 2), [root_of("a", 1)], [patch("a", 1, 2), small])


def test_there_is_no_way_where_nothing_leads():
    assert [] == route(root_of("a", 3), [root_of("a", 1)], [patch("a", 1, 2), patch("a", 4, 3)])


versions = st.integers(1, 5)
edges = st.dictionaries(
    st.tuples(st.integers(0, 5), versions).filter(lambda edge: edge[0] != edge[1]), st.integers(0, 5000)
)


def every_way(target, bases, ready):
    """All ways to `target`, by trying: slow and plain."""
    for count in range(1, len(ready) + 1):
        for way in permutations(ready, count):
            is_start = way[0].from_root is None or way[0].from_root in bases
            is_linked = all(one.root == next_one.from_root for one, next_one in pairwise(way))
            if is_start and is_linked and way[-1].root == target:
                yield way


@given(edges.filter(lambda found: len(found) <= 6), st.sets(versions, max_size=2), versions)
def test_no_way_is_cheaper_than_the_route(found, bases, target):
    ready = [
        patch("a", base, to, size=size) if base else full("a", to, size=size) for (base, to), size in found.items()
    ]
    roots = {root_of("a", version) for version in bases - {target}}

    costs = [
        (sum(one.size_bytes + REQUEST_BYTES for one in way), len(way))
        for way in every_way(root_of("a", target), roots, ready)
    ]
    way = route(root_of("a", target), roots, ready)

    assert min(costs, default=(0, 0)) == (sum(one.size_bytes + REQUEST_BYTES for one in way), len(way))


# ---- the order ----


def test_lanes_are_told_by_the_layers_name():
    lanes = [lane_of(name) for name in ("core", "audio", "video-360", "video", "slides", "corex")]

    assert [Lane.CORE, Lane.AUDIO, Lane.VIDEO, Lane.VIDEO, Lane.OTHER, Lane.OTHER] == lanes


def test_the_parcels_of_a_route_stay_together_in_the_order_they_build_on_each_other():
    chain = [patch("a", 1, 2, size=5), patch("a", 2, 3, size=900), patch("a", 3, 4, size=1)]

    assert [full("b", size=100), *chain] == in_order([chain[2], full("b", size=100), chain[0], chain[1]])


@given(
    st.permutations(
        [parcel(name, layer) for name in "abc" for layer in ("core", "audio", "video")]
        + [patch("d", version, version + 1, layer) for version in (1, 2, 3) for layer in ("core", "video")]
    )
)
def test_a_plan_has_one_order_however_it_comes(plan):
    assert in_order(sorted(plan, key=lambda one: one.pack)) == in_order(plan)
    assert sorted(packs(plan)) == sorted(packs(in_order(plan)))


@pytest.mark.parametrize(("parcels_max", "expected"), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 4), (9, 4)])
def test_a_plan_is_never_cut_within_a_route(parcels_max, expected):
    plan = [full("b", size=1), patch("a", 1, 2), patch("a", 2, 3), patch("a", 3, 4)]

    assert in_order(plan)[:expected] == first_routes(plan, parcels_max)


# ---- what fits ----


def test_what_does_not_fit_is_left_out_and_said_and_the_rest_comes():
    take, said = taken([parcel("small"), parcel("huge", size=500 * MIB), parcel("film", "video", 2 * MIB)], 20 * MIB)

    assert [("small", "core"), ("film", "video")] == take
    assert ["huge: needs 1000 MiB of disk, 19 MiB can be used."] == said


def test_the_spare_room_is_never_touched():
    take, said = taken([parcel("water")], 2 * MIB - 1)

    assert [] == take
    assert 1 == len(said)


def test_what_is_spooled_already_needs_no_room_again():
    take, _ = taken([parcel("water")], MIB + 10, spooled={"core-water": MIB - 10})

    assert [("water", "core")] == take


def test_what_is_here_already_is_passed_by_without_a_word():
    water = parcel("water")

    assert ([], []) == taken([water], 0, is_held={(water.root, "core")})


def test_a_layer_that_the_box_never_wants_is_passed_by_without_a_word():
    plan = [parcel("water"), parcel("water", "video", 900 * MIB)]

    assert ([("water", "core")], []) == taken(plan, 20 * MIB, is_wanted=lambda layer: layer == "audio")


def test_a_route_that_does_not_fit_as_a_whole_is_left_out_as_a_whole_and_said_once():
    chain = (patch("a", 1, 2, size=MIB), patch("a", 2, 3, size=2 * MIB), patch("a", 3, 4, size=MIB))

    choice = choice_of(chain, 5 * MIB - 1)

    assert () == choice.take
    assert [(chain[2], chain)] == [(one.parcel, one.route) for one in choice.skipped]
    assert chain == choice_of(chain, 5 * MIB).take


def test_of_a_route_only_what_comes_behind_the_last_hop_that_is_here_is_taken():
    chain = (patch("a", 1, 2), patch("a", 2, 3), patch("a", 3, 4))

    assert chain[2:] == choice_of(chain, MIB, is_held={(root_of("a", 3), "core")}).take
    assert () == choice_of(chain, MIB, is_held={(root_of("a", 4), "core")}).take


parcels = st.builds(parcel, st.sampled_from("abcdef"), st.sampled_from(["core", "video"]), st.integers(0, 90 * MIB))


@given(st.lists(parcels), st.integers(0, 300 * MIB))
def test_whatever_is_taken_fits(plan, free_bytes):
    choice = chosen(plan, free_bytes, (), lambda pack: 0)
    room = free_bytes - DISK_SPARE_BYTES
    for one in choice.take:
        assert one.size_bytes + one.disk_bytes <= room
        room -= one.disk_bytes

    assert len(plan) == len(choice.take) + len(choice.skipped)


# ---- families ----

FAMILIES = {"water-ar": "water", "water-en": "water", "water-fr": "water", "sand-en": "sand"}


def step(base, course, layer="core", size=100):
    """A patch from an edition to another of its family."""
    return Parcel(course, 1, root_of(course, 1), layer, f"{layer}-{course}-{base}", size, size, root_of(base, 1))


def test_an_edition_builds_on_another_of_its_family():
    wanted, ready = [release("water-ar")], [full("water-ar"), step("water-en", "water-ar")]

    def plan(families):
        return packs(parcels_for(wanted, [held("water-en", 1)], ready, {}, families))

    assert ["core-water-ar-water-en"] == plan(FAMILIES)
    assert ["core-water-ar-1-full"] == plan({}) == plan({"water-ar": "water", "water-en": "sand"})


def test_a_layer_that_another_edition_brought_is_not_sent_again():
    english = release("water-en", 1, "core", "video")
    arabic = replace(
        release("water-ar", 1, "core", "video"), layers=release("water-ar").layers | {"video": english.layers["video"]}
    )
    ready = [full("water-ar"), full("water-ar", layer="video", size=9000)]
    here = [held("water-en", 1, "core", "video")]

    plan = parcels_for([arabic], here, ready, {english.root: english}, FAMILIES)

    assert ["core-water-ar-1-full"] == packs(plan)


def test_of_a_family_that_is_new_the_smallest_goes_first_and_those_that_build_on_it_wait():
    wanted = [release(course) for course in ("sand-en", "water-ar", "water-en", "water-fr")]
    ready = [
        full("sand-en"), full("water-ar", size=3000), full("water-en", size=2000), full("water-fr", size=2500),
        step("water-en", "water-ar"), step("water-ar", "water-fr"),
    ]  # fmt: skip

    def now(*holdings, families=FAMILIES):
        return [one.course for one in siblings_first(wanted, holdings, ready, families)]

    assert ["sand-en", "water-en", "water-fr"] == now(), "nothing leads from the first to the French one"
    assert ["sand-en", "water-ar", "water-en", "water-fr"] == now(held("water-fr", 1)) == now(families={})


@given(st.permutations(["water-ar", "water-en", "water-fr"]), st.lists(st.integers(1, 5), min_size=3, max_size=3))
def test_whatever_waits_comes_in_the_end(order, sizes):
    """Each edition that is there is told; the next plan goes on."""
    wanted = [release(course) for course in order]
    ready = [full(course, size=size) for course, size in zip(order, sizes, strict=True)]
    ready += [step(base, course) for base in order for course in order if base != course]
    here = []

    for _ in wanted:
        lacking = incomplete(wanted, here)
        plan = parcels_for(siblings_first(lacking, here, ready, FAMILIES), here, ready, {}, FAMILIES)
        here += [held(one.course, 1) for one in plan]

    assert [] == incomplete(wanted, here)
    assert 1 == len([one for one in here if one.course == order[0]])
