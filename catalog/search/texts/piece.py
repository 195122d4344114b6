"""A piece of text from a file, and where in the file it stands.

* `place` is what opens the file there: the page of a document, the path of a book's chapter, "" for a page by itself;
  of captions the second of each line, with spaces between.
* A piece is short enough to be looked through in a moment: long pages are several pieces with one place.
* All of a file's pieces together have a limit; what is beyond it is not found, and nothing else suffers.
"""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

PIECE_LETTERS_MAX = 3000
FILE_LETTERS_MAX = 2_000_000
TITLE_LETTERS_MAX = 200


class Piece(NamedTuple):
    """Some text of a file."""

    place: str
    title: str
    text: str


def cut(place: str, title: str, text: str) -> Iterator[Piece]:
    """One or more pieces; the title is that of the first."""
    text = " ".join(readable(text).split())
    title = " ".join(readable(title).split())[:TITLE_LETTERS_MAX]
    if not text and title:
        yield Piece(place, title, "")
    while text:
        end = len(text)
        if end > PIECE_LETTERS_MAX:
            space = text.rfind(" ", PIECE_LETTERS_MAX // 2, PIECE_LETTERS_MAX)
            end = space if space > 0 else PIECE_LETTERS_MAX
        yield Piece(place, title, text[:end])
        text, title = text[end:].lstrip(), ""


def readable(text: str) -> str:
    """Text in its composed form, without half letters, with spaces for letters that steer."""
    text = text.encode("utf-8", "ignore").decode()
    return unicodedata.normalize("NFC", "".join(letter if letter >= " " else " " for letter in text))
