"""Strokes: the few paths that motifs are made of, written in as few characters as a drawing needs.

* Every stroke is in the one line colour of its tile, full or soft; nothing here knows a colour.
* A number has two decimals at most: a door is 80 units wide and 100 pixels on a phone.
"""

from collections.abc import Iterable
from math import cos, pi, sin

Point = tuple[float, float]


def fill(path: str, *, is_soft: bool = False, is_pierced: bool = False) -> str:
    if not path:
        return ""
    soft = ' opacity=".45"' if is_soft else ""
    pierced = ' fill-rule="evenodd"' if is_pierced else ""
    return f'<path fill="currentColor"{soft}{pierced} d="{path}"/>'


def line(path: str, thick: float, *, is_soft: bool = False) -> str:
    if not path:
        return ""
    soft = ' opacity=".45"' if is_soft else ""
    return f'<path fill="none" stroke="currentColor" stroke-width="{short(thick)}"{soft} d="{path}"/>'


def ring(middle: Point, points: int, reach: float, waist: float) -> str:
    """A star's outline: `points` tips at `reach`, as many dents at `waist`, a tip straight up."""
    step = pi / points
    return polygon(at(middle, pi / 2 + turn * step, waist if turn % 2 else reach) for turn in range(2 * points))


def petal(middle: Point, angle: float, length: float, breadth: float) -> str:
    tip = at(middle, angle, length)
    left = at(middle, angle + 0.5, length * 0.5 + breadth * 0.4)
    right = at(middle, angle - 0.5, length * 0.5 + breadth * 0.4)
    return f"M{pair(middle)}Q{pair(left)} {pair(tip)}Q{pair(right)} {pair(middle)}z"


def lozenge(middle: Point, across: float, down: float) -> str:
    x, y = middle
    return polygon(((x, y - down), (x + across, y), (x, y + down), (x - across, y)))


def block(x: float, y: float, width: float, height: float) -> str:
    return f"M{short(x)} {short(y)}h{short(width)}v{short(height)}h{short(-width)}z"


def disc(middle: Point, radius: float) -> str:
    r, across = short(radius), short(2 * radius)
    return f"M{short(middle[0] - radius)} {short(middle[1])}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0-{across} 0z"


circle = disc
"""The same outline, for `line`."""


def polygon(points: Iterable[Point]) -> str:
    return "M" + "L".join(pair(point) for point in points) + "z"


def short(value: float) -> str:
    """Write a number in as few characters as a drawing needs.

    >>> short(2.50), short(-0.001), short(7.0)
    ('2.5', '0', '7')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def at(middle: Point, angle: float, distance: float) -> Point:
    return middle[0] + cos(angle) * distance, middle[1] - sin(angle) * distance


def pair(point: Point) -> str:
    return f"{short(point[0])} {short(point[1])}"
