"""Names in a header: hashes, paths and kinds, told to one who knows those of the base.

* A hash is 32 bytes that nothing packs: it leaves its document, where a nought byte marks its place.
* A path leaves out the folders that it shares with the one before it. So a folder that arrives under another name (a
  language, a renamed chapter) reads like the one that is there, and packs to a few bytes.
* A file's kind is guessed, and only a wrong guess is said.
"""

import re
from collections.abc import Iterable, Sequence

from catalog.digest import Digest
from catalog.manifest import PATH_BYTES_MAX, Entry, is_safe_path
from sync.columns import Reader, Writer
from sync.fields import WHOLE_MAX
from sync.patch.format import FileRow, demand

Kind = tuple[str, str]
"""A file's media type and role."""

_DIGEST = re.compile(r"12[0-9a-f]{64}")
_MARK = "\0"
_COUNT_BYTES_MAX = 2


def without_hashes(document: str, known: str) -> tuple[str, tuple[Digest, ...]]:
    """The document with a mark in place of every digest that the `known` one has not; and those digests."""
    hashes: list[Digest] = []

    def mark(match: "re.Match[str]") -> str:
        if match[0] in known:
            return match[0]
        hashes.append(Digest(match[0]))
        return _MARK

    return _DIGEST.sub(mark, document), tuple(hashes)


def with_hashes(document: bytes, hashes: Sequence[Digest]) -> bytes:
    """The document as it was. Raises PackRefused where marks and hashes are not as many."""
    parts = document.decode().split(_MARK)
    demand(len(parts) == len(hashes) + 1, "its document has not the hashes that it should")
    return "".join(text for pair in zip(parts, [*hashes, ""], strict=True) for text in pair).encode()


def folded(paths: Iterable[str]) -> bytes:
    """Each path as how many folders it shares with the one before, and the rest of it."""
    out = Writer()
    before: list[str] = []
    for path in paths:
        folders = path.split("/")
        shared = 0
        while shared < min(len(folders), len(before)) - 1 and folders[shared] == before[shared]:
            shared += 1
        out.count(shared)
        out.data += "/".join(folders[shared:]).encode() + b"\n"
        before = folders
    return bytes(out.data)


def unfolded(data: bytes, count: int) -> list[str]:
    """So many safe paths in rising order. Raises PackRefused, Unreadable, UnicodeDecodeError."""
    paths: list[str] = []
    before: list[str] = []
    at = 0
    for _ in range(count):
        shared, at = _count_at(data, at)
        end = data.find(b"\n", at, at + PATH_BYTES_MAX + 1)
        demand(end >= 0 and (shared == 0 or shared < len(before)), "its paths are cut short, or too long")
        before = [*before[:shared], *data[at:end].decode().split("/")]
        paths.append("/".join(before))
        # Now, and not with all the others: each could be longer than the one it shares its folders with.
        demand(is_safe_path(paths[-1]), f"it has an unsafe path {paths[-1][:80]!r}")
        at = end + 1
    demand(at == len(data) and paths == sorted(paths), "its paths are not in order")
    return paths


def _count_at(data: bytes, at: int) -> tuple[int, int]:
    raw = Reader(data[at : at + _COUNT_BYTES_MAX])
    number = raw.count(WHOLE_MAX)
    return number, at + len(data[at : at + _COUNT_BYTES_MAX]) - len(raw.rest())


class KindGuess:
    """What kind a file most likely has: what its path had, or the last one of its extension."""

    def __init__(self, known: Sequence[Entry], kinds: Sequence[Kind]) -> None:
        self._known = known
        self._otherwise = kinds[0] if kinds else ("", "")
        self._by_suffix = {_suffix(entry.path): kind_of(entry) for entry in known}

    def at(self, path: str, place: int | None) -> Kind:
        """Of a file that the base has at this place, or not at all."""
        if place is not None:
            return kind_of(self._known[place])
        return self._by_suffix.get(_suffix(path), self._otherwise)

    def learn(self, path: str, kind: Kind) -> None:
        self._by_suffix[_suffix(path)] = kind


def kind_of(file: Entry | FileRow) -> Kind:
    return file.media_type, file.role


def _suffix(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()
