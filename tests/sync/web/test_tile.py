"""Doors are drawn from names: always alike, never large, each its own."""

import re
from xml.etree import ElementTree

from catalog.digest import digest_of
from sync.web.motif import FAMILIES, Lots
from sync.web.tile import COLOURS, SVG_BYTES_MAX, tile

NAMES = [digest_of(str(place).encode()) for place in range(600)]
GOLDEN = [("scales", "c3", 695), ("quilt", "c6", 467), ("honeycomb", "c6", 1018), ("sunrise", "c5", 812)]


def test_a_digest_always_draws_the_same_tile():
    drawn = tile(NAMES[0])
    tile.cache_clear()

    assert drawn == tile(NAMES[0])


def test_a_tile_never_changes_once_boxes_have_shown_it():
    """Learners find their course by its door. If this fails, the doors of every course on every box would change."""
    drawn = [(made.family, made.colour, len(made.svg)) for made in map(tile, NAMES[:4])]

    assert GOLDEN == drawn


def test_every_family_and_colour_comes_up():
    drawn = [tile(name) for name in NAMES]

    assert set(FAMILIES) == {made.family for made in drawn}
    assert set(COLOURS) == {made.colour for made in drawn}


def test_no_tile_is_larger_than_it_may_be():
    assert max(len(tile(name).svg) for name in NAMES) <= SVG_BYTES_MAX


def test_a_dozen_courses_have_a_dozen_doors():
    looks = [re.sub(r'id="[^"]*"', "", made.svg) + made.colour for made in map(tile, NAMES[:120])]

    assert all(len(set(looks[start : start + 12])) == 12 for start in range(0, 120, 12))


def test_a_tile_is_well_formed_and_paints_by_the_line_colour_only():
    for name in NAMES:
        pattern = ElementTree.fromstring(tile(name).svg)
        paints = {part.get(paint) for part in pattern.iter() for paint in ("fill", "stroke")}

        assert "pattern" == pattern.tag
        assert paints <= {None, "none", "currentColor"}


def test_a_tile_needs_no_style_script_or_address():
    drawn = "".join(tile(name).svg for name in NAMES)

    assert None is re.search(r"style|script|href|url\(|<image|\bon\w+=", drawn)


def test_the_same_lots_are_drawn_in_the_same_order():
    assert [Lots(b"amina").below(9) for _ in range(2)] == [Lots(b"amina").below(9)] * 2
