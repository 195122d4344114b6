"""What QTI 1.2 calls right: its conditions, as tests of what was answered and what they are worth."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from catalog.importers.questions.numbers import decimal_of
from catalog.importers.questions.quiz import thousandths
from catalog.importers.xml import Element, child, children, descendants

_TESTS = ("varequal", "varsubset", "varsubstring", "vargte", "vargt", "varlte", "varlt")
_LEAST = ("vargte", "vargt")
_MOST = ("varlte", "varlt")


@dataclass(frozen=True, slots=True)
class Test:
    """One thing that an answer must, or must not, be."""

    respondent: str
    kind: str
    value: str
    is_wanted: bool
    is_case_sensitive: bool

    @property
    def is_bound(self) -> bool:
        return self.kind in _LEAST + _MOST

    @property
    def is_part(self) -> bool:
        return self.kind in ("varsubset", "varsubstring")


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition: its tests, what it adds (or sets) in thousandths, and what it says."""

    tests: tuple[Test, ...]
    worth: int
    is_set: bool
    is_any: bool
    """Whether one of its tests is enough."""
    feedback: tuple[str, ...]

    def wanted(self, respondent: str) -> tuple[str, ...]:
        return tuple(
            one.value for one in self.tests if one.respondent == respondent and one.is_wanted and not one.is_bound
        )

    def unwanted(self, respondent: str) -> tuple[str, ...]:
        return tuple(one.value for one in self.tests if one.respondent == respondent and not one.is_wanted)

    def ranges(self, respondent: str) -> Iterator[tuple[Decimal, Decimal]]:
        """Each least value with the greatest that follows it."""
        least = None
        for one in self.tests:
            value = decimal_of(one.value) if one.respondent == respondent and one.is_bound else None
            if value is not None and one.kind in _LEAST:
                least = value
            elif value is not None and least is not None:
                yield least, value
                least = None


def rules_of(item: Element) -> tuple[Rule, ...]:
    """The conditions of an item that count for its score."""
    return tuple(_rule(one) for one in descendants(child(item, "resprocessing"), "respcondition"))


def highest(rules: tuple[Rule, ...]) -> int:
    """What the best answer is worth: the highest that is set, or all that is added together for different responses."""
    set_ = max((rule.worth for rule in rules if rule.is_set), default=0)
    most: dict[tuple[str, ...], int] = {}
    for rule in rules:
        if not rule.is_set and rule.worth > 0:
            names = tuple(sorted({one.respondent for one in rule.tests}))
            most[names] = max(most.get(names, 0), rule.worth)
    return max(set_, max(most.values(), default=0))


def added(rules: tuple[Rule, ...], respondent: str) -> int:
    """What all that may be chosen together adds up to."""
    return sum(rule.worth for rule in rules if rule.worth > 0 and len(rule.wanted(respondent)) == 1)


def _rule(element: Element) -> Rule:
    variables = child(element, "conditionvar")
    setting = next((one for one in children(element, "setvar") if one.get("varname", "SCORE").upper() in _SCORES), None)
    tests = tuple(_tests(variables, True)) if variables is not None else ()
    return Rule(
        tests=tests,
        worth=thousandths("".join(setting.itertext()), 0) if setting is not None else 0,
        is_set=setting is not None and setting.get("action", "Set").lower() == "set",
        is_any=child(variables, "or") is not None,
        feedback=tuple(one.get("linkrefid", "") for one in children(element, "displayfeedback")),
    )


_SCORES = ("SCORE", "QUE_SCORE", "SCORE1", "RESPONSE", "")


def _tests(element: Element, is_wanted: bool) -> Iterator[Test]:
    for one in element:
        if one.tag == "not":
            yield from _tests(one, not is_wanted)
        elif one.tag in _TESTS:
            value = "".join(one.itertext()).strip()
            is_case = one.get("case", "No").lower() == "yes"
            yield Test(one.get("respident", ""), one.tag, value, is_wanted, is_case)
        else:
            yield from _tests(one, is_wanted)
