"""What should travel, in which order, and what a small disk leaves out."""

from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import digest_of
from catalog.manifest import LayerName, Release
from sync.plan import DISK_SPARE_BYTES, Lane, PackSize, chosen, in_order, lane_of, parcels_for
from sync.wire import Holding, Parcel

MIB = 1 << 20


def release(course, version=1, **layer_bytes):
    layers = {
        name.replace("_", "-"): LayerName(digest_of(f"{course}{version}{name}".encode()), size, 1)
        for name, size in layer_bytes.items()
    }
    return Release(course, version, {"en": course}, {}, ("en",), "", {}, (), layers)


def ready(*releases):
    return {
        (one.root, layer): PackSize(f"{layer}-{one.course}-{one.version}", about.size_bytes // 2)
        for one in releases
        for layer, about in one.layers.items()
    }


def parcel(course, layer="core", size=MIB):
    return Parcel(course, 1, digest_of(course.encode()), layer, f"{layer}-{course}", size, size)


def names(parcels):
    return [(one.course, one.layer) for one in parcels]


def taken(plan, free_bytes, held=(), spooled=None):
    choice = chosen(plan, free_bytes + DISK_SPARE_BYTES, held, lambda pack: (spooled or {}).get(pack, 0))
    return names(choice.take), [one.sentence for one in choice.skipped]


def test_a_new_box_gets_all_cores_before_the_first_video():
    water, soil = release("water", core=900, video_360=50), release("soil", core=100, video_360=20, audio=80)

    plan = parcels_for([water, soil], [], ready(water, soil))

    assert [
        ("soil", "core"), ("water", "core"), ("soil", "audio"), ("soil", "video-360"), ("water", "video-360"),
    ] == names(plan)  # fmt: skip


def test_what_is_held_is_not_sent_again():
    water = release("water", core=900, video_360=50)

    plan = parcels_for([water], [Holding("water", water.root, ("core",))], ready(water))

    assert [("water", "video-360")] == names(plan)


def test_an_older_release_held_does_not_stand_for_the_new_one():
    old, new = release("water", 1, core=900), release("water", 2, core=900)

    plan = parcels_for([new], [Holding("water", old.root, ("core",))], ready(new))

    assert [2] == [one.version for one in plan]


def test_a_pack_that_is_not_built_yet_is_left_to_the_next_report():
    water = release("water", core=900)

    assert [] == parcels_for([water], [], {})


def test_lanes_are_told_by_the_layers_name():
    lanes = [lane_of(name) for name in ("core", "audio", "video-360", "video", "slides", "corex")]

    assert [Lane.CORE, Lane.AUDIO, Lane.VIDEO, Lane.VIDEO, Lane.OTHER, Lane.OTHER] == lanes


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

    assert ([], []) == taken([water], 0, held={(water.root, "core")})


parcels = st.builds(parcel, st.sampled_from("abcdef"), st.sampled_from(["core", "video"]), st.integers(0, 90 * MIB))


@given(st.lists(parcels), st.integers(0, 300 * MIB))
def test_whatever_is_taken_fits(plan, free_bytes):
    choice = chosen(plan, free_bytes, (), lambda pack: 0)
    room = free_bytes - DISK_SPARE_BYTES
    for one in choice.take:
        assert one.size_bytes + one.disk_bytes <= room
        room -= one.disk_bytes

    assert len(plan) == len(choice.take) + len(choice.skipped)


@given(st.permutations([parcel(name, layer) for name in "abc" for layer in ("core", "audio", "video")]))
def test_a_plan_has_one_order_however_it_comes(plan):
    assert in_order(sorted(plan, key=lambda one: one.pack)) == in_order(plan)
