"""Making a book, in a process of its own: the pages are strangers'.

* The child limits itself before it opens the first page: memory, processor time, how long a file it may write.
* A book is at its place whole or not at all. A course that gives none leaves an empty file there, which says so.
"""

import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from catalog.book.epub import BOOK_BYTES_MAX, Book, write_book

MAKING_SECONDS_MAX = 600
MAKING_CPU_SECONDS_MAX = 300
MEMORY_BYTES_MAX = 384 << 20
NICENESS = 19

_ROOT = Path(__file__).parents[2]
_BEGIN = "import sys; sys.path.insert(0, sys.argv[1]); from catalog.book import making; making.main()"


def make(book: Book, target: Path) -> None:
    """Make the book and put it at `target`; an empty file where there is nothing to make it of."""
    beside = target.with_name(target.name + ".part")
    asked = json.dumps({**asdict(book), "tree": str(book.tree), "target": str(beside)})
    beside.unlink(missing_ok=True)
    try:
        ended = subprocess.run(
            [sys.executable, "-I", "-c", _BEGIN, str(_ROOT)],
            env={},
            input=asked.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=MAKING_SECONDS_MAX,
            check=False,
        )
        is_made = ended.returncode == 0 and beside.is_file()
    except subprocess.TimeoutExpired:
        is_made = False
    if not is_made:
        beside.write_bytes(b"")
    # Not synced: it can be made again, and one that a power cut shortened is no zip and is (see `is_whole`).
    beside.replace(target)


def is_whole(path: Path) -> bool:
    """Tell whether a book, or the mark that there is none, was written to its end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 22))
        return size == 0 or file.read().startswith(b"PK\x05\x06")


def main() -> None:
    """The child: make the book that standard input describes."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (MAKING_CPU_SECONDS_MAX, MAKING_CPU_SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (BOOK_BYTES_MAX, BOOK_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    target, tree = Path(asked.pop("target")), Path(asked.pop("tree"))
    sys.exit(0 if write_book(Book(tree=tree, **asked), target) else 1)
