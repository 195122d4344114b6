"""The intake: where importers put files, activities and findings while they read a source.

* Every file goes straight into the store's batch, in pieces: memory stays bounded whatever the course weighs.
* Each activity's files lie in a folder named by its id, so sources never collide and names stay the same.
* The limits hold for all sources of a course together, while streaming, whatever their headers claimed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from catalog.digest import READ_BYTES, digest_of
from catalog.fault import CallerFault, ContentFault
from catalog.importers.links import SCAN_BYTES_MAX, SCANNED, external_links
from catalog.importers.repairs.folding import folded
from catalog.importers.report import Report
from catalog.manifest import CORE, Activity, Entry, Layer, is_safe_path
from catalog.media import media_type as media_type_of
from catalog.renditions.studio import Studio
from catalog.store import Batch

if TYPE_CHECKING:
    from catalog.importers.source import Source

COURSE_BYTES_MAX = 16 << 30
COURSE_FILES_MAX = 100_000
HEAD_BYTES = 64 << 10
SLUG_LETTERS_MAX = 40
INNER_MAX = 3
"""A cartridge may hold a package that holds another; more is a trick."""
INNER_TOTAL_MAX = 2_000
"""Files inside of one source that are read as sources of their own, however deep they lie."""

Progress = Callable[[int, int], None]
"""Called with the source bytes read so far, and their total."""


class Importer(Protocol):
    """Reads one kind of source.

    It judges by content, never by name alone; it writes nowhere but to the intake; it reads no file that the source
    does not contain; it refuses with a ContentFault.
    """

    format: str

    def recognises(self, source: "Source", /) -> bool: ...

    def read(self, source: "Source", intake: "Intake", /) -> list[Activity]: ...


@dataclass(slots=True)
class About:
    """What a source says of the course that it is; empty where it does not."""

    title: str = ""
    description: str = ""
    language: str = ""
    licence: str = ""
    subjects: list[str] = field(default_factory=list)

    def with_more(self, other: "About") -> "About":
        """What several sources say: of each thing, what the first says that says anything."""
        return About(
            self.title or other.title,
            self.description or other.description,
            self.language or other.language,
            self.licence or other.licence,
            self.subjects or other.subjects,
        )


@dataclass(frozen=True, slots=True)
class Added:
    """A file that was taken in, and its first bytes."""

    entry: Entry
    head: bytes


class Intake:
    """One course being read."""

    def __init__(
        self,
        batch: Batch,
        report: Report,
        language: str,
        progress: Progress,
        total_bytes: int,
        importer_of: "Callable[[Source], Importer]",
        studio: Studio | None = None,
    ) -> None:
        self.report = report
        self.studio = studio
        self.language = language
        self.about = About()
        self._importer_of = importer_of
        self._inner = 0
        self._inner_total = 0
        self._wanted_id = ""
        self._batch = batch
        self._progress = progress
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._taken_bytes = 0
        self._layers: dict[str, list[Entry]] = {CORE: []}
        self._ids: set[str] = set()
        self._paths: dict[str, str] = {}

    def add(
        self,
        path: str,
        pieces: Iterable[bytes],
        *,
        layer: str = CORE,
        role: str = "content",
        media_type: str | None = None,
        is_counted: bool = True,
    ) -> Added:
        """Take in one file. `is_counted`: its pieces are source bytes, and move the progress.

        Raises ContentFault where a limit or a name forbids it, DiskFull or BoxFault where the disk does.
        """
        self._check_path(path)
        kind = media_type or media_type_of(path)
        kept_bytes = SCAN_BYTES_MAX if kind in SCANNED else HEAD_BYTES
        head = bytearray()
        # Pages are read again even so: what is said of them is found while they are read.
        if kind not in SCANNED and (held := self._batch.take_again(path)) is not None:
            digest, size_bytes, place = held
            self._taken_bytes += size_bytes
            if is_counted:
                self.advance(size_bytes)
            return self._added(layer, Entry(path, size_bytes, digest, kind, role), first_bytes(place, HEAD_BYTES))
        with self._batch.new_file() as file:
            for piece in pieces:
                self._taken_bytes += len(piece)
                _demand(self._taken_bytes <= COURSE_BYTES_MAX, f"it unpacks to more than {COURSE_BYTES_MAX >> 30} GiB")
                file.write(piece)
                if len(head) < kept_bytes:
                    head += piece[: kept_bytes - len(head)]
                if is_counted:
                    self.advance(len(piece))
            digest, size_bytes = file.finish(path)
        if kind in SCANNED:
            self.report.external_links += external_links(path, bytes(head))
        return self._added(layer, Entry(path, size_bytes, digest, kind, role), bytes(head[:HEAD_BYTES]))

    def _added(self, layer: str, entry: Entry, head: bytes) -> Added:
        self._layers.setdefault(layer, []).append(entry)
        return Added(entry, head)

    def read_inner(self, name: str, pieces: Iterable[bytes], activity: str = "") -> list[Activity]:
        """Import a package that lies inside the one being read, as a source of its own; `name` is its file's name, and
        `activity` the id that its first activity should have.

        What it says of itself as a course stays with it. Raises ContentFault as any source does, or where packages
        lie in packages without an end.
        """
        from catalog.importers.source import Source

        _demand(self._inner < INNER_MAX, "packages lie in packages, too many deep")
        self._inner_total += 1
        _demand(self._inner_total <= INNER_TOTAL_MAX, f"more than {INNER_TOTAL_MAX:,} packages lie in it")
        about, self.about, self._inner = self.about, About(), self._inner + 1
        self._wanted_id = activity
        try:
            with self.all_or_nothing(), self.workplace() as folder:
                place = folder / safe_name(Path(name))
                with place.open("wb") as file:
                    for piece in pieces:
                        file.write(piece)
                with Source(place, self.report) as source:
                    return self._importer_of(source).read(source, self)
        finally:
            self.about, self._inner, self._wanted_id = about, self._inner - 1, ""

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Read a source of which nothing stays where it is refused, neither files nor what was said of them."""
        marks = {layer: len(entries) for layer, entries in self._layers.items()}
        told = [(lines, len(lines)) for lines in (self.report.repaired, self.report.left_out, self.report.noted)]
        links = len(self.report.external_links)
        try:
            yield
        except ContentFault:
            self._take_back(marks)
            for lines, count in told:
                del lines[count:]
            del self.report.external_links[links:]
            raise

    def _take_back(self, marks: dict[str, int]) -> None:
        """Leave out again what was taken in since: its package is refused."""
        for layer, entries in list(self._layers.items()):
            for entry in entries[marks.get(layer, 0) :]:
                del self._paths[folded(entry.path)]
            del entries[marks.get(layer, 0) :]
            if not entries and layer not in marks:
                del self._layers[layer]

    def workplace(self) -> AbstractContextManager[Path]:
        """A folder for what is made on the way; gone afterwards."""
        return self._batch.workplace()

    def held_bytes(self, path: str) -> int | None:
        """The size of a file that was made already, by an import that died: then `add` asks for none of its bytes."""
        return self._batch.held_bytes_of(path)

    def working(self, weight_bytes: int) -> Callable[[int], None]:
        """Something long begins that is worth as much of the progress as reading `weight_bytes`.

        Returns whom to tell of it: the thousandths that are done.
        """
        self._total_bytes += weight_bytes
        told = [0]

        def say(permille: int) -> None:
            done_bytes = max(told[0], permille * weight_bytes // 1000)
            self.advance(done_bytes - told[0])
            told[0] = done_bytes

        return say

    def advance(self, source_bytes: int) -> None:
        """Move the progress on."""
        self._done_bytes = min(self._done_bytes + source_bytes, self._total_bytes)
        self._progress(self._done_bytes, self._total_bytes)

    def claim_id(self, wanted: str) -> str:
        """An activity id that no other activity of this course has: `wanted`, or `wanted-2` and so on."""
        wanted, self._wanted_id = self._wanted_id or wanted, ""
        number = 1
        name = wanted
        while name in self._ids:
            number += 1
            name = f"{wanted}-{number}"
        self._ids.add(name)
        return name

    def layers(self) -> tuple[Layer, ...]:
        """What was taken in, by layer."""
        return tuple(Layer.of(name, entries) for name, entries in sorted(self._layers.items()))

    def _check_path(self, path: str) -> None:
        _demand(is_safe_path(path), f"a file in it has an unsafe name: {path!r}")
        _demand(len(self._paths) < COURSE_FILES_MAX, f"it has more than {COURSE_FILES_MAX:,} files")
        small = folded(path)
        if other := self._paths.get(small):
            same = "have one name" if other == path else "differ only in capital letters"
            raise ContentFault(
                f"The course cannot be taken: two of its files {same}: {other} and {path}.",
                "Rename one of them, mend the links to it, and import again.",
            )
        self._paths[small] = path


def slug(text: str, kind: str) -> str:
    """A name of small Latin letters for `text`; where it has none, `kind` and a few letters of its digest.

    >>> slug("Élan vital (2)", "course")
    'elan-vital-2'
    """
    return latin(text) or f"{kind}-{digest_of(unicodedata.normalize('NFC', text).encode())[2:10]}"


def latin(text: str) -> str:
    """`text` in small Latin letters, digits and hyphens; empty where it has no such letters."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    short = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LETTERS_MAX].strip("-")
    return short if any(letter.isalpha() for letter in short) else ""


def title_of(source: Path) -> str:
    """A title made from a file's name, for formats that carry none."""
    stem = unicodedata.normalize("NFC", source.stem if source.suffix else source.name)
    readable = re.sub(r"[\s_-]+", " ", "".join(letter for letter in stem if letter.isprintable())).strip()
    return readable or "Untitled"


def safe_name(source: Path) -> str:
    """The file's own name, made fit to be a path in a course."""
    name = unicodedata.normalize("NFC", source.name.encode("utf-8", "replace").decode())
    kept = "".join("_" if letter in '\\:*?"<>|' or not letter.isprintable() else letter for letter in name).strip()
    return kept if is_safe_path(kept) else slug(source.stem, "file") + source.suffix.lower()


def pieces_of(source: Path) -> Iterator[bytes]:
    """The bytes of a file, a little at a time."""
    with source.open("rb") as file:
        while piece := file.read(READ_BYTES):
            yield piece


def first_bytes(source: Path, count: int = 1024) -> bytes:
    """The beginning of a file, to judge it by. Raises CallerFault where it cannot be read."""
    try:
        with source.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise unreadable(source, error) from error


def unreadable(source: Path, error: OSError) -> CallerFault:
    return CallerFault(
        f"{source.name} cannot be read: {(error.strerror or 'it is not a plain file').lower()}.",
        "Check that the file is there and that you may read it.",
    )


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise ContentFault(f"The course cannot be taken: {what}.", "Ask whoever made it for a smaller or cleaner copy.")
