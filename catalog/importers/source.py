"""A source: one thing that a teacher brought, opened once and shown to every importer.

* What it is, its content says: `head` for a file, `tree` for whatever holds files (a folder, an archive).
* Files of a tree have safe paths; a tree of an archive is bounded as `archive` says, whoever reads from it.
* An importer reads packages through `Tree` alone, so a package may lie in an archive or unpacked in a folder.
* A package that was packed with the folder it lay in is shown without that folder: its document says that it is one.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from catalog.fault import ContentFault
from catalog.importers.archive import Archive, Member, is_zip
from catalog.importers.folder import pieces, walk
from catalog.importers.intake import first_bytes
from catalog.importers.report import Report
from catalog.importers.site import is_junk

HEAD_BYTES = 4096
DOCUMENTS = ("imsmanifest.xml", "moodle_backup.xml", "META-INF/container.xml")
"""What tells a package from a folder of pages. Of those that are not here, their importers find the folder."""
FOLDERS_MAX = 4
_DOCUMENTS = {name.lower(): name for name in DOCUMENTS}


class Tree(Protocol):
    """Files under safe relative paths, in an order of their own.

    Reading proves what can be proven (checksums) and raises ContentFault where it fails.
    """

    paths: Sequence[str]

    def size_bytes(self, path: str) -> int:
        """What the file is said to have; an archive may lie, and is caught while its bytes are read."""
        ...

    def source_bytes(self, path: str) -> int:
        """What the file takes of the source: packed, where the source is. Moves the progress."""
        ...

    def pieces(self, path: str) -> Iterator[bytes]:
        """The bytes of one file, a little at a time."""
        ...


class Source:
    """One source, opened at the first question about its inside and closed by whoever made it."""

    def __init__(self, path: Path, report: Report) -> None:
        self.path = path
        self._report = report
        self._opened: list[ArchiveTree] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for archive in self._opened:
            archive.close()

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_folder(self) -> bool:
        return self.path.is_dir()

    @cached_property
    def head(self) -> bytes:
        """The first bytes of a file; none of a folder. Raises CallerFault where it cannot be read."""
        return b"" if self.is_folder else first_bytes(self.path, HEAD_BYTES)

    @property
    def is_zip(self) -> bool:
        return is_zip(self.head)

    @cached_property
    def tree(self) -> Tree | None:
        """What lies inside; None where it is a plain file. Raises ContentFault where it is damaged or hostile."""
        if self.is_folder:
            return _without_its_folder(FolderTree(self.path, self._report))
        if not self.is_zip:
            return None
        archive = ArchiveTree(self.path, self._report)
        self._opened.append(archive)
        return _without_its_folder(archive)


class ArchiveTree:
    """The files of a zip archive."""

    def __init__(self, path: Path, report: Report) -> None:
        self._archive = Archive(path, report)
        try:
            self._members = _each_once(self._archive, report)
        except ContentFault:
            self.close()
            raise
        self.paths: Sequence[str] = list(self._members)

    def size_bytes(self, path: str) -> int:
        return self._members[path].info.file_size

    def source_bytes(self, path: str) -> int:
        return self._members[path].packed_bytes

    def pieces(self, path: str) -> Iterator[bytes]:
        return self._archive.pieces(self._members[path])

    def close(self) -> None:
        self._archive.close()


class FolderTree:
    """The plain files of a folder."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._found = {found.path: found for found in walk(folder, report)}
        self.paths: Sequence[str] = list(self._found)

    def size_bytes(self, path: str) -> int:
        return self._found[path].size_bytes

    def source_bytes(self, path: str) -> int:
        return self._found[path].size_bytes

    def pieces(self, path: str) -> Iterator[bytes]:
        return pieces(self._found[path].place)


class InnerTree:
    """The files of a tree under other paths: `own` has the tree's path of each."""

    def __init__(self, tree: Tree, own: Mapping[str, str]) -> None:
        self._tree = tree
        self._own = own
        self.paths: Sequence[str] = list(own)

    def size_bytes(self, path: str) -> int:
        return self._tree.size_bytes(self._own[path])

    def source_bytes(self, path: str) -> int:
        return self._tree.source_bytes(self._own[path])

    def pieces(self, path: str) -> Iterator[bytes]:
        return self._tree.pieces(self._own[path])


class CountedTree:
    """A tree whose reading is told: each file counts once, as what it takes of the source, when it was read."""

    def __init__(self, tree: Tree, advance: Callable[[int], None]) -> None:
        self._tree = tree
        self._advance = advance
        self._told: set[str] = set()
        self.paths = tree.paths

    def size_bytes(self, path: str) -> int:
        return self._tree.size_bytes(path)

    def source_bytes(self, path: str) -> int:
        return self._tree.source_bytes(path)

    def pieces(self, path: str) -> Iterator[bytes]:
        yield from self._tree.pieces(path)
        self._count(path)

    def finish(self) -> None:
        """Tell of what nobody needed to read."""
        for path in self.paths:
            self._count(path)

    def _count(self, path: str) -> None:
        if path not in self._told:
            self._told.add(path)
            self._advance(self._tree.source_bytes(path))


def _without_its_folder(tree: Tree) -> Tree:
    """The package that lies in the one folder (of one folder) of a tree, whatever the capitals of its document."""
    wanted = [path for path in tree.paths if not is_junk(path)]
    prefix = ""
    for _ in range(FOLDERS_MAX):
        tops = {path.removeprefix(prefix).partition("/")[0] for path in wanted}
        if len(tops) != 1 or any("/" not in path.removeprefix(prefix) for path in wanted):
            break
        prefix += f"{tops.pop()}/"
        if any(path.removeprefix(prefix).lower() in _DOCUMENTS for path in wanted):
            break
    own = {_as_known(path.removeprefix(prefix)): path for path in tree.paths}
    is_whole = len(own) == len(tree.paths)
    is_package = not _DOCUMENTS.keys().isdisjoint(path.lower() for path in own)
    return InnerTree(tree, own) if is_whole and is_package and list(own) != list(tree.paths) else tree


def _as_known(path: str) -> str:
    return _DOCUMENTS.get(path.lower(), path)


def contents(tree: Tree, path: str, bytes_max: int) -> bytes:
    """One small file whole, such as a manifest. Raises ContentFault where it is longer than `bytes_max`."""
    data = bytearray()
    for piece in tree.pieces(path):
        data += piece
        if len(data) > bytes_max:
            raise ContentFault(
                f"{path} has more than {bytes_max:,} bytes, far more than such a file needs.",
                "Ask whoever made the package for a clean copy.",
            )
    return bytes(data)


def beginning(tree: Tree, path: str, count: int = HEAD_BYTES) -> bytes:
    """The first bytes of one file, to judge it by. Raises ContentFault where they are damaged."""
    data = bytearray()
    for piece in tree.pieces(path):
        data += piece
        if len(data) >= count:
            break
    return bytes(data[:count])


def _each_once(archive: Archive, report: Report) -> dict[str, Member]:
    """The members by their paths. One that was packed twice over counts once; two that differ are refused."""
    found: dict[str, Member] = {}
    again: Counter[str] = Counter()
    is_book = archive.begins_with(b"mimetypeapplication/epub+zip")
    for member in archive.members:
        first = found.setdefault(member.path, member)
        if first is member:
            continue
        if is_book or (first.info.CRC, first.info.file_size) != (member.info.CRC, member.info.file_size):
            raise ContentFault(
                f"{archive.source.name} cannot be taken: two of its files have one name: {member.path}.",
                "Rename one of them, mend the links to it, and import again.",
            )
        again[member.path] += 1
    report.repaired += [f"{path}: packed {count + 1} times over; taken once." for path, count in again.items()]
    return found
