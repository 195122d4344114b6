"""The parts of a cartridge, each as an activity of ours.

* A page is rewritten on its way, so that it finds its files where they are now, and mended as any site's pages are.
* What only a program elsewhere can show (LTI tools) is left out by name.
"""

import html
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from catalog.fault import ContentFault
from catalog.importers.cartridge.canvas import WHOLE_QUIZZES
from catalog.importers.cartridge.links import Links
from catalog.importers.cartridge.manifest import Manifest, Resource
from catalog.importers.cartridge.placing import Placed, is_page
from catalog.importers.intake import Intake, title_of
from catalog.importers.questions.qti12 import ROOT, read_qti12
from catalog.importers.questions.quiz import keep
from catalog.importers.repairs.letters import page_text
from catalog.importers.repairs.site import Mending
from catalog.importers.rewriting import PAGE_BYTES_MAX, rewritten
from catalog.importers.single import file_activities, link_activity
from catalog.importers.site import page_title
from catalog.importers.source import Tree, contents
from catalog.importers.written import page_of, readable
from catalog.importers.xml import Element, child, descendants, parse_xml, text_of
from catalog.manifest import Activity
from catalog.media import media_type
from catalog.questions.bank import ATTEMPTS_MAX

DOCUMENT_BYTES_MAX = 8 << 20
STYLES = ".css"
LEFT_OUT = ("canvas_export.txt", "files_meta.xml", "media_tracks.xml")
_PICTURES = "image/"


class Parts:
    """Makes the activities of one cartridge."""

    def __init__(
        self, tree: Tree, intake: Intake, manifest: Manifest, links: Links, placed: Placed, mending: Mending
    ) -> None:
        self._tree = tree
        self._mending = mending
        self._intake = intake
        self._manifest = manifest
        self._links = links
        self._placed = placed
        self._known = frozenset(tree.paths)
        self._done: set[str] = set()

    def activities(self, resource: Resource, name: str, title: str) -> list[Activity]:
        """The activities that a resource is; none, with a line in the report, where it cannot be taken."""
        try:
            if self._is_document(resource):
                return self._document(resource, name, title)
            made = self._activity(resource, name, title)
            return [made] if made is not None else []
        except ContentFault as fault:
            self._intake.report.left_out.append(f"{title or resource.id}: {fault.sentence.rstrip('.')}.")
            return []

    def add_used(self) -> None:
        """Take in every file that something used, and what those use in turn."""
        waiting = [path for path in self._links.used if path not in self._done]
        while waiting:
            for path in waiting:
                self._file(path)
            waiting = [path for path in self._links.used if path not in self._done]

    def is_unused_document(self, resource: Resource) -> bool:
        """Tell whether this is a file to read or keep that no page leads to."""
        path = resource.start
        kind = media_type(path)
        is_part = kind.startswith(("image/", "font/", "text/css", "text/javascript", "text/html", "application/xml"))
        is_part = is_part or kind in ("application/json", "text/vtt") or path.startswith("course_settings/")
        return resource.is_a("webcontent") and path in self._known and path not in self._done and not is_part

    def _is_document(self, resource: Resource) -> bool:
        is_other = resource.is_a("imsdt", "imswl", "imsqti", "basiclti", "imslti", "assignment_xml")
        path = self._links.file("", resource.start) if resource.start else None
        return not is_other and path is not None and not is_page(path)

    def _activity(self, resource: Resource, name: str, title: str) -> Activity | None:
        if resource.is_a("imsdt"):
            return self._topic(resource, name, title)
        if resource.is_a("imswl"):
            return self._link(resource, name, title)
        if resource.is_a("imsqti"):
            return self._quiz(resource, name, title)
        if resource.is_a("basiclti", "imslti"):
            raise ContentFault("a tool of another program (LTI), which needs the internet", "")
        if resource.is_a("assignment_xml"):
            return self._assignment(resource, name, title)
        if not resource.start or resource.start not in self._known:
            found = self._links.file("", resource.start) if resource.start else None
            if found is None:
                raise ContentFault(f"its file {resource.start or '?'} is missing", "")
            resource = replace(resource, href=found)
        return self._page(resource, name, title)

    def _page(self, resource: Resource, name: str, title: str) -> Activity:
        data = contents(self._tree, resource.start, PAGE_BYTES_MAX)
        title = title or page_title(data) or _name_of(resource.start)
        path = self._placed.of(resource.start)
        self._write(resource.start, path, data, title, is_readable=True)
        self._use(resource)
        return self._made(name, "html", path, title)

    def _topic(self, resource: Resource, name: str, title: str) -> Activity:
        root = self._xml(resource)
        title = title or text_of(root, "title") or _name_of(resource.start)
        words = child(root, "text")
        said = "".join(words.itertext()) if words is not None else ""
        if words is not None and words.get("texttype", "text/html") == "text/plain":
            said = html.escape(said).replace("\n", "<br>")
        path = f"{name}/index.html"
        attached = [one.get("href", "") for one in descendants(child(root, "attachments"), "attachment")]
        offered = "".join(f'<p><a href="{html.escape(one)}">{html.escape(_name_of(one))}</a></p>' for one in attached)
        text = rewritten(said + offered, self._links.meaning(resource.start, path, title))
        self._mending.add(path, [page_of(title, text, self._intake.language)])
        return self._made(name, "html", path, title)

    def _assignment(self, resource: Resource, name: str, title: str) -> Activity:
        root = self._xml(resource)
        title = title or text_of(root, "title") or _name_of(resource.start)
        words = child(root, "text")
        said = "".join(words.itertext()) if words is not None else ""
        path = f"{name}/index.html"
        text = rewritten(said, self._links.meaning(resource.start, path, title))
        self._mending.add(path, [page_of(title, text, self._intake.language)])
        return self._made(name, "html", path, title)

    def _link(self, resource: Resource, name: str, title: str) -> Activity | None:
        root = self._xml(resource)
        url = child(root, "url")
        address = url.get("href", "") if url is not None else ""
        return link_activity(self._intake, name, title or text_of(root, "title"), address)

    def _quiz(self, resource: Resource, name: str, title: str) -> Activity | None:
        whole = self._whole_quiz(resource)
        root = self._xml(resource) if whole is None else whole
        if root.tag != ROOT:
            raise ContentFault(f"{resource.start} is not a test of QTI 1.2", "")
        found = read_qti12(root, self._bank_of)
        meta = self._canvas_meta(resource)
        if meta is not None:
            attempts = text_of(meta, "allowed_attempts")
            found.attempts = min(ATTEMPTS_MAX, int(attempts)) if attempts.isdecimal() else 0
            found.intro = "".join(one.itertext()) if (one := child(meta, "description")) is not None else found.intro
            title = title or text_of(meta, "title")

        def media(source: str) -> Iterator[bytes] | None:
            path = self._links.file(resource.start, source)
            return self._tree.pieces(path) if path is not None else None

        return keep(found, self._intake, name, title, media)

    def _document(self, resource: Resource, name: str, title: str) -> list[Activity]:
        """A file to open by itself: as the importer that knows it has it, else a file to keep."""
        path = self._links.file("", resource.start) or resource.start
        title = title or _name_of(path)
        kind = media_type(path)
        if kind.startswith(_PICTURES):
            target = f"{name}/{posixpath.basename(path)}"
            self._mending.add(target, self._tree.pieces(path))
            page = f"{name}/index.html"
            picture = f'<img src="{html.escape(quote(posixpath.basename(path)))}" alt="{html.escape(title)}">'
            self._intake.add(page, [page_of(title, picture, self._intake.language)], is_counted=False)
            return [self._made(name, "html", page, title)]
        return file_activities(self._intake, name, title, posixpath.basename(path), lambda: self._tree.pieces(path))

    def _file(self, path: str) -> None:
        """A file that pages use, where they now look for it."""
        self._done.add(path)
        target = self._placed.of(path)
        if path not in self._known:
            return
        if is_page(path) or path.lower().endswith(STYLES):
            self._write(path, target, contents(self._tree, path, PAGE_BYTES_MAX), path, is_readable=False)
        else:
            self._mending.add(target, self._tree.pieces(path))

    def _write(self, path: str, target: str, data: bytes, title: str, *, is_readable: bool) -> None:
        self._done.add(path)
        text = rewritten(page_text(data, path, self._intake.report), self._links.meaning(path, target, title))
        self._mending.add(target, [(readable(text) if is_readable else text).encode("utf-8", "replace")])

    def _use(self, resource: Resource) -> None:
        """What a page says it needs comes along, though no link in it was seen."""
        for one in (resource, *(self._manifest.resources.get(name) for name in resource.dependencies)):
            for path in one.files if one is not None else ():
                if path in self._known and not path.endswith(LEFT_OUT) and not path.endswith("assignment_settings.xml"):
                    self._links.used.setdefault(path)

    def _whole_quiz(self, resource: Resource) -> Element | None:
        """Canvas writes a quiz twice: once as cartridges have it, once with all that it can ask."""
        path = f"{WHOLE_QUIZZES}{resource.id}.xml.qti"
        if path not in self._known:
            return None
        root = parse_xml(contents(self._tree, path, DOCUMENT_BYTES_MAX), path)
        return root if root.tag == ROOT else None

    def _bank_of(self, identifier: str) -> Element | None:
        """A bank that a test draws from: a resource, or a file that Canvas names after it."""
        resource = self._manifest.resources.get(identifier)
        wanted = [resource.start] if resource is not None else []
        wanted += [path for path in self._known if posixpath.basename(path).startswith(f"{identifier}.xml")]
        for path in wanted:
            if path in self._known:
                return parse_xml(contents(self._tree, path, DOCUMENT_BYTES_MAX), path)
        return None

    def _canvas_meta(self, resource: Resource) -> Element | None:
        """What Canvas says of a quiz beside it."""
        for one in (resource, *(self._manifest.resources.get(name) for name in resource.dependencies)):
            for path in one.files if one is not None else ():
                if path.endswith("assessment_meta.xml") and path in self._known:
                    return parse_xml(contents(self._tree, path, DOCUMENT_BYTES_MAX), path)
        return None

    def _xml(self, resource: Resource) -> Element:
        """The resource's document: in its file, or inside the manifest, as in thin cartridges."""
        inside = next((one for one in resource.element if one.tag in ("webLink", "topic", "assignment")), None)
        if inside is not None and not resource.start:
            return inside
        path = next((one for one in (resource.start, *resource.files) if one in self._known), "")
        if not path:
            raise ContentFault(f"its file {resource.start} is missing", "Export it again.")
        return parse_xml(contents(self._tree, path, DOCUMENT_BYTES_MAX), path)

    def _made(self, name: str, kind: str, path: str, title: str) -> Activity:
        return Activity(name, kind, path, {self._intake.language: title})


def _name_of(path: str) -> str:
    return title_of(Path(posixpath.basename(path) or "part"))
