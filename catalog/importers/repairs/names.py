"""Names in old encodings: which alphabet the names of one archive were written in.

* An archive's tool wrote all of its names in one way, so they are judged together; names that are UTF-8 are not asked.
* An encoding is believed only where every name can be read in it and most of its letters are ones that people use in
  names; else they stay as DOS would show them, and the report says so.
* Common letters are told by the tables' own order: the first level of GB 2312 and of JIS X 0208 holds the everyday
  characters, the Arabic and Cyrillic blocks their alphabets.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

NAMES_JUDGED_MAX = 2_000
BELIEVED_PERMILLE = 600
DOS = "cp437"


@dataclass(frozen=True, slots=True)
class Alphabet:
    """An encoding, and what a teacher calls it."""

    encoding: str
    called: str


ALPHABETS: Sequence[Alphabet] = (
    Alphabet("gb18030", "Chinese (GBK)"),
    Alphabet("cp932", "Japanese (Shift-JIS)"),
    Alphabet("cp1256", "Arabic (Windows 1256)"),
    Alphabet("cp866", "Russian (DOS 866)"),
    Alphabet(DOS, "Western European (DOS 437)"),
)

TEXT_ALPHABETS: Sequence[Alphabet] = (
    *ALPHABETS[:3],
    Alphabet("cp1251", "Russian (Windows 1251)"),
    Alphabet("cp1252", "Western European (Windows 1252)"),
)
"""Files are written by Windows, names in archives by what came before it."""


def alphabet_of(names: Sequence[bytes], among: Sequence[Alphabet] = ALPHABETS) -> Alphabet | None:
    """The alphabet of names that are not UTF-8; None where none of `among` fits them.

    >>> alphabet_of(["水的故事.html".encode("gbk")]).called, alphabet_of(["الماء.html".encode("cp1256")]).called
    ('Chinese (GBK)', 'Arabic (Windows 1256)')
    """
    judged = names[:NAMES_JUDGED_MAX]
    scores = [(_permille(judged, one.encoding), one) for one in among]
    best_permille, best = max(scores, key=lambda scored: scored[0])
    return best if best_permille >= BELIEVED_PERMILLE and all(_is_readable(name, best) for name in names) else None


def _is_readable(name: bytes, alphabet: Alphabet) -> bool:
    try:
        name.decode(alphabet.encoding)
    except UnicodeDecodeError:
        return False
    return True


def _permille(names: Sequence[bytes], encoding: str) -> int:
    """How usual the letters beyond ASCII are, were the names in this encoding; -1 where they cannot be."""
    total = letters = 0
    for name in names:
        try:
            text = name.decode(encoding)
        except UnicodeDecodeError:
            return -1
        before = ""
        for letter in text:
            if not letter.isascii():
                total += _USUAL[encoding](letter, before)
                letters += 1
            before = letter
    return total // letters if letters else 0


def _han_of_gbk(letter: str, _before: str) -> int:
    data = letter.encode("gb18030")
    if len(data) == 2 and data[1] >= 0xA1:
        if 0xB0 <= data[0] <= 0xD7:  # the 3,755 everyday characters
            return 1000
        if 0xD8 <= data[0] <= 0xF7:
            return 400
        if data[0] in (0xA1, 0xA3):  # marks, and letters of full width
            return 800
    return 50


def _kana_or_kanji(letter: str, _before: str) -> int:
    data = letter.encode("cp932")
    if len(data) == 1:
        return 150  # a kana of half width: rare today, and what single bytes of other alphabets look like
    if data[0] in (0x82, 0x83):
        if "\u3041" <= letter <= "\u30fe":
            return 1000
        return 900 if letter.isdigit() else 500
    if data[0] == 0x81:
        return 800
    return 1000 if b"\x88\x9f" <= data <= b"\x98\x72" else 250  # the 2,965 everyday characters


def _arabic(letter: str, before: str) -> int:
    if "\u0621" <= letter <= "\u0652" or letter in "پچژکگہھں\u200c":
        return 1000 if not before.isascii() or not before.isalnum() else 300
    return _western(letter, before) if unicodedata.category(letter).startswith("L") else 100


def _cyrillic(letter: str, before: str) -> int:
    if letter not in "ЁёєЄіІїЇўЎ" and not "А" <= letter <= "я":
        return 100
    if letter.isupper() and before.isalpha():
        return 300
    return 980 if not ("a" <= before.lower() <= "z") else 300


def _western(letter: str, before: str) -> int:
    """A Latin letter with a mark, among Latin letters: a capital one inside of a word is not how people write."""
    if not unicodedata.name(letter, "").startswith("LATIN"):
        return 100
    return 200 if letter.isupper() and before.islower() else 985


_USUAL: Mapping[str, Callable[[str, str], int]] = {
    "gb18030": _han_of_gbk, "cp932": _kana_or_kanji, "cp1256": _arabic, "cp866": _cyrillic, DOS: _western,
    "cp1251": _cyrillic, "cp1252": _western,
}  # fmt: skip
