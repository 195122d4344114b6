"""What an item of QTI 2 or 3 declares of its responses: what is right, and what else counts how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from catalog.importers.questions.numbers import decimal_of
from catalog.importers.xml import Element, child, children, descendants, text_of
from catalog.questions.bank import PERMILLE


@dataclass(frozen=True, slots=True)
class Declared:
    """One response as it was declared."""

    cardinality: str = "single"
    base_type: str = "string"
    correct: tuple[str, ...] = ()
    mapping: Mapping[str, Decimal] = field(default_factory=dict)
    """What each value counts, where the item's score is made of that."""
    otherwise: Decimal = Decimal(0)
    """What any other value counts."""
    upper: Decimal | None = None
    is_case_sensitive: bool = True
    tolerance: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0))

    @property
    def pairs(self) -> list[str]:
        return list(self.correct) or [pair for pair, worth in self.mapping.items() if worth > 0]

    @property
    def most(self) -> Decimal:
        """What the best single value counts."""
        return max((worth for worth in self.mapping.values() if worth > 0), default=Decimal(1))

    @property
    def is_in_whole_points(self) -> bool:
        return bool(self.mapping) and all(worth == worth.to_integral_value() for worth in self.mapping.values())

    def shares(self, *, is_added: bool, among: Sequence[str] = ()) -> dict[str, int]:
        """What each value gives in thousandths; `is_added`: values that are chosen together add up. `among` are values
        that can be chosen: those of which nothing is said count as the mapping has it for all others."""
        if not self.mapping:
            return dict.fromkeys(self.correct, PERMILLE)
        positive = [worth for worth in self.mapping.values() if worth > 0]
        most = (self.upper or sum(positive, Decimal(0))) if is_added else max(positive, default=Decimal(0))
        if not most:
            return dict.fromkeys(self.correct, PERMILLE)
        worths = {**dict.fromkeys(among, self.otherwise), **self.mapping}
        told = {value: int(worth * PERMILLE / most) for value, worth in worths.items()}
        shares = {value: max(-PERMILLE, min(PERMILLE, share)) for value, share in told.items()}
        return {**({} if is_added else dict.fromkeys(self.correct, PERMILLE)), **shares}


def declared_in(root: Element) -> dict[str, Declared]:
    """The responses of a normal item, by their identifiers."""
    processing = child(root, "response-processing")
    template = (processing.get("template", "") if processing is not None else "").lower()
    maps = "map_response" in template or next(descendants(processing, "map-response"), None) is not None
    return {one.get("identifier", ""): _declared(one, processing, is_mapped=maps) for one in
            children(root, "response-declaration")}  # fmt: skip


def _declared(element: Element, processing: Element | None, *, is_mapped: bool) -> Declared:
    mapping = child(element, "mapping")
    is_all_there_is = child(element, "correct-response") is None
    entries = children(mapping, "map-entry") if is_mapped or is_all_there_is else []
    worth = {one.get("map-key", ""): decimal_of(one.get("mapped-value", "")) or Decimal(0) for one in entries}
    cases = [one.get("case-sensitive", "true") != "false" for one in entries]
    return Declared(
        cardinality=element.get("cardinality", "single"),
        base_type=element.get("base-type", "string"),
        correct=tuple(text_of(one) for one in children(element, "correct-response", "value"))
        or _matched(processing, element.get("identifier", "")),
        mapping=worth,
        otherwise=decimal_of(mapping.get("default-value", "")) or Decimal(0) if mapping is not None else Decimal(0),
        upper=decimal_of(mapping.get("upper-bound", "")) if mapping is not None and entries else None,
        is_case_sensitive=all(cases),
        tolerance=_tolerance(processing, element.get("identifier", "")),
    )


def _tolerance(processing: Element | None, name: str) -> tuple[Decimal, Decimal]:
    """How far below and above a number may be, where its comparison says so in so many words."""
    for one in descendants(processing, "equal"):
        names = [variable.get("identifier", "") for variable in one.iter() if variable.tag == "variable"]
        if name in names and one.get("tolerance-mode") == "absolute":
            parts = [decimal_of(part) or Decimal(0) for part in one.get("tolerance", "").split()]
            if parts:
                return abs(parts[0]), abs(parts[-1])
    return Decimal(0), Decimal(0)


def _matched(processing: Element | None, name: str) -> tuple[str, ...]:
    """What is right by the item's own comparisons alone: those that set a score above nothing."""
    found: list[str] = []
    for branch in ("response-if", "response-else-if"):
        for one in descendants(processing, branch):
            value = child(one, "set-outcome-value", "base-value")
            worth = decimal_of(text_of(value)) if value is not None else None
            test = one[0] if len(one) else None
            if worth is None or worth <= 0 or test is None or test.tag not in ("match", "string-match", "equal"):
                continue
            if any(part.tag == "variable" and part.get("identifier") == name for part in test):
                found += [text_of(part) for part in test if part.tag == "base-value"]
    return tuple(dict.fromkeys(found))
