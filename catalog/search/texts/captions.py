"""The text of captions, WebVTT or SRT: what is said, and at which second.

* A cue is one line; cues that follow each other are one piece, so that words of two cues are found together.
* Notes, styles, numbers and marks are not said.
"""

import html
import re
from collections.abc import Iterator

from catalog.search.texts.page import decoded
from catalog.search.texts.piece import PIECE_LETTERS_MAX, Piece, readable

CAPTIONS_BYTES_MAX = 8 << 20
PIECE_CUES_MAX = 40
CUE_LETTERS_MAX = 1000

_TIMES = re.compile(r"\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,]\d{1,3}\s+-->")
_MARKUP = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,100}\}")


def captions_pieces(data: bytes) -> Iterator[Piece]:
    """What is said, piece by piece."""
    seconds: list[str] = []
    lines: list[str] = []
    for second, line in _cues(decoded(data[:CAPTIONS_BYTES_MAX])):
        if lines and (len(lines) >= PIECE_CUES_MAX or sum(map(len, lines)) + len(line) > PIECE_LETTERS_MAX):
            yield Piece(" ".join(seconds), "", "\n".join(lines))
            seconds, lines = [], []
        seconds.append(str(second))
        lines.append(line)
    if lines:
        yield Piece(" ".join(seconds), "", "\n".join(lines))


def _cues(text: str) -> Iterator[tuple[int, str]]:
    """Each cue's second, and what is said then in one line."""
    second: int | None = None
    said: list[str] = []
    for row in [*text.splitlines(), ""]:
        times = _TIMES.match(row)
        if times is None and row.strip():
            said.append(row)
            continue
        if second is not None and (line := _line(said)):
            yield second, line
        said = []
        second = _second(times) if times else None


def _second(times: re.Match[str]) -> int:
    hours, minutes, seconds = (int(part or 0) for part in times.groups())
    return hours * 3600 + minutes * 60 + seconds


def _line(said: list[str]) -> str:
    return " ".join(readable(html.unescape(_MARKUP.sub("", " ".join(said)))).split())[:CUE_LETTERS_MAX]
