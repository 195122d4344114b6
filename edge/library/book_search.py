"""Search inside of one book: its chapters read where they lie, each up to a limit.

* Letters are compared without their marks and their case: a reader need not type the vowels of Arabic.
* Time and memory are bounded by what is read, whatever the book holds; no index has to be kept for it.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

BOOK_BYTES_MAX = 12 << 20
CHAPTER_BYTES_MAX = 4 << 20
HITS_MAX = 40
HITS_PER_CHAPTER_MAX = 5
AROUND_LETTERS = 60
WORDS_LETTERS_MAX = 100

_NOT_READ = re.compile(r"<(script|style|head)\b.{0,200000}?</\1\s*>|<[^>]{0,2000}>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hit:
    """Words that were found in a chapter, and what stands around them."""

    part: int
    before: str
    found: str
    after: str


def found_in(tree: Path, spine: Sequence[str], words: str) -> list[Hit]:
    """Where the words stand in the book, in its order."""
    wanted, _ = _plain(words)
    if not wanted:
        return []
    hits: list[Hit] = []
    left_bytes = BOOK_BYTES_MAX
    for part, path in enumerate(spine):
        text = _text(tree / path, min(left_bytes, CHAPTER_BYTES_MAX))
        left_bytes -= len(text)
        hits += _hits(part, text, wanted)
        if len(hits) >= HITS_MAX or left_bytes <= 0:
            break
    return hits[:HITS_MAX]


def _hits(part: int, text: str, wanted: str) -> Iterator[Hit]:
    plain, _ = _plain(text, is_counted=False)
    if wanted not in plain:
        return
    plain, places = _plain(text)
    end = 0
    for _ in range(HITS_PER_CHAPTER_MAX):
        start = plain.find(wanted, end)
        if start < 0:
            return
        end = start + len(wanted)
        first, last = places[start], places[end - 1] + 1
        while last < len(text) and unicodedata.combining(text[last]):
            last += 1
        before, after = text[max(0, first - AROUND_LETTERS) : first], text[last : last + AROUND_LETTERS]
        yield Hit(part, before, text[first:last], after)


def _plain(text: str, *, is_counted: bool = True) -> tuple[str, list[int]]:
    """The letters without marks and case, and where each of them stands in `text`."""
    if not is_counted:
        bare = unicodedata.normalize("NFKD", text.casefold())
        return "".join(letter for letter in bare if not unicodedata.combining(letter)), []
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in unicodedata.normalize("NFKD", letter.casefold()):
            if not unicodedata.combining(one):
                letters.append(one)
                places.append(place)
    return "".join(letters), places


def _text(chapter: Path, bytes_max: int) -> str:
    try:
        with chapter.open("rb") as file:
            data = file.read(bytes_max)
    except OSError:
        return ""
    return " ".join(html.unescape(_NOT_READ.sub(" ", data.decode("utf-8", "replace"))).split())
