"""Damage: one string of bytes made into many hostile ones, each drawn from a seed.

* Some changes know nothing of what they change: a bit, a stretch that is cut, repeated, swapped or taken from another.
* Others know how programs write: numbers of any width at their limits, numbers and names in JSON, brackets in brackets.
* Every change says in a few words what it did.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

CHANGES_MAX = 4
GROWN_BYTES_MAX = 1 << 20
"""A case is not made longer than this by repeating: a bomb is small when it comes."""
NESTED_MAX = 200_000

TRICKS: Sequence[str] = (
    "../secret", "..\\secret", "/etc/passwd", "../../../../../../etc/passwd", "a/../../secret", "C:\\secret",
    "C:secret", "~/secret", ".", "..", "", "a//b", "./a", "a/.", "CON", "a\0b", "a\nb", "\u202egnp.exe", "a" * 300,
    "\u0301a", "e\u0301", "ﬁ", "A", "%2e%2e/secret", "....//secret", "\ud83d", "a/" * 60 + "a", "-rf", "\ufeff",
    "box.db", "proof.json", "keys/../../secret", "__proto__", "'; drop table box; --", "%s%n", "{}", "\x1b[2J",
)  # fmt: skip
"""Names that lead out of a folder, mean something to some program, or are one name in two spellings."""
NUMBERS: Sequence[int] = (
    0, 1, -1, 2, 127, 128, 255, 256, 32_767, 65_535, 65_536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32,
    (1 << 53) - 1, 1 << 53, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 10**30, -(1 << 63),
)  # fmt: skip
_JSON_NUMBER = re.compile(rb"(?<=[:,\[])-?[0-9]+(?=[,\]}])")
_JSON_TEXT = re.compile(rb'"(?:[^"\\]|\\.){0,200}"')
_JSON_VALUES = (
    b"null",
    b"true",
    b"1.5",
    b"1e400",
    b"NaN",
    b"[]",
    b"{}",
    b'""',
    b'"\\ud800"',
    b'"\\u0000"',
    b"-0",
    b"9" * 5000,
)

Change = Callable[[bytes, bytes, Random], tuple[bytes, str]]


def damaged(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    """These bytes after a few changes, and which. `other` is what stretches may be taken from."""
    story = []
    for _ in range(chance.randint(1, CHANGES_MAX)):
        data, words = chance.choice(CHANGES)(data, other, chance)
        story.append(words)
    return data, ", ".join(story)


def _flip(data: bytes, _: bytes, chance: Random) -> tuple[bytes, str]:
    if not data:
        return data, "nothing to flip"
    at, bit = chance.randrange(len(data)), chance.randrange(8)
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :], f"bit {bit} of byte {at} flipped"


def _set(data: bytes, _: bytes, chance: Random) -> tuple[bytes, str]:
    at, byte = _place(data, chance), chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)))
    return data[:at] + bytes([byte]) + data[at + 1 :], f"byte {at} is {byte:#04x}"


def _cut(data: bytes, _: bytes, chance: Random) -> tuple[bytes, str]:
    at = _place(data, chance)
    return data[:at], f"cut at {at}"


def _remove(data: bytes, _: bytes, chance: Random) -> tuple[bytes, str]:
    at, size = _stretch(data, chance)
    return data[:at] + data[at + size :], f"{size} bytes at {at} taken out"


def _repeat(data: bytes, _: bytes, chance: Random) -> tuple[bytes, str]:
    at, size = _stretch(data, chance)
    times = chance.choice((2, 3, 100, 5_000))
    times = max(1, min(times, GROWN_BYTES_MAX // max(1, size)))
    return data[:at] + data[at : at + size] * times + data[at + size :], f"{size} bytes at {at} {times} times"


def _splice(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    at, (begin, size) = _place(data, chance), _stretch(other, chance)
    return data[:at] + other[begin : begin + size] + data[at:], f"{size} bytes of another put in at {at}"


def _overwrite(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    at, (begin, size) = _place(data, chance), _stretch(other, chance)
    return data[:at] + other[begin : begin + size] + data[at + size :], f"{size} bytes of another laid over {at}"


def _join(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    first, second = _place(data, chance), _place(other, chance)
    return data[:first] + other[second:], f"its first {first} bytes, then another from {second} on"


def _swap(data: bytes, _: bytes, chance: Random) -> tuple[bytes, str]:
    first, second, third = sorted(_place(data, chance) for _ in range(3))
    return data[:first] + data[second:third] + data[first:second] + data[third:], f"{first} to {third} swapped"


def _number(data: bytes, _: bytes, chance: Random) -> tuple[bytes, str]:
    """A number at its limits over bytes that may be one: of any width, either end first, or seven bits each."""
    at, number, width = _place(data, chance), chance.choice(NUMBERS), chance.choice((1, 2, 4, 8, 0))
    written = _varint(number & (1 << 64) - 1) if not width else (number & (1 << 8 * width) - 1).to_bytes(
        width, chance.choice(("little", "big"))
    )  # fmt: skip
    return data[:at] + written + data[at + max(1, width) :], f"{number} in {len(written)} bytes at {at}"


def _json_number(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    return _in_place_of(_JSON_NUMBER, data, str(chance.choice(NUMBERS)).encode(), other, chance)


def _json_text(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    trick = chance.choice(TRICKS).encode("utf-8", "surrogatepass").replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return _in_place_of(_JSON_TEXT, data, b'"' + trick + b'"', other, chance)


def _json_value(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    return _in_place_of(chance.choice((_JSON_NUMBER, _JSON_TEXT)), data, chance.choice(_JSON_VALUES), other, chance)


def _nest(data: bytes, other: bytes, chance: Random) -> tuple[bytes, str]:
    depth = chance.choice((10, 1_000, 100_000, NESTED_MAX))
    begin, end = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    nested = begin * depth + b"1" + end * chance.choice((depth, 0))
    return _in_place_of(_JSON_NUMBER, data, nested[:GROWN_BYTES_MAX], other, chance)


def _in_place_of(
    pattern: re.Pattern[bytes], data: bytes, written: bytes, other: bytes, chance: Random
) -> tuple[bytes, str]:
    found = list(pattern.finditer(data[:GROWN_BYTES_MAX]))
    if not found:
        return _flip(data, other, chance)
    one = chance.choice(found)
    return data[: one.start()] + written + data[one.end() :], f"{written[:40]!r} for {one[0][:40]!r}"


def _place(data: bytes, chance: Random) -> int:
    """Anywhere; half the time near the beginning or the end, where formats say how long things are."""
    near = min(64, len(data))
    return chance.choice(
        (
            chance.randint(0, near),
            len(data) - chance.randint(0, near),
            *(chance.randint(0, len(data)) for _ in range(2)),
        )
    )


def _stretch(data: bytes, chance: Random) -> tuple[int, int]:
    at = _place(data, chance)
    return at, min(len(data) - at, chance.choice((1, 2, 4, 16, 64, 512, 4096)))


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


CHANGES: Sequence[Change] = (
    _flip, _flip, _set, _set, _number, _number, _cut, _remove, _repeat, _splice, _overwrite, _join, _swap,
    _json_number, _json_text, _json_value, _nest,
)  # fmt: skip
