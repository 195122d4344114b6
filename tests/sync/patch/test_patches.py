"""Patches: what changed travels, on what is here already, and nothing but the published course ever comes out."""

import random
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.fault import ContentFault
from catalog.manifest import is_safe_path
from catalog.tree import check_paths
from sync.patch import xz
from sync.patch.format import FileCodec, GroupCodec, Operation, PackRefused, Profile, base_of, pack_name
from sync.patch.jpeg import JpegRefused

WORDS = [
    "water", "falls", "from", "clouds", "and", "runs", "through", "stones", "into", "fields", "where", "it", "feeds",
    "roots", "until", "the", "sun", "takes", "it",
]  # fmt: skip


def page(number, changes=0):
    """A page of about 6 KB that no other resembles; every change alters one of its lines."""
    lots = random.Random(number)
    lines = [" ".join(lots.choices(WORDS, k=12)) + f" {lots.random()}" for _ in range(60)]
    for change in range(changes):
        lines[(change * 17 + number) % 60] += " and so on"
    return "\n".join(f"<p>{line}</p>" for line in lines).encode()


BEFORE = {f"lessons/{number}.html": page(number) for number in range(20)} | {"style.css": b"p { color: navy }" * 9}
AFTER = BEFORE | {"lessons/3.html": page(3, changes=1), "lessons/7.html": page(7, changes=2)}

parts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=6)
paths = st.lists(parts, min_size=1, max_size=3).map("/".join).filter(is_safe_path)
contents = st.one_of(st.binary(max_size=80), st.sampled_from([b"", page(1), page(1, 1), page(2), b"\0" * 5000]))
courses = st.dictionaries(paths, contents, max_size=12)


def fits_a_folder(files):
    try:
        check_paths(files)
    except ContentFault:
        return False
    return True


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(data=st.data(), group_bytes=st.sampled_from([1000, 5000, None]))
def test_from_any_course_to_any_other(new_road, data, group_bytes):
    before = data.draw(courses.filter(fits_a_folder))
    kept = {path: before[path] for path in data.draw(st.sets(st.sampled_from(sorted(before) or ["-"]))) & before.keys()}
    after = kept | data.draw(courses.filter(lambda more: fits_a_folder(kept | more)))
    with closing(new_road()) as road:
        road.group_bytes = group_bytes

        assert after == road.travels(before, after)


def test_a_small_change_costs_a_few_bytes(road):
    after = BEFORE | {"lessons/3.html": BEFORE["lessons/3.html"].replace(b"clouds", b"skies", 1)}

    assert after == road.travels(BEFORE, after)
    assert road.pack.stat().st_size < 220


def test_the_header_of_two_changes_is_mostly_the_proofs(road):
    """Two roots and a check are 72 bytes that nothing makes smaller."""
    road.packs(AFTER, BEFORE)

    assert road.pack.stat().st_size - sum(group.wire_bytes for group in road.header(BEFORE).groups) < 150


@pytest.mark.slow
def test_the_header_of_five_hundred_changes_is_a_byte_or_two_for_each(road):
    before = {f"chapter-{number // 50}/{number}.html": b"<p>%d</p>" % number * 20 for number in range(1000)}
    changed = random.Random(1).sample(sorted(before), 500)
    after = before | {path: before[path] + b"<p>more</p>" * (1 + number % 9) for number, path in enumerate(changed)}
    road.packs(after, before)

    assert road.pack.stat().st_size - sum(group.wire_bytes for group in road.header(before).groups) < 700


def test_a_folder_under_another_name_costs_next_to_nothing(road):
    before = {f"french/unit-{number}/page.html": page(number) for number in range(100)}
    after = {path.replace("french", "fr-CA"): data for path, data in before.items()}

    assert after == road.travels(before, after)
    assert {Operation.HELD} == {row.operation for row in road.header(before).files}
    assert road.pack.stat().st_size < 250


@pytest.mark.slow
def test_a_language_that_arrives_builds_on_those_that_are_here(road):
    """Forty pages in another language, with the same code and pictures in them as the others."""
    before = {f"fr/{number}/page.html": page(number) for number in range(40)}
    arriving = {f"ar/{number}/page.html": page(number)[:5000] + b"<p>" + bytes(90) + b"</p>" for number in range(40)}
    road.packs(before | arriving, before)

    assert 40 == len(road.header(before).groups[0].near)
    assert road.pack.stat().st_size < 3000


def test_a_renamed_and_edited_page_finds_what_it_was(road):
    after = {path: data for path, data in BEFORE.items() if path != "lessons/5.html"} | {"intro.html": page(5, 1)}

    assert after == road.travels(BEFORE, after)
    assert road.pack.stat().st_size < 400


def test_files_that_did_not_change_are_not_even_opened(road):
    road.holds({"lessons/3.html": BEFORE["lessons/3.html"], "lessons/7.html": BEFORE["lessons/7.html"]})

    rebuilt = road.rebuilds(road.packs(AFTER, BEFORE), BEFORE)

    assert rebuilt.is_proven
    assert road.layer == rebuilt.layer


def test_a_release_of_other_words_and_the_same_files_travels(road):
    assert BEFORE == road.travels(BEFORE, BEFORE)
    assert () == road.header(BEFORE).groups


def test_everything_may_go(road):
    assert {} == road.travels(BEFORE, {})


def test_a_patch_says_what_it_was_made_against(road):
    road.packs(AFTER, BEFORE)

    assert road.base_at(road.hub, BEFORE).release.root == base_of(road.pack)


def test_a_full_pack_says_that_it_needs_nothing(road):
    road.packs(AFTER)

    assert base_of(road.pack) is None


def test_a_pack_has_another_name_in_every_way_it_differs(road):
    one, other = road.publishes(BEFORE, 1)[0].root, road.publishes(AFTER, 2)[0].root
    names = {
        pack_name(base, to, layer, profile)
        for base in (None, one)
        for to in (one, other)
        for layer in ("core", "audio")
        for profile in Profile
    }

    assert 16 == len(names)


def test_a_patch_without_its_base_is_refused(road):
    release = road.packs(AFTER, BEFORE)

    with pytest.raises(PackRefused, match="what it builds on is not here"):
        road.rebuilds(release)


def test_a_patch_on_another_base_is_refused(road):
    release = road.packs(AFTER, BEFORE)

    with pytest.raises(PackRefused, match="another release than the one that is here"):
        road.rebuilds(release, {"other.html": b"<p>other</p>"})


def test_a_full_pack_needs_no_base_and_minds_none(road):
    road.holds(BEFORE)

    assert AFTER == road.unpacks(road.packs(AFTER), BEFORE)


def test_a_rotten_base_costs_the_files_that_need_it_and_no_more(road):
    """A card that lost a few bits: the rest of the patch is still worth having."""
    road.group_bytes = 7000
    road.holds(BEFORE)
    release = road.packs(AFTER, BEFORE)
    rotten = next(entry for entry in road.publishes(BEFORE)[1].entries if entry.path == "lessons/3.html")
    road.box.path(rotten.digest).write_bytes(bytes(rotten.size_bytes))

    rebuilt = road.rebuilds(release, BEFORE)

    assert not rebuilt.is_proven
    assert (rotten.digest,) == rebuilt.damaged
    assert {"lessons/3.html"} == AFTER.keys() - {entry.path for entry in rebuilt.layer.entries}
    assert set(rebuilt.layer.entries) <= set(road.layer.entries)


def test_a_lost_base_is_no_worse_than_a_rotten_one(road):
    road.holds({"lessons/7.html": BEFORE["lessons/7.html"]})

    rebuilt = road.rebuilds(road.packs(AFTER, BEFORE), BEFORE)

    assert not rebuilt.is_proven
    assert {"lessons/3.html", "lessons/7.html"} == AFTER.keys() - {entry.path for entry in rebuilt.layer.entries}


def test_a_film_that_was_muxed_again_travels_as_copies(road, noise):
    film = noise(5 << 20)
    before, after = {"film.mp4": film}, {"film.mp4": b"captions" + film[1 << 20 :] + film[: 1 << 20]}

    assert after == road.travels(before, after)
    assert [Operation.COPIES] == [row.operation for row in road.header(before).files]
    assert road.pack.stat().st_size < 400


def test_a_film_whose_base_is_lost_is_left_out(road, noise):
    film = noise(5 << 20)
    before, after = {"film.mp4": film}, {"film.mp4": film + b"the end", "page.html": b"<p>film</p>"}

    rebuilt = road.rebuilds(road.packs(after, before), before)

    assert not rebuilt.is_proven
    assert ["page.html"] == [entry.path for entry in rebuilt.layer.entries]


def test_pictures_do_not_stand_between_texts(road, noise):
    """By name alone, `.jpg` comes between `.html` and `.md`; but texts should lie together."""
    files = {"a.html": page(1), "b.jpg": noise(50_000), "c.md": page(2)}
    road.packs(files)

    assert [GroupCodec.XZ, GroupCodec.RAW] == [group.codec for group in road.header().groups]
    assert files == road.unpacks(road.release)


def test_a_hub_without_liblzma_packs_with_what_it_has(road, monkeypatch):
    monkeypatch.setattr(xz.Packer, "find", lambda: None)

    assert AFTER == road.travels(BEFORE, AFTER)
    assert {GroupCodec.ZSTD} == {group.codec for group in road.header(BEFORE).groups}


class Halver:
    """A codec like JPEG XL, for tests: every second byte goes, and comes back if it was as every first."""

    can_pack = True

    def pack(self, jpeg):
        return jpeg[::2] if jpeg[::2] == jpeg[1::2] else None

    def unpack(self, jxl, size_bytes):
        if jxl.startswith(b"bad"):
            raise JpegRefused("A picture cannot be unpacked.")
        return bytes(byte for byte in jxl for _ in range(2))


def doubled(data):
    return bytes(byte for byte in data for _ in range(2))


@pytest.fixture
def pictures(road, noise):
    road.jpeg_xl = Halver()
    random_bytes = noise(40_000)
    return {"good.jpg": doubled(b"jpg" + random_bytes), "bad.jpg": doubled(b"bad" + random_bytes[::-1])}


def test_a_picture_travels_as_jpeg_xl_where_that_is_understood(road, pictures, monkeypatch):
    monkeypatch.setattr("sync.patch.stream.PACKED_PERMILLE_MAX", 1000)
    release = road.packs({"good.jpg": pictures["good.jpg"]})

    assert Profile.JPEG_XL is road.info.profile
    assert [FileCodec.JPEG_XL] == [row.codec for row in road.header().files]
    assert {"good.jpg": pictures["good.jpg"]} == road.unpacks(release)


def test_a_picture_that_will_not_come_back_costs_itself_alone(road, pictures, monkeypatch):
    monkeypatch.setattr("sync.patch.stream.PACKED_PERMILLE_MAX", 1000)

    rebuilt = road.rebuilds(road.packs(pictures))

    assert not rebuilt.is_proven
    assert ["good.jpg"] == [entry.path for entry in rebuilt.layer.entries]


def test_jpeg_xl_is_refused_where_it_is_not_understood(road, pictures, monkeypatch):
    monkeypatch.setattr("sync.patch.stream.PACKED_PERMILLE_MAX", 1000)
    release = road.packs(pictures)
    road.jpeg_xl = None

    with pytest.raises(PackRefused, match="JPEG XL"):
        road.rebuilds(release)
    assert [] == road.box_files()


def test_without_pictures_the_second_profile_brings_nothing(road):
    road.jpeg_xl = Halver()
    road.packs(AFTER)

    assert Profile.BASE is road.info.profile


@pytest.mark.slow
def test_any_flipped_byte_of_a_patch_is_refused(road):
    road.holds(BEFORE)
    release = road.packs(AFTER, BEFORE)
    whole = road.pack.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        road.pack.write_bytes(damaged)
        with pytest.raises(PackRefused):
            road.rebuilds(release, BEFORE)


def test_the_same_two_courses_give_the_same_bytes(road):
    road.packs(AFTER, BEFORE)
    first = road.pack.read_bytes()
    road.packs(dict(reversed(AFTER.items())), dict(reversed(BEFORE.items())))

    assert first == road.pack.read_bytes()


def test_how_far_the_work_is_can_be_heard(road):
    from sync.patch.build import build

    heard = []
    road.group_bytes = 20_000
    build(
        *road.publishes(BEFORE), road.hub.open, road.pack, group_bytes=20_000, progress=lambda *two: heard.append(two)
    )

    assert sorted(heard) == heard
    assert heard[-1][0] == heard[-1][1] > 100_000
