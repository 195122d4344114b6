"""A cmi5 course structure, read and judged by the rules of its specification.

* What the schema asks for is asked for here by hand: identifiers that are IRIs, each once; elements in their order;
  values from their lists; addresses that are addresses; references to what is there.
* The first rule that is broken refuses the course, and is named.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from catalog.fault import ContentFault
from catalog.importers.xml import Element, child, children, namespaces, text_of

MOVE_ON = ("NotApplicable", "Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed")
LAUNCH_METHODS = ("AnyWindow", "OwnWindow")
RESERVED = frozenset({"endpoint", "fetch", "actor", "activityid", "registration"})
"""What a launch adds to an address; a unit's own address may not have it."""
NAMESPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
UNITS_MAX = 500
ID_LETTERS_MAX = 1000

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_URL = re.compile(r"[^\s<>\"{}|\\^`]+")
_SCORE = re.compile(r"(?:0(?:\.\d{1,4})?|1(?:\.0{1,4})?|\.\d{1,4})")
_ORDER = {
    "courseStructure": ("course", "objectives", ("au", "block")),
    "block": ("title", "description", "objectives", ("au", "block")),
    "au": ("title", "description", "objectives", "url", "launchParameters", "entitlementKey"),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One assignable unit. `mastery` is text: documents hold no fractions."""

    id: str
    title: str
    description: str
    url: str
    move_on: str
    mastery: str
    launch_method: str
    parameters: str
    entitlement: str
    sections: tuple[str, ...] = ()
    """The titles of the blocks that it lies in, from the outside."""


@dataclass(frozen=True, slots=True)
class Block:
    """A course or a block: what lies in it, in its order."""

    id: str
    title: str
    description: str
    units: tuple[Unit, ...]
    blocks: tuple["Block", ...] = field(default=())

    def all_units(self) -> Iterator[Unit]:
        yield from self.units
        for block in self.blocks:
            yield from block.all_units()

    def document(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": self.title,
            "units": [unit.id for unit in self.units],
            "blocks": [block.document() for block in self.blocks],
        }


def read_structure(root: Element, name: str) -> tuple[Block, list[Unit]]:
    """The course, and its units in the order of the document. Raises ContentFault, which names the broken rule."""
    return _Reader(name).course(root)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._ids: set[str] = set()
        self._objectives: set[str] = set()
        self._in_order: list[Unit] = []

    def course(self, root: Element) -> tuple[Block, list[Unit]]:
        is_structure = root.tag == "courseStructure" and NAMESPACE in namespaces(root)
        self._demand(is_structure, "it is no course structure of cmi5")
        self._demand_order(root)
        course = child(root, "course")
        self._demand(course is not None, "it has no course")
        assert course is not None, "demanded"
        identifier = self._id(course)
        for objective in children(root, "objectives", "objective"):
            self._objectives.add(self._id(objective))
        units, blocks = self._inside(root, ())
        self._demand(bool(self._in_order), "there is no unit in it")
        title, description = self._words(course, "title"), self._words(course, "description")
        return Block(identifier, title, description, units, blocks), self._in_order

    def _inside(self, parent: Element, sections: tuple[str, ...]) -> tuple[tuple[Unit, ...], tuple[Block, ...]]:
        units: list[Unit] = []
        blocks: list[Block] = []
        for one in parent:
            if one.tag == "au":
                units.append(self._unit(one, sections))
            elif one.tag == "block":
                blocks.append(self._block(one, sections))
        return tuple(units), tuple(blocks)

    def _block(self, element: Element, sections: tuple[str, ...]) -> Block:
        self._demand_order(element)
        identifier, title = self._id(element), self._words(element, "title")
        self._demand_references(element)
        units, blocks = self._inside(element, (*sections, title))
        self._demand(bool(units or blocks), f"the block {title!r} is empty")
        return Block(identifier, title, self._words(element, "description"), units, blocks)

    def _unit(self, element: Element, sections: tuple[str, ...]) -> Unit:
        self._demand_order(element)
        self._demand(len(self._in_order) < UNITS_MAX, f"it has more than {UNITS_MAX} units")
        identifier, title = self._id(element), self._words(element, "title")
        self._demand_references(element)
        move_on = element.get("moveOn", MOVE_ON[0])
        self._demand(move_on in MOVE_ON, f"the unit {title!r} has an unknown moveOn, {move_on!r}")
        mastery = element.get("masteryScore", "").strip()
        self._demand(
            not mastery or _SCORE.fullmatch(mastery) is not None, f"the masteryScore {mastery!r} is not 0 to 1"
        )
        method = element.get("launchMethod", LAUNCH_METHODS[0])
        self._demand(method in LAUNCH_METHODS, f"the unit {title!r} has an unknown launchMethod, {method!r}")
        found = Unit(
            identifier, title, self._words(element, "description"), self._url(element, title), move_on, mastery, method,
            (_text(element, "launchParameters"))[:4000], _text(element, "entitlementKey")[:1000], sections,
        )  # fmt: skip
        self._in_order.append(found)
        return found

    def _url(self, element: Element, title: str) -> str:
        url = _text(element, "url")
        self._demand(bool(url), f"the unit {title!r} has no url")
        self._demand(_URL.fullmatch(url) is not None, f"the url {url!r} is none")
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            raise self._refusal(f"the url {url!r} is none") from None
        is_absolute = bool(parts.scheme or parts.netloc)
        self._demand(not is_absolute or (parts.scheme in ("http", "https") and bool(host)), f"the url {url!r} is none")
        names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        self._demand(not names & RESERVED, f"the url {url!r} has what a launch adds to it")
        return url

    def _id(self, element: Element) -> str:
        identifier = element.get("id", "").strip()
        where = {"au": "unit"}.get(element.tag, element.tag)
        self._demand(bool(identifier), f"a {where} has no id")
        is_iri = _IRI.fullmatch(identifier) is not None and len(identifier) <= ID_LETTERS_MAX
        self._demand(is_iri, f"the id {identifier[:200]!r} of a {where} is no IRI")
        self._demand(identifier not in self._ids, f"the id {identifier!r} is there twice")
        self._ids.add(identifier)
        return identifier

    def _words(self, element: Element, name: str) -> str:
        """The title or description: in English if it is there, else in the first language."""
        found = child(element, name)
        rows = children(found, "langstring")
        where = {"au": "unit"}.get(element.tag, element.tag)
        self._demand(bool(rows), f"a {where} has no {name}")
        english = next((one for one in rows if (one.get("lang") or "").lower().startswith("en")), rows[0])
        said = text_of(english)
        self._demand(bool(said) or name == "description", f"a {where} has an empty {name}")
        return said[:2000]

    def _demand_references(self, element: Element) -> None:
        for one in children(element, "objectives", "objective"):
            reference = one.get("idref", "").strip()
            self._demand(reference in self._objectives, f"the objective {reference!r} is not described")

    def _demand_order(self, element: Element) -> None:
        """Elements that the schema knows stand in its order, and those that stand alone stand once; others may be
        anywhere, as extensions may."""
        order: Sequence[str | tuple[str, ...]] = _ORDER[element.tag]
        place = 0
        seen: set[str] = set()
        for one in element:
            at = next((n for n, names in enumerate(order) if one.tag == names or one.tag in _many(names)), None)
            if at is None:
                continue
            self._demand(at >= place, f"{one.tag} stands in the wrong place in {element.tag}")
            self._demand(one.tag not in seen or bool(_many(order[at])), f"{one.tag} is there twice in {element.tag}")
            place = at
            seen.add(one.tag)

    def _demand(self, holds: bool, why: str) -> None:
        if not holds:
            raise self._refusal(why)

    def _refusal(self, why: str) -> ContentFault:
        return ContentFault(
            f"{self._name} cannot be taken: {why}.",
            "Whoever made the course has to mend its cmi5.xml; nothing was taken.",
        )


def _many(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return names if isinstance(names, tuple) else ()


def _text(element: Element, name: str) -> str:
    found = child(element, name)
    return "".join(found.itertext()).strip() if found is not None else ""
