"""Common Cartridge 1.0 to 1.3, Thin ones, Canvas's: pages, files, links, topics, quizzes in the order of the course.

* The order is the manifest's; what stands in no order comes behind it, and hidden parts stay out: both are said.
* Pages are read one at a time, and only files that something uses come along.
* A part that cannot be taken is left out with its reason; the others are taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from catalog.fault import ContentFault
from catalog.importers.cartridge.canvas import WIKI, Canvas, is_announcement, is_hidden, page_meta, read_canvas
from catalog.importers.cartridge.links import Links
from catalog.importers.cartridge.manifest import Item, Manifest, Resource, read_about, read_manifest
from catalog.importers.cartridge.parts import Parts
from catalog.importers.cartridge.placing import SHARED, activity_id, is_page, placed
from catalog.importers.intake import Intake
from catalog.importers.questions.qti2_package import MARK as QTI2
from catalog.importers.repairs.site import Mending
from catalog.importers.repairs.vendored import PLACE as VENDORED
from catalog.importers.rewriting import Paths
from catalog.importers.source import CountedTree, Source, Tree, beginning, contents
from catalog.importers.xml import parse_xml
from catalog.manifest import Activity

MANIFEST = "imsmanifest.xml"
MANIFEST_BYTES_MAX = 16 << 20
MARKS = (b"imsccv1p", b"imscc_xmlv1p", b"imsthincc", b"Common Cartridge", b"/imscc/", b"imsqti_xmlv1p")
"""The last: a package of tests alone, as Canvas and others export them."""
PARTS = (b"imsdt_", b"imswl_", b"imsqti_xmlv1p", b"/imscc_")
"""What makes a cartridge of a package that has items of QTI 2 in it, or names a cartridge's schema for its own use."""


@dataclass(frozen=True, slots=True)
class Line:
    """A resource that becomes an activity, and where it stands."""

    resource: Resource
    title: str
    section: str


class Cartridge:
    """A common cartridge, packed or in a folder."""

    format = "common-cartridge"

    def recognises(self, source: Source) -> bool:
        if not (source.is_zip or source.is_folder) or source.tree is None or MANIFEST not in source.tree.paths:
            return False
        head = beginning(source.tree, MANIFEST, 64 << 10).replace(b"\0", b"")
        return any(mark in head for mark in MARKS) and (not QTI2.search(head) or any(one in head for one in PARTS))

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        assert source.tree is not None, "it was recognised"
        tree = CountedTree(source.tree, intake.advance)
        root = parse_xml(contents(tree, MANIFEST, MANIFEST_BYTES_MAX), MANIFEST)
        manifest = read_manifest(root)
        read_about(root, intake.about)
        canvas = read_canvas(tree, intake.about)
        activities = _read(manifest, canvas, tree, intake, intake.claim_id(SHARED))
        tree.finish()
        if not activities:
            left_out = intake.report.left_out
            why = f": {left_out[0].rstrip('.')}" if left_out else ""
            more = f" ({len(left_out) - 1} more were left out)" if len(left_out) > 1 else ""
            raise ContentFault(
                f"{source.name} holds nothing that can be taken{why}{more}.", "Export it with its content."
            )
        return activities


def _read(manifest: Manifest, canvas: Canvas, tree: Tree, intake: Intake, shared: str) -> list[Activity]:
    lines = list(_lines(manifest, canvas, tree, intake))
    names = {line.resource.id: intake.claim_id(activity_id(line.resource)) for line in lines}
    known = frozenset(tree.paths)
    own_pages = [(line.resource, names[line.resource.id]) for line in lines if _is_own_page(line.resource, known)]
    places = placed(own_pages, known, shared)
    written = {
        line.resource.id: f"{names[line.resource.id]}/index.html" for line in lines if line.resource.is_a("imsdt")
    }
    targets = [*(places.of(path) for path in tree.paths), *written.values()]
    mending = Mending(intake, targets, place=f"{shared}/{VENDORED}", has_own_links=True)
    links = Links(Paths.of(tree.paths), places, manifest.resources, written, intake.report, mending.miss)
    parts = Parts(tree, intake, manifest, links, places, mending)
    activities = [
        replace(made, attributes={**made.attributes, "section": line.section} if line.section else made.attributes)
        for line in lines
        for made in parts.activities(line.resource, names[line.resource.id], line.title)
    ]
    parts.add_used()
    for resource in manifest.resources.values():
        if resource.id not in names and parts.is_unused_document(resource):
            activities += parts.activities(resource, intake.claim_id(activity_id(resource)), "")
    mending.finish()
    return activities


def _lines(manifest: Manifest, canvas: Canvas, tree: Tree, intake: Intake) -> Iterator[Line]:
    """The activities in their order: those of the manifest's order, then those that stand in none."""
    report, seen, pages, known = intake.report, set[str](), set[str](), frozenset(tree.paths)
    if manifest.items and all(item.id in canvas.hidden_items for item in manifest.items):
        # A course that was never opened to learners is hidden as a whole: who exports it means to bring it.
        report.noted.append("All modules are hidden in the course it came from; they are taken all the same.")
        canvas = Canvas(canvas.is_canvas)
    report.left_out += [f"The module “{title}” is hidden in the course it came from." for title in canvas.hidden_titles]
    for item in manifest.items:
        if item.id in canvas.hidden_items:
            seen.add(item.resource)
            report.left_out.append(f"“{item.title}” is hidden in the course it came from.")
            continue
        line = _line_of(item, manifest)
        if line is None:
            report.left_out.append(f"“{item.title}”: it belongs to a program elsewhere, or is missing in the package.")
        elif line.resource.id not in seen:
            seen.add(line.resource.id)
            is_page_again = _is_own_page(line.resource, known) and line.resource.start in pages
            if not is_page_again:
                pages.add(line.resource.start)
                yield line
    loose = [one for one in manifest.resources.values() if one.id not in seen]
    others = [one for one in loose if _stands_alone(one, manifest, canvas)]
    hidden = [one for one in others if canvas.is_canvas and _is_unpublished(one, manifest, tree, known)]
    kept = [one for one in others if one not in hidden] if seen or len(hidden) < len(others) else others
    yield from (Line(one, "", "") for one in kept if one.start not in pages or not _is_own_page(one, known))
    report.left_out += [f"{one.start}: not published in the course it came from." for one in hidden if one not in kept]


def _line_of(item: Item, manifest: Manifest) -> Line | None:
    resource = manifest.resources.get(item.resource)
    return Line(resource, item.title, item.section) if resource is not None else None


def _stands_alone(resource: Resource, manifest: Manifest, canvas: Canvas) -> bool:
    """Whether a resource that is in no order is something to open, rather than a part of something."""
    start = resource.start
    if resource.is_a("question-bank"):
        return not canvas.is_canvas
    if resource.is_a("imsdt", "imswl", "assignment", "imsqti_xmlv1p"):
        return True
    if canvas.is_canvas:
        is_assignment = any(path.endswith("assignment_settings.xml") for path in resource.files)
        return start.startswith(WIKI) or is_assignment
    return resource.kind == "webcontent" and not manifest.items


def _is_unpublished(resource: Resource, manifest: Manifest, tree: Tree, known: frozenset[str]) -> bool:
    """By what the page itself says, or the file beside it."""
    if resource.start.startswith(WIKI) and resource.start in known:
        head = beginning(tree, resource.start).decode("utf-8", "replace")
        return page_meta(head).get("workflow_state") in ("unpublished", "deleted")
    return any(is_hidden(head) or is_announcement(head) for head in _beside(resource, manifest, tree, known))


def _beside(resource: Resource, manifest: Manifest, tree: Tree, known: frozenset[str]) -> Iterator[str]:
    """The beginnings of the documents that come with a resource."""
    for one in (resource, *(manifest.resources.get(name) for name in resource.dependencies)):
        for path in one.files if one is not None else ():
            if path.endswith(".xml") and path in known:
                yield beginning(tree, path).decode("utf-8", "replace")


def _is_own_page(resource: Resource, known: frozenset[str]) -> bool:
    is_content = resource.is_a("webcontent", "learning-application-resource", "assignment")
    return is_content and is_page(resource.start) and resource.start in known
