"""Snippets: the few words around what was found, with what was found marked.

* A snippet is parts of the text as it was written, each marked or not; nothing here is HTML.
* It begins and ends between words, or between clusters where there are no spaces.
* The place with the most different words of the question is shown; a text without any shows its beginning.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from catalog.search.folding import ARTICLES, Folded, folded
from catalog.search.question import BEGINNING_LETTERS_MIN, Question

SNIPPET_LETTERS = 160
BEFORE_LETTERS = 50
MARKS_MAX = 200
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a snippet."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Snippet:
    """Words around what was found. `line` is the line of the text where the first mark stands."""

    parts: tuple[Part, ...]
    line: int = 0

    @property
    def has_marks(self) -> bool:
        return any(part.is_marked for part in self.parts)


def snippet(text: str, question: Question) -> Snippet:
    """The part of `text` that answers best, about as long as two lines on a phone."""
    marks = _marks(text, question)
    first = _best(marks)
    start = _start(text, first)
    end = _end(text, start)
    shown = [(begin, stop) for begin, stop, _ in marks if begin >= start and stop <= end]
    parts = [Part(ELLIPSIS)] if start > 0 else []
    at = start
    for begin, stop in shown:
        parts += [Part(_plain(text[at:begin])), Part(_plain(text[begin:stop]), is_marked=True)]
        at = stop
    parts += [Part(_plain(text[at:end])), Part(ELLIPSIS if end < len(text) else "")]
    return Snippet(tuple(part for part in parts if part.text), text.count("\n", 0, first))


def marked(text: str, question: Question) -> tuple[Part, ...]:
    """The whole of a short text, such as a title, with what was found marked."""
    parts: list[Part] = []
    at = 0
    for begin, stop, _ in _marks(text, question):
        parts += [Part(text[at:begin]), Part(text[begin:stop], is_marked=True)]
        at = stop
    return tuple(part for part in [*parts, Part(text[at:])] if part.text)


def _marks(text: str, question: Question) -> list[tuple[int, int, str]]:
    """Where words of the question stand: from, to, which; none over another, in order."""
    there = folded(text)
    found: list[tuple[int, int, str]] = []
    for word in question.words:
        at = there.text.find(word.text)
        while at >= 0 and len(found) < MARKS_MAX:
            if word.is_run or _stands_alone(there.text, at, len(word.text)):
                found.append((*_stretch(text, there, at, word.text), word.text))
            at = there.text.find(word.text, at + len(word.text))
    return _apart(sorted(found, key=lambda mark: (mark[0], -mark[1])))


def _stands_alone(text: str, at: int, letters: int) -> bool:
    """Whether a word begins here, an Arabic one behind its article too; a short one must end here as well."""
    before = text[:at].rpartition(" ")[2]
    after = text[at + letters : at + letters + 1]
    if letters < BEGINNING_LETTERS_MIN and after.isalpha():
        return False
    return not before or not before[-1].isalpha() or before in ARTICLES


def _stretch(text: str, there: Folded, at: int, needle: str) -> tuple[int, int]:
    """A stretch of the folded text as one of the text, with the marks that hang on its last letter."""
    begin = there.places[at]
    stop = there.places[at + len(needle) - 1] + 1
    while stop < len(text) and unicodedata.category(text[stop])[0] == "M":
        stop += 1
    return begin, stop


def _apart(found: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for one in found:
        if not kept or one[0] >= kept[-1][1]:
            kept.append(one)
    return kept


def _best(marks: Sequence[tuple[int, int, str]]) -> int:
    """Where the first mark of the stretch stands that has the most different words."""
    best, best_words = marks[0][0] if marks else 0, 0
    for begin, _, _ in marks:
        near = {word for place, _, word in marks if 0 <= place - begin < SNIPPET_LETTERS - BEFORE_LETTERS}
        if len(near) > best_words:
            best, best_words = begin, len(near)
    return best


def _start(text: str, first: int) -> int:
    start = max(0, first - BEFORE_LETTERS)
    if start == 0:
        return 0
    space = text.find(" ", start, first)
    start = space + 1 if space >= 0 else start
    while start < first and unicodedata.category(text[start])[0] in "MC":
        start += 1
    return start


def _end(text: str, start: int) -> int:
    end = start + SNIPPET_LETTERS
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", start + SNIPPET_LETTERS - BEFORE_LETTERS, end)
    end = space if space >= 0 else end
    while end < len(text) and unicodedata.category(text[end])[0] in "MC":
        end += 1
    return end


def _plain(text: str) -> str:
    """Lines of a film's captions, or of a page, as one line."""
    return text.replace("\n", " ")
