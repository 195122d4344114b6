"""cmi5 courses: an activity for each unit, under the titles of the blocks that it lies in.

* The course structure is judged by its specification before anything is taken; a broken rule refuses the course.
* A structure may come alone, with units that lie on the internet. They cannot be had offline: a course of nothing else
  is refused, and what of a course lies elsewhere is told.
"""

from typing import Any
from urllib.parse import urlsplit

from catalog.digest import digest_of
from catalog.importers.intake import Intake, latin
from catalog.importers.packages.cmi5_structure import Block, Unit, read_structure
from catalog.importers.packages.layout import (
    PLAY_FILE,
    Link,
    Package,
    alone,
    document_path,
    is_external,
    needs_internet,
    refused,
    write_play,
)
from catalog.importers.source import Source, contents
from catalog.importers.xml import XML_BYTES_MAX, parse_xml
from catalog.manifest import Activity

STRUCTURE = "cmi5.xml"
NAME_LETTERS_MAX = 28
SHORT_LETTERS_MAX = 3


class Cmi5:
    """A course with a cmi5.xml, or such a structure alone."""

    format = "cmi5"

    def recognises(self, source: Source) -> bool:
        if source.tree is None:
            return b"<courseStructure" in source.head or b"<\0c\0o\0u\0r\0s\0e\0S\0" in source.head
        return document_path(source, STRUCTURE) is not None

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        if source.tree is None:
            return self._alone(source)
        path = document_path(source, STRUCTURE)
        assert path is not None, "it was recognised"
        package = Package(source.tree, path, intake.report)
        course, units = read_structure(parse_xml(contents(source.tree, path, XML_BYTES_MAX), path), source.name)
        opened = _opened(units, package, source, intake)
        if not opened:
            raise refused(source, "its units lie on the internet", "Ask whoever made it for a copy with its files.")
        intake.about.title = intake.about.title or course.title
        intake.about.description = intake.about.description or course.description
        names = {unit.id: intake.claim_id(_name(unit.id)) for unit, _ in opened}
        folder = names[opened[0][0].id]
        package.take_in(intake, folder)
        write_play(intake, folder, _play(course, opened, names))
        return [_activity(unit, link, names[unit.id], folder, intake.language) for unit, link in opened]

    def _alone(self, source: Source) -> list[Activity]:
        _, units = read_structure(parse_xml(source.path.read_bytes()[: XML_BYTES_MAX + 1], source.name), source.name)
        if any(not is_external(unit.url) for unit in units):
            raise alone(source)
        raise refused(source, "its units lie on the internet", "Ask whoever made it for a copy with its files.")


def _opened(units: list[Unit], package: Package, source: Source, intake: Intake) -> list[tuple[Unit, Link]]:
    """The units whose files are there. Raises ContentFault where one should be and is not."""
    found = []
    for unit in units:
        if is_external(unit.url):
            intake.report.external_links.append(needs_internet(package.document, unit.url))
            intake.report.left_out.append(f"{unit.title}: it lies on the internet ({unit.url[:200]}).")
            continue
        link = package.find(unit.url)
        if link is None:
            raise refused(source, f"the file of the unit {unit.title!r} is not in it: {unit.url[:200]}")
        found.append((unit, link))
    return found


def _activity(unit: Unit, link: Link, name: str, folder: str, language: str) -> Activity:
    attributes: dict[str, Any] = {"play": f"{folder}/{PLAY_FILE}", "unit": unit.id}
    if unit.sections:
        attributes["section"] = " · ".join(unit.sections)
    return Activity(name, "cmi5", f"{folder}/{link.path}", {language: unit.title}, attributes)


def _play(course: Block, opened: list[tuple[Unit, Link]], names: dict[str, str]) -> dict[str, Any]:
    """What the player reads: the tree for what satisfies what, and each unit by its activity."""
    return {
        "course": course.document(),
        "units": {
            names[unit.id]: {
                "id": unit.id,
                "path": link.path,
                "suffix": link.suffix,
                "move_on": unit.move_on,
                "mastery": unit.mastery,
                "launch_method": unit.launch_method,
                "parameters": unit.parameters,
                "entitlement": unit.entitlement,
            }
            for unit, link in opened
        },
    }


def _name(identifier: str) -> str:
    """An activity's id: what can be read of the unit's own, and a few letters of its digest."""
    path = [part for part in urlsplit(identifier).path.split("/") if part] or [identifier]
    readable = latin(path[-1] if len(path[-1]) > SHORT_LETTERS_MAX else "-".join(path[-2:]))
    while len(readable) > NAME_LETTERS_MAX:
        readable = readable.partition("-")[2] or readable[:NAME_LETTERS_MAX]
    return f"{readable or 'unit'}-{digest_of(identifier.encode())[2:10]}"
