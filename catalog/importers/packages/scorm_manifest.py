"""A SCORM manifest, read: its organisations, each a tree of parts, and the file that each part opens.

* 1.2, 2004 in any edition, and plain IMS content packages, told apart by what they declare.
* A part whose file is missing stays as a heading or goes, and the report says so; what is left of the tree is played.
* Everything is bounded, and identifiers stay what the package says: learners' state hangs on them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.importers.packages.layout import Package, is_external, needs_internet
from catalog.importers.packages.sequencing import named_collections, read_sequencing
from catalog.importers.report import Report
from catalog.importers.xml import Element, child, children, descendants, namespaces, text_of

PARTS_MAX = 1000
WORDS_LETTERS_MAX = 4096
ID_LETTERS_MAX = 250
TITLE_LETTERS_MAX = 300

_2004 = ("adlcp_v1p3", "imscp_v1p1", "imsss", "adlseq_v1p3", "adlnav_v1p3")
_EDITIONS = {"2004 4th edition": "4", "2004 3rd edition": "3", "cam 1.3": "2", "2004 2nd edition": "2"}


@dataclass(frozen=True, slots=True)
class Part:
    """One item of an organisation: a SCO, an asset, or a heading over others."""

    id: str
    title: str
    path: str = ""
    suffix: str = ""
    is_sco: bool = False
    is_visible: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What its runtime is told at the start: launch data, mastery score, prerequisites, limits, sequencing."""
    parts: tuple["Part", ...] = ()

    def document(self) -> dict[str, Any]:
        told: dict[str, Any] = {"id": self.id, "title": self.title, **self.facts}
        if self.path:
            told |= {"path": self.path, "suffix": self.suffix, "sco": self.is_sco}
        if not self.is_visible:
            told["hidden"] = True
        if self.parts:
            told["parts"] = [part.document() for part in self.parts]
        return told

    def playable(self) -> Iterator["Part"]:
        """The parts that open something, in their order."""
        if self.path:
            yield self
        for part in self.parts:
            yield from part.playable()


@dataclass(frozen=True, slots=True)
class Organisation:
    """One tree of parts: one activity for the learner."""

    id: str
    title: str
    parts: tuple[Part, ...]
    sequencing: Mapping[str, Any]

    def playable(self) -> list[Part]:
        return [one for part in self.parts for one in part.playable()]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the manifest says. version: "1.2" or "2004"; edition: "" where it is not told."""

    id: str
    version: str
    edition: str
    organisations: tuple[Organisation, ...]


def is_scorm(root: Element) -> bool:
    """Tell whether this is a manifest of something to launch, rather than a cartridge or a bank of questions."""
    said = " ".join(sorted(namespaces(root))).lower()
    schema = text_of(root, "metadata", "schema").lower()
    if "imscc" in said or "common cartridge" in schema:
        return False
    if "adlcp" in said or "adl scorm" in schema:
        return True
    kinds = {one.get("type", "").lower() for one in descendants(root, "resource")}
    if any(kind.startswith("imsqti") for kind in kinds):
        return False
    return "webcontent" in kinds or any(True for _ in descendants(root, "item"))


def read_manifest(root: Element, package: Package, report: Report) -> Manifest:
    """Read it; parts that open nothing are told in the report."""
    reader = _Reader(root, package, report)
    return Manifest(
        root.get("identifier", "")[:ID_LETTERS_MAX],
        "2004" if reader.is_2004 else "1.2",
        _EDITIONS.get(text_of(root, "metadata", "schemaversion").lower(), "") if reader.is_2004 else "",
        tuple(reader.organisations()),
    )


class _Reader:
    def __init__(self, root: Element, package: Package, report: Report) -> None:
        self._package = package
        self._report = report
        self._root = root
        self._left = PARTS_MAX
        self._seen: set[str] = set()
        self.is_2004 = _is_2004(root)
        self._collections = named_collections(root)
        self._resources: dict[str, tuple[Element, str]] = {}
        base = root.get("base", "")
        for resources in children(root, "resources"):
            inner = _join(base, resources.get("base", ""))
            for one in children(resources, "resource"):
                self._resources.setdefault(one.get("identifier", ""), (one, _join(inner, one.get("base", ""))))

    def organisations(self) -> Iterator[Organisation]:
        holder = child(self._root, "organizations")
        every = children(holder, "organization")
        default = holder.get("default", "") if holder is not None else ""
        every.sort(key=lambda one: one.get("identifier") != default)
        for number, element in enumerate(every):
            self._seen = set()
            title = text_of(element, "title")[:TITLE_LETTERS_MAX]
            found = Organisation(
                self._id(element, f"organization-{number + 1}"),
                title,
                tuple(self._parts(element)),
                read_sequencing(element, self._collections) if self.is_2004 else {},
            )
            if found.playable():
                yield found
            else:
                self._report.left_out.append(f"{title or found.id}: nothing in it can be opened.")
        if not every:
            yield from self._without_organisation()

    def _without_organisation(self) -> Iterator[Organisation]:
        """A package of resources alone: what it could launch, in the order in which it stands."""
        parts = []
        for identifier in list(self._resources)[:PARTS_MAX]:
            part = self._opened(identifier, identifier, identifier, True, {})
            if part is not None and part.path.lower().endswith((".html", ".htm", ".xhtml")):
                parts.append(part)
        if parts:
            yield Organisation("resources", "", tuple(parts), {})

    def _parts(self, parent: Element) -> Iterator[Part]:
        for item in children(parent, "item"):
            self._left -= 1
            if self._left < 0:
                self._report.left_out.append(f"More than {PARTS_MAX} parts: the rest is not in the list.")
                return
            part = self._part(item)
            if part is not None:
                yield part

    def _part(self, item: Element) -> Part | None:
        identifier = self._id(item, f"item-{PARTS_MAX - self._left}")
        title = text_of(item, "title")[:TITLE_LETTERS_MAX] or identifier
        is_visible = item.get("isvisible", "true").lower() not in ("false", "0")
        facts = self._facts(item)
        inner = tuple(self._parts(item))
        reference = item.get("identifierref", "")
        part = self._opened(reference, identifier, title, is_visible, facts, item) if reference else None
        if part is None:
            return Part(identifier, title, is_visible=is_visible, facts=facts, parts=inner) if inner else None
        return Part(part.id, part.title, part.path, part.suffix, part.is_sco, is_visible, facts, inner)

    def _opened(
        self, reference: str, identifier: str, title: str, is_visible: bool, facts: Mapping[str, Any],
        item: Element | None = None,
    ) -> Part | None:  # fmt: skip
        resource, base = self._resources.get(reference, (None, ""))
        if resource is None:
            self._report.left_out.append(f"{title}: what it should open ({reference[:80]}) is not in the package.")
            return None
        href = resource.get("href", "").strip()
        if is_external(href):
            self._report.external_links.append(needs_internet(self._package.document, href))
            self._report.left_out.append(f"{title}: it lies on the internet ({href[:200]}).")
            return None
        found = self._package.find(href, base) if href else None
        if found is None:
            self._report.left_out.append(f"{title}: its file {href[:200]!r} is not in the package.")
            return None
        suffix = with_parameters(found.suffix, item.get("parameters", "") if item is not None else "")
        kind = (resource.get("scormtype") or resource.get("scormType") or "").lower()
        return Part(identifier, title, found.path, suffix, kind == "sco", is_visible, facts)

    def _facts(self, item: Element) -> dict[str, Any]:
        """What the part's runtime is told, in the words of the run-time environment."""
        names = {
            "masteryscore": "mastery",
            "prerequisites": "prerequisites",
            "datafromlms": "launch_data",
            "dataFromLMS": "launch_data",
            "maxtimeallowed": "max_time",
            "timelimitaction": "limit_action",
            "timeLimitAction": "limit_action",
        }
        told: dict[str, Any] = {}
        for tag, name in names.items():
            element = child(item, tag)
            text = (element.text or "").strip() if element is not None else ""
            if text:
                told[name] = text[:WORDS_LETTERS_MAX]
        if self.is_2004:
            told["sequencing"] = read_sequencing(item, self._collections)
        return told

    def _id(self, element: Element, otherwise: str) -> str:
        """The element's own identifier; a second part of the same name gets a number."""
        wanted = element.get("identifier", "").strip()[:ID_LETTERS_MAX] or otherwise
        name, number = wanted, 1
        while name in self._seen:
            number += 1
            name = f"{wanted}-{number}"
        self._seen.add(name)
        return name


def with_parameters(suffix: str, parameters: str) -> str:
    """What follows a file's name, with an item's parameters, joined as the content packaging standard says.

    >>> with_parameters("", "?tc=1"), with_parameters("?a=b", "&c=d"), with_parameters("", "#page2")
    ('?tc=1', '?a=b&c=d', '#page2')
    """
    parameters = parameters.strip().lstrip("?&")[:WORDS_LETTERS_MAX]
    if not parameters:
        return suffix
    if parameters.startswith("#"):
        return suffix if "#" in suffix else suffix + parameters
    place, mark, fragment = suffix.partition("#")
    return f"{place}{'&' if '?' in place else '?'}{parameters}{mark}{fragment}"


def _is_2004(root: Element) -> bool:
    version = text_of(root, "metadata", "schemaversion").lower()
    if version:
        return "2004" in version or version.startswith("cam")
    return any(mark in one for one in namespaces(root) for mark in _2004)


def _join(base: str, inner: str) -> str:
    return f"{base.rstrip('/')}/{inner}".strip("/") if base and inner else base or inner
