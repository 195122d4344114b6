"""Squares: what a phone reads off a label.

* The first joins the box's Wi-Fi, the second opens its library. The one inside the lid names the card: no secret.
* What they say is what the seed says: nothing is shortened, whatever fits beside them in letters.
"""

import segno

from edge.birth.seed import Wifi

ADDRESS = "http://box.local/"
"""How every box is called on its own network."""

Square = tuple[tuple[bool, ...], ...]
"""Rows of dark (True) and light modules, without the quiet zone."""

_SPECIAL = '\\;,":'


def joins(wifi: Wifi) -> str:
    """What makes a phone join this Wi-Fi.

    >>> joins(Wifi("Hill; 07", "", "KE", 6))
    'WIFI:T:nopass;S:Hill\\\\; 07;;'
    """
    if not wifi.password:
        return f"WIFI:T:nopass;S:{_escaped(wifi.name)};;"
    return f"WIFI:T:WPA;S:{_escaped(wifi.name)};P:{_escaped(wifi.password)};;"


def square(text: str) -> Square:
    """The square that says this; an eighth of it may be dirty.

    What is not ASCII says that it is UTF-8: else decoders guess, and some guess Chinese.
    """
    drawn = segno.make_qr(text, error="m", boost_error=False, encoding=None if text.isascii() else "utf-8",
                          eci=not text.isascii())  # fmt: skip
    return tuple(tuple(bool(module) for module in row) for row in drawn.matrix)


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)
