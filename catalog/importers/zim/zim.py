"""ZIM: the articles of an archive as the pages of one site, with all that they show.

* An article gets a name that a browser opens, a redirect becomes the link to where it leads; links follow both.
* Names that no disk keeps, and names that differ only in capital letters, are mended or left out, and said.
* What the archive needs for its own search stays out: the box has a search of its own.
"""

import posixpath
import unicodedata
from collections.abc import Iterator, Sequence

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, slug, title_of
from catalog.importers.media.languages import short_tag
from catalog.importers.repairs.folding import folded
from catalog.importers.repairs.site import take
from catalog.importers.source import Source
from catalog.importers.zim.reader import Item, ZimReader
from catalog.manifest import Activity, is_safe_path
from catalog.media import BYTES, TYPES, media_type

MAGIC = b"ZIM\x04"
REDIRECTS_FOLLOWED_MAX = 5
SUFFIXES = {kind: suffix for suffix, kind in reversed(TYPES.items())} | {
    "text/html": ".html", "application/javascript": ".js", "image/jpeg": ".jpg", "text/plain": ".txt",
}  # fmt: skip


class Zim:
    """A ZIM file."""

    format = "zim"

    def recognises(self, source: Source) -> bool:
        return source.head.startswith(MAGIC)

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        with ZimReader(source.path) as reader:
            names = _names(reader.items, intake)
            start = names.get(str(reader.about.get("main", "")), "")
            if not start:
                raise ContentFault(
                    f"{source.name} has no main page.", "Choose another edition of it, with a page to start with."
                )
            _tell(reader, intake)
            title = intake.about.title or title_of(source.path)
            folder = intake.claim_id(slug(title, "zim"))
            renamed = {path: name for path, name in names.items() if path != name} | _led(reader.redirects, names)
            total_bytes = sum(item.size_bytes for item in reader.items) or 1
            tree = _ZimTree(reader, source.path.stat().st_size / total_bytes)
            take(tree, names, folder, intake, renamed=renamed)
        return [Activity(folder, "html", f"{folder}/{start}", {intake.language: title})]


class _ZimTree:
    """The items of a ZIM file as a tree; each takes its share of the file."""

    def __init__(self, reader: ZimReader, share: float) -> None:
        self._reader = reader
        self._share = share
        self._items = {item.path: item for item in reader.items}
        self.paths: Sequence[str] = list(self._items)

    def size_bytes(self, path: str) -> int:
        return self._items[path].size_bytes

    def source_bytes(self, path: str) -> int:
        return int(self._items[path].size_bytes * self._share)

    def pieces(self, path: str) -> Iterator[bytes]:
        return self._reader.pieces(self._items[path])


def _names(items: Sequence[Item], intake: Intake) -> dict[str, str]:
    """The path of each item in the course."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    folders = {folder for item in items for folder in _folders(item.path)}
    for item in items:
        kind = item.media_type.partition(";")[0].strip().lower()
        path = unicodedata.normalize("NFC", item.path)
        is_index = "+zim" in kind or "+xapian" in kind
        if is_index or not is_safe_path(path):
            what = "an index for another program" if is_index else "a name that no disk keeps"
            intake.report.left_out.append(f"{item.path[:200]}: {what}.")
            continue
        name = _named(path, kind)
        if name in folders or folded(name) in taken:
            stem, suffix = posixpath.splitext(name)
            name = f"{stem}-{item.number}{suffix}"
        taken.add(folded(name))
        names[item.path] = name
    return names


def _named(path: str, kind: str) -> str:
    """The path with a suffix that says what it is, where its own does not."""
    if media_type(path) == kind or (kind.startswith("image/") and media_type(path).startswith("image/")):
        return path
    suffix = SUFFIXES.get(kind, "")
    is_plain = media_type(path) != BYTES and kind not in ("text/html", "application/xhtml+xml")
    return path if is_plain or not suffix else path + suffix


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def _led(redirects: dict[str, str], names: dict[str, str]) -> dict[str, str]:
    """Where each redirect ends."""
    led: dict[str, str] = {}
    for path in redirects:
        target = path
        for _ in range(REDIRECTS_FOLLOWED_MAX):
            target = redirects.get(target, target)
        if target in names:
            led[path] = names[target]
    return led


def _tell(reader: ZimReader, intake: Intake) -> None:
    about, said = intake.about, reader.about
    about.title = str(said.get("Title", ""))
    about.description = str(said.get("LongDescription") or said.get("Description", ""))
    about.language = short_tag(str(said.get("Language", "")).partition(",")[0])
    about.licence = str(said.get("License", ""))
    about.subjects = [tag for tag in str(said.get("Tags", "")).split(";") if tag and not tag.startswith("_")][:20]
