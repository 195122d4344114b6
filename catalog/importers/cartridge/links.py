"""What the links in a cartridge's pages mean: its own files, whatever the tokens and capitals they are written with.

* A link to another activity that is a page leads there; to one that is none (a quiz, a link), its words stay.
* What is used is remembered, so that it comes along; what is missing is said once, with who asks for it.
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from catalog.importers.cartridge.canvas import FILES, WIKI
from catalog.importers.cartridge.manifest import Resource
from catalog.importers.cartridge.placing import Placed
from catalog.importers.report import Report
from catalog.importers.rewriting import DROPPED, Meaning, Paths, is_elsewhere, joined, relative

_BASE = re.compile(r"(?:\.\./)*(?:\$|%24)IMS[-_]CC[-_]FILE[-_]?BASE(?:\$|%24)/?", re.IGNORECASE)
_WIKI = re.compile(r"(?:\$|%24)WIKI_REFERENCE(?:\$|%24)/(?:pages|wiki)/([^?#]+)", re.IGNORECASE)
_OBJECT = re.compile(r"(?:\$|%24)CANVAS_OBJECT_REFERENCE(?:\$|%24)/[a-z_]+/([A-Za-z0-9_-]+)", re.IGNORECASE)
_FILE = re.compile(r"(?:\$|%24)CANVAS_COURSE_REFERENCE(?:\$|%24)/file_contents/course(?:%20|\+| )files/([^?#]+)", re.I)
_FILE_ID = re.compile(r"(?:\$|%24)CANVAS_COURSE_REFERENCE(?:\$|%24)/files/([A-Za-z0-9_-]+)", re.IGNORECASE)
_TOKEN_BEFORE = re.compile(r"^(?:\.\./)*\$[A-Z][A-Z_-]{2,40}\$/?", re.IGNORECASE)
_TOKEN = re.compile(r"(?:\$|%24)[A-Z][A-Z_-]{2,40}(?:\$|%24)")


class Links:
    """The links of one cartridge."""

    def __init__(
        self,
        paths: Paths,
        placed: Placed,
        resources: Mapping[str, Resource],
        written: Mapping[str, str],
        report: Report,
        miss: Callable[[str, str], None],
    ) -> None:
        self._paths = paths
        self._placed = placed
        self._resources = resources
        self._written = written
        self._report = report
        self._miss = miss
        self.used: dict[str, None] = {}

    def meaning(self, page: str, new_page: str, title: str) -> Meaning:
        """What links mean in the page that was at `page` and goes to `new_page`."""

        def meaning(address: str) -> str | None:
            if not address or (is_elsewhere(address) and not _TOKEN.search(address)):
                return None
            bare, mark, fragment = address.partition("#")
            if self._is_activity_without_a_page(bare):
                return DROPPED
            path = self._path(page, bare)
            if path is None:
                if _TOKEN.search(bare) or "/" in bare or "." in bare:
                    plain = unquote(bare.partition("?")[0])
                    self._miss(title, _TOKEN_BEFORE.sub("", plain) if _TOKEN.search(bare) else joined(page, plain))
                return DROPPED if _TOKEN.search(bare) else None
            if not self._is_as_written(page, bare, path):
                self._report.repaired.append(f"{title}: its link to {path} was written otherwise: {bare[:200]}.")
            self.used.setdefault(path)
            target = path if path in self._written.values() else self._placed.of(path)
            return relative(target, new_page) + mark + fragment

        return meaning

    def _is_as_written(self, page: str, address: str, path: str) -> bool:
        """Whether the link says the file's path letter by letter; one that says an identifier does."""
        plain = unquote(address.partition("?")[0])
        if _TOKEN.search(address):
            is_path = _BASE.match(address) or _FILE.match(address)
            return is_path is None or plain.endswith(path.removeprefix(FILES))
        return unicodedata.normalize("NFC", joined(page, plain)) in (path, posixpath.dirname(path))

    def file(self, page: str, address: str) -> str | None:
        """The file of the package that a link in `page` means; where none lies there, the only one of that name."""
        bare = address.partition("#")[0]
        found = _BASE.match(bare)
        return self._path(page, bare) or self._paths.only(bare[found.end() :] if found else bare)

    def _path(self, page: str, address: str) -> str | None:
        if found := _OBJECT.match(address) or _FILE_ID.match(address):
            return self._start_of(found[1])
        if found := _WIKI.match(address):
            name = unquote(found[1]).strip("/")
            resource = self._resources.get(name)
            return self._start_of(name) if resource else self._paths.find(f"{WIKI}{name}.html")
        if found := _FILE.match(address):
            return self._paths.find(FILES + found[1]) or self._paths.only(found[1])
        bare = address.partition("?")[0]
        if found := _BASE.match(bare):
            rest = bare[found.end() :]
            return self._paths.find(FILES + rest) or self._paths.find(rest) or self._paths.only(rest)
        return None if _TOKEN.search(bare) else self._paths.find(joined(page, bare))

    def _start_of(self, resource_id: str) -> str | None:
        if resource_id in self._written:
            return self._written[resource_id]
        resource = self._resources.get(resource_id)
        return self._paths.find(resource.start) if resource is not None and resource.start else None

    def _is_activity_without_a_page(self, address: str) -> bool:
        """A link to a quiz, or to a list that only the program it came from has."""
        found = _OBJECT.match(address)
        if found is None or found[1] in self._written:
            return False
        resource = self._resources.get(found[1])
        return resource is not None and resource.is_a("imsqti", "imswl", "imsbasiclti")
