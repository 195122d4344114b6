"""Motifs: the families of patterns that tiles are drawn from.

* A motif is geometry that hands have drawn for centuries: stars, kolams, waves, bricks, quilts, woven checks.
* A family takes every choice from its lots, so that one name always draws one motif.
* A motif repeats without a seam: what leaves by one side comes in by the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import TypeVar

from sync.web.strokes import Point, at, block, circle, disc, fill, line, lozenge, petal, polygon, ring, short

Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Motif:
    """What repeats: its width and height on a door of 80 x 100, and its drawing."""

    width: float
    height: float
    drawing: str


class Lots:
    """Choices drawn from bytes: the same bytes draw the same lots in the same order."""

    def __init__(self, drawn_from: bytes) -> None:
        self._bytes = drawn_from
        self._drawn = 0

    def below(self, limit: int) -> int:
        drawn = self._bytes[self._drawn % len(self._bytes)]
        self._drawn += 1
        return drawn % limit

    def one_of(self, choices: tuple[Choice, ...]) -> Choice:
        return choices[self.below(len(choices))]


# ---- stars and flowers -----------------------------------------------------------------------------------------


def star(lots: Lots) -> Motif:
    """An eight-pointed star, as on a tiled wall, with a small one or a hole at its heart and lozenges between."""
    side = lots.one_of((20.0, 26.0, 40.0))
    half = side / 2
    reach = half * 0.97
    waist = reach * lots.one_of((0.56, 0.66, 0.765))
    heart = lots.one_of((0.25, 0.4, 0.55))
    outline = ring((half, half), 8, reach, waist) + ring((half, half), 8, reach * heart, waist * heart)
    middle = ring((half, half), 8, reach * heart * 0.5, waist * heart * 0.5)
    between = "".join(lozenge((x, y), side * 0.17, side * 0.17) for x in (0.0, side) for y in (0.0, side))
    return Motif(side, side, fill(outline, is_pierced=True) + fill(middle + between, is_soft=True))


def rosette(lots: Lots) -> Motif:
    """Petals round a dot: four or eight, long or round, with a dot where four flowers meet."""
    side = lots.one_of((20.0, 26.0))
    half = side / 2
    breadth = side * lots.one_of((0.14, 0.2, 0.26))
    upright = "".join(petal((half, half), quarter * pi / 2, half * 0.96, breadth) for quarter in range(4))
    slanted = "".join(petal((half, half), pi / 4 + quarter * pi / 2, half * 1.2, breadth) for quarter in range(4))
    dots = "".join(disc((x, y), side * 0.08) for x in (0.0, side) for y in (0.0, side))
    if lots.below(2):
        return Motif(side, side, fill(upright) + fill(slanted, is_soft=True))
    return Motif(side, side, fill(slanted) + fill(upright, is_soft=True) + fill(dots, is_soft=True))


def leaves(lots: Lots) -> Motif:
    """Leaves in the corners of a square, turned by lot and mirrored both ways."""
    turns = [lots.below(2) for _ in range(4)]
    side, cell = 40.0, 10.0
    strong, soft = "", ""
    for row in range(4):
        for column in range(4):
            across, down = min(column, 3 - column), min(row, 3 - row)
            is_mirrored = (column > 1) != (row > 1)
            leaf = _leaf(column * cell, row * cell, cell, bool(turns[across * 2 + down]) != is_mirrored)
            if (across + down) % 2:
                soft += leaf
            else:
                strong += leaf
    return Motif(side, side, fill(strong) + fill(soft, is_soft=bool(lots.below(3))))


def _leaf(x: float, y: float, cell: float, is_rising: bool) -> str:
    c, turn = short(cell), short(cell * 0.94)
    if is_rising:
        return f"M{short(x)} {short(y + cell)}q0-{turn} {c}-{c}q0 {turn}-{c} {c}z"
    return f"M{short(x)} {short(y)}q{turn} 0 {c} {c}q-{turn} 0-{c}-{c}z"


# ---- lines -----------------------------------------------------------------------------------------------------


def kolam(lots: Lots) -> Motif:
    """One line that winds round a field of dots, as drawn on doorsteps with rice flour."""
    side = lots.one_of((20.0, 26.0))
    half, quarter = side / 2, side / 4
    corners = [(x, y) for x in (0.0, side) for y in (0.0, side)]
    h, q, reach = short(half), short(quarter), short(side * 0.45)
    match lots.below(3):
        case 0:
            winding = f"M0 {h}q{q}-{reach} {h} 0t{h} 0M0 {h}q{q} {reach} {h} 0t{h} 0"
            winding += f"M{h} 0q-{reach} {q} 0 {h}t0 {h}M{h} 0q{reach} {q} 0 {h}t0 {h}"
            dots = [(x, y) for x in (quarter, 3 * quarter) for y in (quarter, 3 * quarter)]
        case 1:
            winding = "".join(circle(middle, side * 0.41) for middle in [(half, half), *corners])
            dots = [(half, half), *corners]
        case _:
            winding = "".join(_loop((half, half), turn * pi / 2, half * 1.42) for turn in (0.5, 1.5, 2.5, 3.5))
            dots = [(half, side * 0.09), (half, side * 0.91), (side * 0.09, half), (side * 0.91, half)]
    thick = side * lots.one_of((0.08, 0.11))
    return Motif(side, side, line(winding, thick) + fill("".join(disc(dot, side * 0.085) for dot in dots)))


def _loop(middle: Point, angle: float, length: float) -> str:
    """A long loop from the middle to a corner and back, open enough to hold a dot beside it."""
    return petal(middle, angle, length, length * 0.3)


def wave(lots: Lots) -> Motif:
    """Water: rows of swell, close or far, each with a lighter row under it."""
    length = lots.one_of((16.0, 20.0, 40.0))
    height = lots.one_of((10.0, 12.5))
    swell = height * lots.one_of((0.45, 0.7, 0.9))
    quarter = length / 4
    strong, soft = "", ""
    for top in (-height, 0.0, height, 2 * height):
        row = f"M{short(-quarter)} {short(top + height * 0.3)}q{short(quarter)}-{short(swell)} {short(2 * quarter)} 0"
        row += f"t{short(2 * quarter)} 0t{short(2 * quarter)} 0"
        strong += row
        soft += row.replace(f" {short(top + height * 0.3)}q", f" {short(top + height * 0.8)}q")
    return Motif(length, height, line(strong, height * 0.26) + line(soft, height * 0.13, is_soft=True))


def scales(lots: Lots) -> Motif:
    """Fish scales: arches in rows, each in the gap of two, with one or two rings inside."""
    radius = lots.one_of((8.0, 10.0, 13.0))
    rings = lots.one_of(((0.9,), (0.93, 0.5), (0.95, 0.65, 0.35)))
    strong, soft = "", ""
    for place, share in enumerate(rings):
        r = radius * share
        for x, y in ((radius, radius), (0.0, 2 * radius), (2 * radius, 2 * radius)):
            arch = f"M{short(x - r)} {short(y)}a{short(r)} {short(r)} 0 0 1 {short(2 * r)} 0"
            if place % 2:
                soft += arch
            else:
                strong += arch
    hearts = "".join(
        disc((x, y - radius * 0.12), radius * 0.14)
        for x, y in ((radius, radius), (0, 2 * radius), (2 * radius, 2 * radius))
    )
    return Motif(2 * radius, 2 * radius, line(strong, 2) + line(soft, 2, is_soft=True) + fill(hearts))


def lattice(lots: Lots) -> Motif:
    """A window lattice: two bowed lines that meet and part, a drop in each opening."""
    width = lots.one_of((16.0, 20.0, 26.0))
    height = width * lots.one_of((1.0, 1.25, 1.6))
    w, h = width / 2, height / 2
    bow = f"0 {short(h * 0.5)} {short(w)} {short(h * 0.5)} {short(w)} {short(h)}"
    woe = f"0 {short(h * 0.5)}-{short(w)} {short(h * 0.5)}-{short(w)} {short(h)}"
    lines = f"M0 0c{bow}c{woe}M{short(width)} 0c{woe}c{bow}"
    lines += f"M0 {short(-height)}c{bow}c{woe}M{short(width)} {short(-height)}c{woe}c{bow}"
    size = width * lots.one_of((0.12, 0.18, 0.24))
    drops = lozenge((w, h * 0.02), size, size * 1.4) + lozenge((w, height), size, size * 1.4)
    drops += lozenge((0, h), size, size * 1.4) + lozenge((width, h), size, size * 1.4)
    return Motif(width, height, line(lines, lots.one_of((1.8, 2.6))) + fill(drops, is_soft=True))


def chevron(lots: Lots) -> Motif:
    """Zigzags of two weights, steep or flat."""
    width = lots.one_of((16.0, 20.0, 40.0))
    rise = width * lots.one_of((0.3, 0.5))
    height = lots.one_of((11.0, 14.0, 18.0))
    strong, soft = "", ""
    for turn in range(-3, 4):
        zigzag = f"l{short(width / 2)}-{short(rise)} {short(width / 2)} {short(rise)} {short(width / 2)}-{short(rise)}"
        strong += f"M0 {short(turn * height)}{zigzag}"
        soft += f"M0 {short(turn * height + height * 0.5)}{zigzag}"
    return Motif(width, height, line(strong, height * 0.28) + line(soft, height * 0.16, is_soft=True))


# ---- laid and sewn ---------------------------------------------------------------------------------------------


def brick(lots: Lots) -> Motif:
    """Bricks in running bond, in basket weave, or as lozenges on end."""
    gap = lots.one_of((1.4, 2.0))
    match lots.below(3):
        case 0:
            width, height = lots.one_of(((20.0, 16.0), (26.0, 20.0)))
            course = height / 2
            upper = block(gap / 2, gap / 2, width - gap, course - gap)
            lower = block(-width / 2 + gap / 2, course + gap / 2, width - gap, course - gap)
            lower += block(width / 2 + gap / 2, course + gap / 2, width - gap, course - gap)
            return Motif(width, height, fill(upper) + fill(lower, is_soft=True))
        case 1:
            lying = "".join(block(gap / 2, gap / 2 + row * 5, 10 - gap, 5 - gap) for row in range(2))
            lying += "".join(block(10 + gap / 2, 10 + gap / 2 + row * 5, 10 - gap, 5 - gap) for row in range(2))
            standing = "".join(block(10 + gap / 2 + column * 5, gap / 2, 5 - gap, 10 - gap) for column in range(2))
            standing += "".join(block(gap / 2 + column * 5, 10 + gap / 2, 5 - gap, 10 - gap) for column in range(2))
            return Motif(20, 20, fill(lying) + fill(standing, is_soft=True))
        case _:
            width, height = lots.one_of(((16.0, 20.0), (20.0, 14.0)))
            upper = lozenge((width / 2, height / 2), width / 2 - gap, height / 2 - gap)
            lower = "".join(
                lozenge((x, y), width / 2 - gap, height / 2 - gap) for x in (0.0, width) for y in (0.0, height)
            )
            return Motif(width, height, fill(upper) + fill(lower, is_soft=True))


def quilt(lots: Lots) -> Motif:
    """Half-squares sewn into a block: a quarter is laid by lot, the other three mirror it."""
    side, cell = 40.0, 10.0
    laid = [lots.below(4) for _ in range(4)]
    toned = [lots.below(3) for _ in range(4)]
    strong, soft = "", ""
    for row in range(4):
        for column in range(4):
            quarter = min(column, 3 - column) * 2 + min(row, 3 - row)
            corner = laid[quarter] ^ (1 if column > 1 else 0) ^ (2 if row > 1 else 0)
            half_square = _half_square(column * cell, row * cell, cell, corner)
            if toned[quarter]:
                strong += half_square
            else:
                soft += half_square
    return Motif(side, side, fill(strong) + fill(soft, is_soft=True))


def _half_square(x: float, y: float, cell: float, corner: int) -> str:
    """The half of a square that holds one of its corners: bit 1 is the far side across, bit 2 the far side down."""
    cx, cy = x + (corner & 1) * cell, y + (corner >> 1) * cell
    across, down = (-cell if corner & 1 else cell), (-cell if corner & 2 else cell)
    return polygon(((cx, cy), (cx + across, cy), (cx, cy + down)))


_STRIPES: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0.25, 0.5),),
    ((0.1, 0.3), (0.7, 0.1)),
    ((0.15, 0.45), (0.8, 0.08)),
    ((0.05, 0.12), (0.3, 0.4), (0.83, 0.12)),
)
"""Of a woven check: where each stripe begins and how thick it is, as shares of the side."""


def check(lots: Lots) -> Motif:
    """A woven check: the same stripes across and down, darker where they cross."""
    side = lots.one_of((16.0, 20.0, 26.0))
    stripes = lots.one_of(_STRIPES)
    across = "".join(block(0, start * side, side, thick * side) for start, thick in stripes)
    down = "".join(block(start * side, 0, thick * side, side) for start, thick in stripes)
    return Motif(side, side, fill(across, is_soft=True) + fill(down, is_soft=True))


def kilim(lots: Lots) -> Motif:
    """Stepped lozenges, as a loom makes them, one inside the other."""
    steps = lots.one_of((4, 5))
    step = lots.one_of((2.5, 3.0))
    width, height = steps * 2 * step, steps * 2 * step
    middle = (width / 2, height / 2)
    outer = _stepped(middle, steps, step) + _stepped(middle, steps - 2, step)
    corners = "".join(_stepped((x, y), lots.one_of((1, 1, 2)), step) for x in (0.0, width) for y in (0.0, height))
    heart = _stepped(middle, 1, step) if steps > 4 or lots.below(2) else ""
    return Motif(width, height, fill(outer, is_pierced=True) + fill(heart + corners, is_soft=True))


def _stepped(middle: Point, steps: int, step: float) -> str:
    x, y = middle[0], middle[1] - steps * step
    path = f"M{short(x)} {short(y)}"
    for across, down in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        is_sideways_first = across * down > 0
        for _ in range(steps):
            h, v = f"h{short(across * step)}", f"v{short(down * step)}"
            path += h + v if is_sideways_first else v + h
    return path + "z"


def honeycomb(lots: Lots) -> Motif:
    """Six-sided cells with a star, a cell or a dot inside."""
    radius = lots.one_of((8.0, 10.0))
    width, height = sqrt(3) * radius, 3 * radius
    middles = [(width / 2, height / 2), (0.0, 0.0), (width, 0.0), (0.0, height), (width, height)]
    kind = lots.below(3)
    strong, soft = "", ""
    for middle in middles:
        strong += ring(middle, 3, radius * 0.9, radius * 0.9)
        match kind:
            case 0:
                strong += ring(middle, 3, radius * 0.6, radius * 0.6)
                soft += disc(middle, radius * 0.3)
            case 1:
                strong += ring(middle, 6, radius * 0.7, radius * 0.36)
            case _:
                strong += ring(middle, 6, radius * 0.62, radius * 0.62)
                soft += ring(middle, 6, radius * 0.46, radius * 0.27)
    return Motif(width, height, fill(strong, is_pierced=True) + fill(soft))


# ---- the whole door --------------------------------------------------------------------------------------------


def sunrise(lots: Lots) -> Motif:
    """A sun on the sill, its rays up to the crown of the arch."""
    rays = lots.one_of((9, 11, 13))
    heart = lots.one_of((14.0, 20.0))
    share = pi / rays
    wedges = ""
    for ray in range(rays):
        middle = share * (ray + 0.5)
        near = [at((40, 100), middle + turn, heart + 5) for turn in (-share * 0.28, share * 0.28)]
        far = [at((40, 100), middle + turn, 112) for turn in (share * 0.28, -share * 0.28)]
        wedges += polygon(near + far)
    halo = "".join(circle((40, 100), r) for r in (heart + 26, heart + 52))
    sun = disc((40, 100), heart)
    return Motif(80, 100, fill(wedges, is_soft=True) + line(halo, 2.2) + fill(sun))


def doorways(lots: Lots) -> Motif:
    """Arches inside the arch, down to a small door that stands open."""
    count = lots.one_of((3, 4, 5))
    strong, soft = "", ""
    for place in range(count):
        inset = 5 + place * 30 / count
        arch = _opening(inset, 40 - inset, 40 + inset * 0.55)
        if place % 2:
            soft += arch
        else:
            strong += arch
    last = 5 + (count - 1) * 30 / count
    half = (40 - last) * 0.62
    door = _opening(40 - half, half, 46 + last * 0.5) + "z"
    thick = 13 / count
    lines = line(strong, thick) + line(soft, thick, is_soft=True)
    return Motif(80, 100, lines + fill(door, is_soft=bool(lots.below(2))))


def _opening(start: float, half: float, spring: float) -> str:
    """A round arch from sill to sill: where it starts, half its width, and how far down its curve begins."""
    return f"M{short(start)} 101V{short(spring)}a{short(half)} {short(half)} 0 0 1 {short(2 * half)} 0V101"


FAMILIES: dict[str, Callable[[Lots], Motif]] = {
    "brick": brick,
    "check": check,
    "chevron": chevron,
    "doorways": doorways,
    "honeycomb": honeycomb,
    "kilim": kilim,
    "kolam": kolam,
    "lattice": lattice,
    "leaves": leaves,
    "quilt": quilt,
    "rosette": rosette,
    "scales": scales,
    "star": star,
    "sunrise": sunrise,
    "wave": wave,
}
