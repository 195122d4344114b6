"""The child that reads strangers' files: limits itself, then reads one file after the other and says what is in it.

* The limits are set before the first file is opened: address space, processor time for each file, no file written.
* It answers nothing but text; what cannot be read has none.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from catalog.search.texts.book import book_pieces
from catalog.search.texts.captions import CAPTIONS_BYTES_MAX, captions_pieces
from catalog.search.texts.document import document_pieces
from catalog.search.texts.page import PAGE_BYTES_MAX, page_text
from catalog.search.texts.piece import Piece, cut

MEMORY_BYTES_MAX = 384 << 20
"""Address space, not memory: Python itself has forty of these before it reads a byte."""
FILE_CPU_SECONDS_MAX = 300
FILES_OPEN_MAX = 32
NICENESS = 19


def main() -> None:
    """Read the files that standard input names, one line each."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_OPEN_MAX, FILES_OPEN_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        _allow(FILE_CPU_SECONDS_MAX)
        asked = json.loads(line)
        try:
            for piece in pieces_of(Path(asked["path"]), asked["kind"]):
                _say(list(piece))
        except Exception:  # noqa: BLE001, S110 - a stranger's file fails in ways that nobody can list
            pass
        _say("end")


def pieces_of(path: Path, kind: str) -> Iterator[Piece]:
    """The pieces of a file of this kind."""
    match kind:
        case "page":
            title, text = page_text(_begin(path, PAGE_BYTES_MAX))
            yield from cut("", title, text)
        case "captions":
            yield from captions_pieces(_begin(path, CAPTIONS_BYTES_MAX))
        case "book":
            yield from book_pieces(path)
        case _:
            yield from document_pieces(path)


def _begin(path: Path, bytes_max: int) -> bytes:
    with path.open("rb") as file:
        return file.read(bytes_max)


def _allow(seconds: int) -> None:
    """So much more of the processor, from now on."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    total = int(spent.ru_utime + spent.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (total, resource.RLIM_INFINITY))


def _say(what: object) -> None:
    sys.stdout.buffer.write(json.dumps(what).encode() + b"\n")
    sys.stdout.buffer.flush()
