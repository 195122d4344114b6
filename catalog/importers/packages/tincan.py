"""xAPI packages: a tincan.xml, and an activity for each thing in it that can be launched."""

from catalog.importers.intake import Intake, slug, title_of
from catalog.importers.packages.layout import (
    PLAY_FILE,
    Link,
    Package,
    alone,
    document_path,
    is_external,
    is_text_of,
    needs_internet,
    refused,
    write_play,
)
from catalog.importers.source import Source
from catalog.importers.xml import Element, children, text_of
from catalog.manifest import Activity

DOCUMENT = "tincan.xml"
LAUNCHED_MAX = 200


class Tincan:
    """A package with a tincan.xml."""

    format = "xapi"

    def recognises(self, source: Source) -> bool:
        if source.tree is None:
            return is_text_of(source.head, b"<tincan")
        return document_path(source, DOCUMENT) is not None

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        if source.tree is None:
            raise alone(source)
        path = document_path(source, DOCUMENT)
        assert path is not None, "it was recognised"
        package = Package(source.tree, path, intake.report)
        root = package.parsed()
        opened: list[tuple[Element, Link]] = []
        for element in children(root, "activities", "activity"):
            link = _launched(element, package, intake)
            if link is not None and len(opened) < LAUNCHED_MAX:
                opened.append((element, link))
        if not opened:
            raise refused(source, "its tincan.xml names nothing that could be opened from the package")
        names = [intake.claim_id(_name(element, source)) for element, _ in opened]
        package.take_in(intake, names[0])
        units = {
            name: {"id": element.get("id", "").strip()[:1000], "path": link.path, "suffix": link.suffix}
            for name, (element, link) in zip(names, opened, strict=True)
        }
        write_play(intake, names[0], {"units": units})
        return [
            Activity(
                name,
                "xapi",
                f"{names[0]}/{link.path}",
                {intake.language: text_of(element, "name")[:300] or title_of(source.path)},
                {"play": f"{names[0]}/{PLAY_FILE}"},
            )
            for name, (element, link) in zip(names, opened, strict=True)
        ]


def _launched(element: Element, package: Package, intake: Intake) -> Link | None:
    launch = text_of(element, "launch")
    title = text_of(element, "name") or element.get("id", "")[:200]
    if not launch:
        return None  # it only describes what statements are about
    if is_external(launch):
        intake.report.external_links.append(needs_internet(package.document, launch))
        intake.report.left_out.append(f"{title}: it lies on the internet ({launch[:200]}).")
        return None
    link = package.find(launch)
    if link is None:
        intake.report.left_out.append(f"{title}: its file {launch[:200]!r} is not in the package.")
    return link


def _name(element: Element, source: Source) -> str:
    identifier = element.get("id", "").strip().rstrip("/")
    return slug(identifier.rpartition("/")[2] or identifier or source.path.stem, "xapi")
