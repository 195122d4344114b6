"""A SCORM manifest, read: its organisations, each a tree of parts, and the file that each part opens.

* 1.2, 2004 in any edition, and plain IMS content packages, told apart by what they declare.
* A part whose file is missing stays as a heading or goes, and the report says so; what is left of the tree is played.
* Everything is bounded, and identifiers stay what the package says: learners' state hangs on them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from catalog.importers.packages.layout import Package, is_external, needs_internet
from catalog.importers.packages.sequencing import named_collections, read_sequencing
from catalog.importers.report import Report
from catalog.importers.site import PAGES
from catalog.importers.xml import Element, child, children, descendants, namespaces, text_of

PARTS_MAX = 1000
WORDS_LETTERS_MAX = 4096
ID_LETTERS_MAX = 250
TITLE_LETTERS_MAX = 300

_2004 = ("adlcp_v1p3", "imsss", "adlseq_v1p3", "adlnav_v1p3")
_1_2 = ("adlcp_rootv1p2", "imscp_rootv1p1p2")
_RUNTIME = (b"LMSInitialize", b"API_1484_11")
_EDITION = re.compile(r"\b([234])(?:nd|rd|th)\b")
_SAYS_2004, _SAYS_1_2 = re.compile(r".*2004|cam|1\.3"), re.compile(r"(?:scorm\s*)?1\.2\b")


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

    def called(self) -> str:
        """Its own title; that of its one part where it has none."""
        only = self.parts[0].title if len(self.parts) == 1 and self.parts[0].title != self.parts[0].id else ""
        return self.title or only

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
    is_of_questions = any(kind.startswith("imsqti") for kind in kinds)
    if any(True for _ in descendants(root, "item")):
        return not is_of_questions or "webcontent" in kinds
    return "webcontent" in kinds and not is_of_questions


def read_manifest(root: Element, package: Package, report: Report) -> Manifest:
    """Read it; parts that open nothing are told in the report."""
    reader = _Reader(root, package, report)
    return Manifest(
        root.get("identifier", "")[:ID_LETTERS_MAX],
        "2004" if reader.is_2004 else "1.2",
        _edition(root) if reader.is_2004 else "",
        tuple(reader.organisations()),
    )


class _Reader:
    def __init__(self, root: Element, package: Package, report: Report) -> None:
        self._package = package
        self._report = report
        self._root = root
        self._left = PARTS_MAX
        self._seen: set[str] = set()
        self.is_2004 = _is_2004(root, package)
        self._collections = named_collections(root)
        self._resources: dict[str, tuple[Element, str]] = {}
        self._manifests: dict[str, Element] = {}
        self._collect(root, "")

    def _collect(self, manifest: Element, base: str) -> None:
        """The resources of a manifest, and of those that lie in it."""
        base = _join(base, manifest.get("base", ""))
        for resources in children(manifest, "resources"):
            inner = _join(base, resources.get("base", ""))
            for one in children(resources, "resource"):
                self._resources.setdefault(one.get("identifier", ""), (one, _join(inner, one.get("base", ""))))
        for one in children(manifest, "manifest"):
            self._manifests.setdefault(one.get("identifier", ""), one)
            self._collect(one, base)

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
        if not any(children(element, "item") for element in every):
            yield from self._without_organisation()

    def _without_organisation(self) -> Iterator[Organisation]:
        """A package of resources alone: what it could launch, in the order in which it stands."""
        pages = [name for name, (one, _) in self._resources.items() if _is_page(one.get("href", ""))]
        units = [name for name in pages if _kind(self._resources[name][0]) == "sco"] or pages
        opened = [self._opened(name, name, name, True, {}) for name in units[:PARTS_MAX]]
        parts = [part for part in opened if part is not None]
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
        reference = item.get("identifierref", "").strip()
        if reference in self._manifests and reference not in self._resources:
            inner += self._of_manifest(reference)
            reference = ""
        part = self._opened(reference, identifier, title, is_visible, facts, item) if reference else None
        if part is None:
            return Part(identifier, title, is_visible=is_visible, facts=facts, parts=inner) if inner else None
        return Part(part.id, part.title, part.path, part.suffix, part.is_sco, is_visible, facts, inner)

    def _of_manifest(self, reference: str) -> tuple[Part, ...]:
        """The parts of a manifest in the manifest, once: it may not lie in itself."""
        holder = child(self._manifests.pop(reference), "organizations")
        every = children(holder, "organization")
        default = holder.get("default", "") if holder is not None else ""
        every.sort(key=lambda one: one.get("identifier") != default)
        return tuple(self._parts(every[0])) if every else ()

    def _opened(
        self, reference: str, identifier: str, title: str, is_visible: bool, facts: Mapping[str, Any],
        item: Element | None = None,
    ) -> Part | None:  # fmt: skip
        resource, base = self._resources.get(reference, (None, ""))
        if resource is None:
            self._report.left_out.append(f"{title}: what it should open ({reference[:80]}) is not in the package.")
            return None
        href = resource.get("href", "").strip() or self._first_page(resource, title)
        if is_external(href) or is_external(base):
            self._report.external_links.append(needs_internet(self._package.document, href))
            self._report.left_out.append(f"{title}: it lies on the internet ({href[:200]}).")
            return None
        found = self._package.find(href, base) if href else None
        if found is None:
            what = f"its file {href[:200]!r} is not in the package" if href else "the manifest names no file for it"
            self._report.left_out.append(f"{title}: {what}.")
            return None
        suffix = with_parameters(found.suffix, item.get("parameters", "") if item is not None else "")
        kind = _kind(resource)
        is_sco = kind == "sco" or (kind == "" and self._speaks)
        return Part(identifier, title, found.path, suffix, is_sco, is_visible, facts)

    def _first_page(self, resource: Element, title: str) -> str:
        """What opens a resource that does not say so: the first page among its files."""
        hrefs = [one.get("href", "").strip() for one in children(resource, "file")]
        page = next((href for href in hrefs if _is_page(href)), "")
        if page:
            self._report.repaired.append(f"{title}: the manifest does not say what opens it; it is {page[:200]}.")
        return page

    @cached_property
    def _speaks(self) -> bool:
        """Whether the package talks to a runtime, where its manifest does not say which of its parts do."""
        return self._package.holds(_RUNTIME)

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


def _is_2004(root: Element, package: Package) -> bool:
    """What the manifest says in so many words; else what it declares; else which runtime its pages call."""
    version = text_of(root, "metadata", "schemaversion").lower()
    if _SAYS_2004.match(version):
        return True
    if _SAYS_1_2.match(version):
        return False
    declared = " ".join(namespaces(root)).lower()
    if any(mark in declared for mark in (*_2004, *_1_2)):
        return any(mark in declared for mark in _2004)
    return package.holds(_RUNTIME[1:]) and not package.holds(_RUNTIME[:1])


def _edition(root: Element) -> str:
    version = text_of(root, "metadata", "schemaversion").lower()
    found = _EDITION.search(version)
    return found[1] if found else "2" if version.startswith("cam") else ""


def _kind(resource: Element) -> str:
    """Whether it is a SCO or an asset, however the attribute is spelt; "" where it is not told."""
    return next((value.strip().lower() for name, value in resource.items() if name.lower() == "scormtype"), "")


def _is_page(href: str) -> bool:
    return re.split("[?#]", href)[0].lower().endswith(PAGES)


def _join(base: str, inner: str) -> str:
    return f"{base.rstrip('/')}/{inner}".strip("/") if base and inner else base or inner
