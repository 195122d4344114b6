"""The layout of a package: where its document lies, and which file a link in it means.

* The document lies at the top, or in the one folder that holds everything, or the one in that; those are left off.
* A link means the file of that name; where only capital letters or the way of writing differ, or the one file that it
  can mean lies a folder higher or lower, it is mended and said.
* A link never leads out of the package.
* What our players read is written into the package's folder under a name that no file of the package keeps.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

from catalog.fault import ContentFault
from catalog.importers.intake import Intake
from catalog.importers.repairs.folding import folded
from catalog.importers.repairs.references import OLD_ALPHABETS
from catalog.importers.repairs.site import take
from catalog.importers.repairs.zawgyi import unicode_of
from catalog.importers.report import ExternalLink, Report
from catalog.importers.site import PAGES, START_PAGES, is_junk, tops
from catalog.importers.source import Source, Tree, contents
from catalog.importers.xml import XML_BYTES_MAX, Element, parse_xml

PLAY_FILE = "qanat-play.json"
"""What a player reads of a package: written at import, beside its files."""
LINK_LETTERS_MAX = 2000
LOOKED_AT_BYTES = 16 << 20

_AND = re.compile(rb"&(?!#?[A-Za-z0-9]{1,30};)")
_SCHEME = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{1,20}:|//)")


def document_path(source: Source, name: str) -> str | None:
    """Where in the source the document called `name` lies; None where it is not such a package."""
    tree = source.tree
    if tree is None:
        return None
    found = {path.lower(): path for path in tree.paths if path.rpartition("/")[2].lower() == name}
    if not found:
        return None
    places = tops([path for path in tree.paths if not is_junk(path)])
    return next((found[place] for top in places if (place := f"{top}{name}".lower()) in found), None)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link means: a file of the package, and what follows its name (`?a=b#c`)."""

    path: str
    suffix: str


class Package:
    """The files of one package by their paths in it."""

    def __init__(self, tree: Tree, document: str, report: Report) -> None:
        self.tree = tree
        self.document = document
        self._report = report
        top = document.rpartition("/")[0]
        self._prefix = f"{top}/" if top else ""
        inside = [path for path in tree.paths if path.startswith(self._prefix) and not is_junk(path)]
        self.files = {path.removeprefix(self._prefix): path for path in inside}
        self._left: set[str] = set()
        self._folded: dict[str, str] = {}
        for path in self.files:
            self._folded.setdefault(folded(path), path)

    def read(self, path: str, bytes_max: int = XML_BYTES_MAX) -> bytes:
        """One small file of the package whole. Raises ContentFault where it is too long."""
        return contents(self.tree, self.files[path], bytes_max)

    def find(self, link: str, base: str = "") -> Link | None:
        """The file that `link` means from the folder `base`; None where there is none, or it leads elsewhere."""
        if is_external(link) or is_external(base) or len(link) + len(base) > LINK_LETTERS_MAX:
            return None
        cut = min((at for at in (link.find("?"), link.find("#")) if at >= 0), default=len(link))
        written, suffix = link[:cut], link[cut:]
        places = [place for one in _spellings(f"{base}/{written}") if (place := _normal(one))]
        for place in places:
            if place in self.files:
                return Link(place, suffix)
        found = next((found for place in places if (found := self._nearly(place))), None)
        if found is None:
            return None
        self._report.repaired.append(f"{link[:cut]}: the file is called {found}.")
        return Link(found, suffix)

    def _nearly(self, place: str) -> str | None:
        """The one file that is plainly meant: written otherwise, the start of a folder, or a folder higher or lower."""
        small = folded(place)
        for one in (small, *(f"{small}/{page}" for page in START_PAGES)):
            if one in self._folded:
                return self._folded[one]
        alike = self._by_name.get(small.rpartition("/")[2], [])
        lower = [name for name in alike if name.endswith(f"/{small}")]
        if lower:
            return self._folded[lower[0]] if len(lower) == 1 else None
        top, _, rest = small.partition("/")
        return self._folded.get(rest) if top not in self._tops else None

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[str]]:
        """The paths that end in each name."""
        found: dict[str, list[str]] = {}
        for path in self._folded:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @cached_property
    def _tops(self) -> Set[str]:
        return {path.partition("/")[0] for path in self._folded if "/" in path}

    def keep(self, is_kept: Callable[[str], bool]) -> None:
        """Leave out files of the package that nobody needs who studies it; whoever does so says it in the report."""
        self._left = {found for path, found in self.files.items() if not is_kept(path)}
        self.files = {path: found for path, found in self.files.items() if is_kept(path)}

    def holds(self, words: Sequence[bytes]) -> bool:
        """Tell whether one of the words stands in a page or a script of the package, among those first looked at."""
        left_bytes = LOOKED_AT_BYTES
        for path in self.files:
            size_bytes = self.tree.size_bytes(self.files[path])
            if path.lower().endswith((*PAGES, ".js")) and size_bytes <= left_bytes:
                left_bytes -= size_bytes
                data = self.read(path, LOOKED_AT_BYTES)
                if any(word in data for word in words):
                    return True
        return False

    def parsed(self) -> Element:
        """The package's document. A sign `&` that stands for itself in it is mended; raises ContentFault on worse."""
        data = contents(self.tree, self.document, XML_BYTES_MAX)
        try:
            return parse_xml(data, self.document)
        except ContentFault as fault:
            mended = _AND.sub(b"&amp;", data)
            try:
                root = parse_xml(mended, self.document)
            except ContentFault:
                raise fault from None
        self._report.repaired.append(f"{self.document}: the sign & stands there for itself; mended.")
        return root

    def rename(self, folder: str, new: str) -> None:
        """Call a folder of the package otherwise; whoever does so says it in the report."""
        self.files = {
            f"{new}/{path.partition('/')[2]}" if path.startswith(f"{folder}/") else path: found
            for path, found in self.files.items()
        }

    def take_in(self, intake: Intake, folder: str) -> None:
        """Put every file of the package into `folder` of the course, with what any site's files are mended of."""
        kept = {found: path for path, found in self.files.items() if path.casefold() != PLAY_FILE}
        for path in self.files.keys() - kept.values():
            self._report.left_out.append(f"{path}: a name that is kept for the player.")
        take(self.tree, kept, folder, intake, keeps_names=True)
        wanted = set(self.files.values()) | self._left
        left = [path for path in self.tree.paths if path not in wanted]
        self._report.left_out += [f"{path}: left behind by the computer that made it." for path in left]


def write_play(intake: Intake, folder: str, document: Mapping[str, Any], name: str = PLAY_FILE) -> None:
    """Write what a player reads of the package in `folder`: the same bytes for the same package."""
    said = unicode_of(json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")))
    intake.add(f"{folder}/{name}", [said.encode("utf-8", "replace")], is_counted=False)


def is_external(link: str) -> bool:
    """Tell whether a link leads out of the package: to another host, or to no file at all.

    >>> is_external("https://example.org/a.html"), is_external("unit1/a.html"), is_external("javascript:void(0)")
    (True, False, True)
    """
    return _SCHEME.match(link) is not None


def needs_internet(file: str, link: str) -> ExternalLink:
    return ExternalLink(file, link[:500], is_needed=True)


def refused(source: Source, why: str, hint: str = "") -> ContentFault:
    """A package that cannot be taken, with its reason."""
    return ContentFault(
        f"{source.name} cannot be taken: {why}.", hint or "Export it again from the program that made it."
    )


def alone(source: Source) -> ContentFault:
    """A package's document that came without the package."""
    return refused(source, "it names files of a package, and comes without one", "Bring the zip that it was in.")


def is_text_of(head: bytes, tag: bytes) -> bool:
    """Tell whether a file that begins so is a document of this element, in letters of one byte or of two."""
    is_xml = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<")
    return is_xml and any(re.search(mark, head) for mark in (tag + rb"[\s>]", tag.replace(b"", b"\0").strip(b"\0")))


def _spellings(path: str) -> list[str]:
    """A path as it is written, and without its escapes: in UTF-8, or in an alphabet of before."""
    if "%" not in path:
        return [path]
    data = unquote_to_bytes(path)
    return [path, *(data.decode(encoding, "replace") for encoding in ("utf-8", *OLD_ALPHABETS))]


def _normal(path: str) -> str:
    """A path inside the package; empty where it would lead out of it."""
    parts: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return unicodedata.normalize("NFC", "/".join(parts))
