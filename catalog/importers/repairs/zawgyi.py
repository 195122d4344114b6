"""Zawgyi: Burmese text that was written for one font, and reads as nonsense in every other, made Unicode.

* Whether a text is Zawgyi is told by a model of pairs of letters; only what is Zawgyi beyond doubt is changed, and the
  report says so. Text in other scripts is not looked at.
* Model and rules are those of Google's Myanmar Tools 1.2 (Apache-2.0, `static/zawgyi-LICENSE.txt`), kept as data:
  `zawgyi-model.dat` byte for byte, `zawgyi-rules.json` its transliteration rules with each expression as it stands.
* Where a text becomes Unicode, the font that it was written for is not asked for any more.
"""

import json
import math
import re
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from catalog.importers.report import Report

FOLDER = Path(__file__).parent / "static"
PAGE_BYTES_MAX = 4 << 20
CERTAIN_PERMILLE = 950
JUDGED_LETTERS_MAX = 20_000
UNICODE_FONT = b"Noto Sans Myanmar"

_STATES = "".join(
    chr(point)
    for first, last in ((0x1000, 0x103F), (0x104A, 0x109F), (0xAA60, 0xAA7F), (0xA9E0, 0xA9FF), (0x2000, 0x200B))
    for point in range(first, last + 1)
)
_STATE_OF = {letter: number for number, letter in enumerate(sorted(_STATES), start=1)}
_RUN = re.compile(
    "[\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff][\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff\u2000-\u200d\u00a0 ]*"
)
_LETTERS = re.compile(rb"\xe1[\x80-\x82]")
_LETTERS_OR_ESCAPES = re.compile(rb"\xe1[\x80-\x82]|\\u10[0-9A-Fa-f]{2}")
_TAG = re.compile(r"<[^>]{0,2000}>")
_FACE = re.compile(rb"@font-face\s{0,20}\{[^}]{0,2000}\}", re.IGNORECASE)
_FONT = re.compile(rb"[\"']?zawgyi[-_ ]?(?:one)?[0-9]{0,4}[\"']?(?=\s*[;,}\"'!])", re.IGNORECASE)


class Rule(NamedTuple):
    """What stands in place of what, in one phase of the conversion."""

    wanted: re.Pattern[str]
    new: str
    is_at_start: bool
    stays: bool


class Phase(NamedTuple):
    """Rules that are tried together, in their order."""

    any_rule: re.Pattern[str]
    rules: Sequence[Rule]


def unicode_of(text: str) -> str:
    """The text, as Unicode where it is Zawgyi beyond doubt.

    >>> unicode_of("Water"), unicode_of("\u1031\u1014\u107b\u1015\u100a\u1039\u1031\u1010\u102c\u1039")
    ('Water', '\u1014\u1031\u1015\u103c\u100a\u103a\u1010\u1031\u102c\u103a')
    """
    return converted(text) if is_zawgyi(text) else text


def mended(page: str, pieces: Iterable[bytes], report: Report) -> Iterator[bytes]:
    """The bytes of a page or of JSON, in UTF-8; as Unicode where its Burmese text is Zawgyi. What has none streams
    through."""
    pieces = iter(pieces)
    held = next((piece for piece in pieces if piece), b"")
    is_data = page.endswith(".json")
    is_asked = (_LETTERS if not is_data else _LETTERS_OR_ESCAPES).search(held)
    if not is_asked and (is_data or b"zawgyi" not in held.lower()):
        yield held
        yield from pieces
        return
    for piece in pieces:
        held += piece
        if len(held) > PAGE_BYTES_MAX:
            yield held
            yield from pieces
            return
    text = _plain_data(held) if is_data else held.decode("utf-8", "replace")
    if "\ufffd" in text or not is_zawgyi(_TAG.sub(" ", text)):
        is_style = page.endswith(".css")
        yield without_font(held) if is_style else held
        return
    report.repaired.append(f"{page}: Burmese text in Zawgyi; it is Unicode now.")
    new = converted(text).encode("utf-8", "replace")
    yield new if is_data else without_font(new)


def _plain_data(data: bytes) -> str:
    """JSON with its letters as letters; empty where it is none."""
    try:
        return json.dumps(json.loads(data), ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def without_font(style: bytes) -> bytes:
    """Styles that ask for a font of today in place of Zawgyi; one that brings Zawgyi along is not asked for."""
    faces = [found.span() for found in _FACE.finditer(style)]

    def other(found: re.Match[bytes]) -> bytes:
        is_in_face = any(start <= found.start() < end for start, end in faces)
        return found[0] if is_in_face else b"'" + UNICODE_FONT + b"'"

    return _FONT.sub(other, style)


def is_zawgyi(text: str) -> bool:
    """Tell whether Burmese text is Zawgyi, beyond doubt."""
    runs = "".join(_RUN.findall(text[: JUDGED_LETTERS_MAX * 4]))[:JUDGED_LETTERS_MAX]
    return bool(runs) and probability_permille(runs) >= CERTAIN_PERMILLE


def probability_permille(text: str) -> int:
    """How likely this is Zawgyi, in thousandths; 0 where there is nothing to judge."""
    params, size = _model()
    total, before, is_judged = 0.0, 0, False
    for state in [*(_STATE_OF.get(letter, 0) for letter in text), 0]:
        if before or state:
            total += params[before * size + state]
            is_judged = True
        before = state
    if not is_judged:
        return 0
    return round(1000 / (1 + math.exp(max(-500.0, min(500.0, total)))))


def converted(text: str) -> str:
    """All runs of Burmese letters in a text, taken as Zawgyi, in Unicode."""
    return _RUN.sub(lambda run: _all_phases(run[0]), text)


def _all_phases(text: str) -> str:
    for phase in _phases():
        text = _passed(phase, text)
    return text


def _passed(phase: Phase, text: str) -> str:
    """One pass from the left. A rule looks at what is still to come; what it writes is passed over, unless it stays."""
    done: list[str] = []
    at, is_start = 0, True
    while at < len(text):
        if not is_start:
            following = phase.any_rule.search(text, at)
            if following is None:
                break
            done.append(text[at : following.start()])
            at = following.start()
        is_found = False
        for rule in phase.rules:
            found = rule.wanted.match(text, at) if is_start or not rule.is_at_start else None
            if found is None:
                continue
            is_found = True
            if rule.stays:
                text = text[:at] + found.expand(rule.new) + text[found.end() :]
            else:
                done.append(found.expand(rule.new))
                at = found.end()
        if not is_found:
            done.append(text[at])
            at += 1
        is_start = False
    return "".join([*done, text[at:]])


@lru_cache(maxsize=1)
def _phases() -> Sequence[Phase]:
    told = json.loads((FOLDER / "zawgyi-rules.json").read_text("ascii"))
    return [
        Phase(
            re.compile("|".join(f"(?:{wanted})" for wanted, _, _, _ in rules)),
            [Rule(re.compile(wanted), new, bool(at_start), bool(stays)) for wanted, new, at_start, stays in rules],
        )
        for rules in told
    ]


@lru_cache(maxsize=1)
def _model() -> tuple["array[float]", int]:
    """For each pair of letters how much rather it is Unicode than Zawgyi, and how many letters there are."""
    data = (FOLDER / "zawgyi-model.dat").read_bytes()
    assert data.startswith(b"UZMODEL ") and b"BMARKOV " in data[:24], "the model is the one that was put here"  # noqa: PT018
    at = data.index(b"BMARKOV ") + 12
    size = struct.unpack_from(">h", data, at)[0]
    at += 2
    params = array("f", bytes(4 * size * size))
    for row in range(size):
        count = struct.unpack_from(">h", data, at)[0]
        at += 2
        if count:
            usual = struct.unpack_from(">f", data, at)[0]
            at += 4
            params[row * size : (row + 1) * size] = array("f", [usual] * size)
            for number, value in struct.iter_unpack(">hf", data[at : at + 6 * count]):
                params[row * size + number] = value
            at += 6 * count
    return params, size
