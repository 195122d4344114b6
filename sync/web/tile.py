"""Tiles: the pattern on a course's door, drawn from its digest.

* The same name gives the same tile, on every box, for ever: nothing is drawn by chance and nothing is sent.
* A tile is one SVG pattern of at most 3 KB, in two tones of one line colour over one ground; it needs no picture file.
* A tile is centred on its door, so that a door is as even as a mason would lay it.
"""

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from catalog.digest import sha256
from sync.web.motif import FAMILIES, Lots
from sync.web.strokes import short

SVG_BYTES_MAX = 3_000
DOOR_WIDTH = 80
"""A door is drawn on 80 x 100 units."""

COLOURS = ("c1", "c2", "c3", "c4", "c5", "c6")
"""Grounds, by class; look.css says what each is by light and by dark."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A pattern to define once on a page (`svg`), to be painted as `url(#name)` on a ground of class `colour`."""

    name: str
    family: str
    colour: str
    svg: Markup


@lru_cache(maxsize=1_024)
def tile(name: str) -> Tile:
    """Draw the tile of a digest, or of any other lasting name."""
    drawn = sha256(b"tile:" + name.encode())
    lots = Lots(drawn)
    colour = lots.one_of(COLOURS)
    family = lots.one_of(tuple(FAMILIES))
    motif = FAMILIES[family](lots)
    identity = f"t-{drawn.hex()[:10]}"
    svg = (
        f'<pattern id="{identity}" x="{short((DOOR_WIDTH - motif.width) / 2)}" width="{short(motif.width)}"'
        f' height="{short(motif.height)}" patternUnits="userSpaceOnUse">{motif.drawing}</pattern>'
    )
    assert len(svg) <= SVG_BYTES_MAX, f"The {family} tile is too large: {len(svg)} bytes."
    return Tile(identity, family, colour, Markup(svg))  # noqa: S704 - drawn here
