"""Within: what lies in a folder, or in an archive that is no course by itself, to be imported.

* A package or a site is one source wherever it lies; films, documents and captions are one each.
* An archive is laid open only where it holds such sources; pages that belong together stay one site.
* Depth and number are bounded, and what nobody can import is named.
"""

from collections.abc import Iterator, Sequence, Set
from pathlib import Path, PurePosixPath

from catalog.fault import ContentFault
from catalog.importers.folder import Found, walk
from catalog.importers.media.captions import is_captions
from catalog.importers.registry import importer_of, is_package
from catalog.importers.report import Report
from catalog.importers.single import PLAYED
from catalog.importers.site import PAGES, START_PAGES, arrange, is_junk, natural
from catalog.importers.source import Source, Tree

LEVELS_MAX = 3
"""An archive in an archive in an archive; what lies deeper is a file."""
SOURCES_MAX = 200
PACKED = "html-zip"

_MARKS = frozenset({"imsmanifest.xml", "cmi5.xml", "tincan.xml", "h5p.json", "moodle_backup.xml", *START_PAGES})
"""A folder with one of these may be a source of its own."""
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
_SINGLE = PLAYED | {".gift", ".txt", ".xml", ".zim"}
_WEB = frozenset({*PAGES, *PICTURES, ".css", ".js", ".svg"})


class Within:
    """Looks into sources; `scratch` is an empty folder, where archives are laid open."""

    def __init__(self, report: Report, scratch: Path) -> None:
        self._report = report
        self._scratch = scratch
        self._opened = 0
        self._roots: list[Path] = []

    def sources(self, place: Path, level: int = 0) -> list[Path]:
        """What is to be imported of `place`: itself, or what lies in it.

        Raises ContentFault where it is hostile or far too much; CallerFault where it cannot be read.
        """
        if place.is_dir():
            self._roots.append(place)
            return self._in_folder(place, level)
        return self._in_archive(place, level) if level < LEVELS_MAX else [place]

    def heading(self, place: Path) -> str:
        """The folders in which a source lay, as the heading of what it becomes."""
        root = max((one for one in self._roots if one in place.parents), key=lambda one: len(one.parts), default=None)
        return "" if root is None else " · ".join(place.relative_to(root).parts[:-1])

    def _in_archive(self, place: Path, level: int) -> list[Path]:
        """An archive that is a package or a site is a source; one that holds sources is opened for them."""
        report = Report()
        with Source(place, report) as source:
            if not source.is_zip or source.tree is None or importer_of(source).format != PACKED:
                return [place]
            paths = [path for path in source.tree.paths if not is_junk(path)]
            holds_sources = any(map(_is_source, paths)) or all(map(_is_picture, paths))
            if not paths or arrange(source.name, paths) is not None or not holds_sources:
                return [place]
            folder = self._scratch / str(self._opened) / place.stem
            self._opened += 1
            _lay_open(source.tree, paths, folder)
            self._roots.append(folder)
        known = len(self._report.left_out)
        found = self._in_folder(folder, level)
        if found == [folder] or (len(found) == 1 and _is_site(found[0])):
            del self._report.left_out[known:]
            return [place]
        self._report.repaired += report.repaired
        return found

    def _in_folder(self, folder: Path, level: int) -> list[Path]:
        if is_package(folder):
            return [folder]
        files = [found for found in walk(folder, Report()) if not is_junk(found.path)]
        if not files or arrange(folder.name, [one.path for one in files]) is not None:
            return [folder]
        own = _own_folders(files)
        folders = [folder / path for path in own]
        packages = [one for one in folders if is_package(one)]
        loose = [one for one in files if own.isdisjoint(_above(one.path))]
        known = self._all_known(loose, level)
        pages = [path for path in known if path.lower().endswith(PAGES)]
        is_web = not packages and all(_is_web(path) for path, sources in known.items() if sources)
        if is_web and (folders or pages):
            return [folder]
        site: list[Path] = []
        if len(pages) > 1:  # they belong together: what lies around them stays around them
            site, folders = [folder], packages
            known = {path: sources for path, sources in known.items() if not _is_web(path)}
        found = [*site, *folders, *(source for path in sorted(known) for source in known[path])]
        if found:
            unknown = [one for one in loose if not known.get(one.path, True) and not site]
            self._report.left_out += [f"{one.path}: {self._why_not(one.place)}" for one in unknown]
        return sorted(found, key=lambda one: natural(str(one))) or [folder]

    def _all_known(self, files: Sequence[Found], level: int) -> dict[str, Sequence[Path]]:
        known: dict[str, Sequence[Path]] = {}
        count = 0
        for one in files:
            known[one.path] = found = self._known(one.place, level)
            count += len(found) if not _is_web(one.path) else 0
            if count > SOURCES_MAX:
                raise too_many()
        return known

    def _known(self, place: Path, level: int) -> Sequence[Path]:
        """What a file is to be imported as; nothing where nobody can import it."""
        if is_captions(place):
            return [place]
        with Source(place, Report()) as source:
            try:
                importer = importer_of(source)
                if importer.format != PACKED:
                    return [place]
            except ContentFault:
                return []
            tree = source.tree
            is_site = (
                tree is not None and bool(tree.paths) and arrange(place.name, tree.paths, is_deep=True) is not None
            )
        inside = self.sources(place, level + 1)
        return inside if inside != [place] or is_site else []

    def _why_not(self, place: Path) -> str:
        with Source(place, Report()) as source:
            try:
                is_zip = source.is_zip and source.tree is not None
            except ContentFault as fault:
                return fault.sentence
        return "nothing in it can be imported." if is_zip else "not a kind of file that can be imported."


def too_many() -> ContentFault:
    return ContentFault(f"There are more than {SOURCES_MAX} sources for one course.", "Divide them into courses.")


def _own_folders(files: Sequence[Found]) -> Set[str]:
    """The folders that may be sources of their own, none inside of another."""
    marked = {one.path.rpartition("/")[0] for one in files if one.path.rpartition("/")[2].lower() in _MARKS} - {""}
    outer = [path for path in sorted(marked) if marked.isdisjoint(_above(path))]
    return set(outer[:SOURCES_MAX])


def _above(path: str) -> Iterator[str]:
    """The folders that a file or a folder lies in."""
    parts = path.split("/")
    for count in range(1, len(parts)):
        yield "/".join(parts[:count])


def _is_source(path: str) -> bool:
    """Tell whether a file in an archive may be more than a part of a site."""
    name = path.rpartition("/")[2].lower()
    return (name in _MARKS and name not in START_PAGES) or PurePosixPath(name).suffix in _SINGLE


def _is_web(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _WEB


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in PICTURES


def _is_site(place: Path) -> bool:
    return place.is_dir() and not is_package(place)


def _lay_open(tree: Tree, paths: Sequence[str], folder: Path) -> None:
    for path in paths:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in tree.pieces(path):
                file.write(piece)
