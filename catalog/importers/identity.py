"""Identity: what an import was begun with, so that one that died goes on only where it is begun with the same.

* A file is known by its length, its date and what stands at both of its ends; a folder by its files' lengths and dates.
* What decides how the files will lie in the course is part of it, and the form in which this version lays them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog.digest import Hasher
from catalog.importers.folder import walk
from catalog.importers.report import Report

FORM = "1"
END_BYTES = 1 << 20
NAME_LETTERS = 32


def identity(sources: Sequence[Path], words: Sequence[str]) -> str:
    """A short name for an import of `sources` that was asked for with `words`; "" where a source cannot be read."""
    hasher = Hasher()
    try:
        for part in (FORM.encode(), *(word.encode() for word in words), *_parts(sources)):
            hasher.update(len(part).to_bytes(8, "big") + part)
    except OSError:
        return ""  # the import itself says what is the matter
    return hasher.digest()[2 : 2 + NAME_LETTERS]


def _parts(sources: Sequence[Path]) -> Iterator[bytes]:
    for source in sources:
        yield source.name.encode("utf-8", "replace")
        if source.is_dir():
            for found in walk(source, Report()):
                yield f"{found.path} {found.size_bytes} {found.place.stat().st_mtime_ns}".encode()
        elif source.is_file():
            facts = source.stat()
            yield f"{facts.st_size} {facts.st_mtime_ns}".encode()
            with source.open("rb") as file:
                yield file.read(END_BYTES)
                file.seek(max(0, facts.st_size - END_BYTES))
                yield file.read(END_BYTES)
