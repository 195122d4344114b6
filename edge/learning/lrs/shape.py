"""Shapes: how a JSON object of xAPI is made, property by property, and the refusal of every other.

* A shape names all properties there may be; one that it does not name, or that holds null, is refused by name.
* What a shape cannot say in a table is a check of its own, beside it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.learning.lrs import literal
from edge.learning.lrs.refusal import malformed, shown

Check = Callable[[Any, str], None]
"""Takes a value and where it stands; raises NotTaken."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An object: the properties that there may be, those that there must be, and what holds of several together."""

    fields: Mapping[str, Check]
    needs: Sequence[str] = ()
    also: Sequence[Check] = ()

    def __call__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise malformed(f"{where} is not an object.")
        for name, inner in value.items():
            check = self.fields.get(name)
            if check is None:
                raise malformed(f"{where} has a property that is not known: {shown(name)}.")
            if inner is None:
                raise malformed(f"{where}.{name} is null.")
            check(inner, f"{where}.{name}")
        for name in self.needs:
            if name not in value:
                raise malformed(f"{where} has no {name}.")
        for check in self.also:
            check(value, where)


def a(holds: Callable[[Any], bool], what: str) -> Check:
    """A value of which `holds` is true; `what` says what it should be."""

    def check(value: Any, where: str) -> None:
        if not holds(value):
            raise malformed(f"{where} is not {what}.")

    return check


def one_of(*values: str) -> Check:
    return a(lambda value: isinstance(value, str) and value in values, f"one of {', '.join(values)}")


def each(check: Check, least: int = 0) -> Check:
    """A list, of `least` at least, of values that are each as `check` says."""

    def check_all(value: Any, where: str) -> None:
        if not isinstance(value, list):
            raise malformed(f"{where} is not a list.")
        if len(value) < least:
            raise malformed(f"{where} is empty.")
        for place, inner in enumerate(value):
            check(inner, f"{where}[{place}]")

    return check_all


def either(is_first: Callable[[Any], bool], first: Check, second: Check) -> Check:
    """As `first` says where `is_first` holds, else as `second` does."""

    def check(value: Any, where: str) -> None:
        (first if is_first(value) else second)(value, where)

    return check


def none_without(names: Iterable[str], needed: str) -> Check:
    """An object that has one of these properties only beside another."""

    def check(value: Any, where: str) -> None:
        for name in names:
            if name in value and needed not in value:
                raise malformed(f"{where} has {name} without {needed}.")

    return check


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


text = a(lambda value: isinstance(value, str), "text")
filled_text = a(lambda value: isinstance(value, str) and bool(value), "a text that says something")
truth = a(lambda value: isinstance(value, bool), "true or false")
number = a(is_number, "a number")
count = a(is_count, "a whole number")
iri = a(literal.is_iri, "an absolute IRI")
uuid = a(literal.is_uuid, "a UUID")
moment = a(literal.is_moment, "a moment as ISO 8601 writes it")
moment_with_offset = a(literal.is_moment_of_rfc_3339, "a moment with its offset, as RFC 3339 writes it")
duration = a(literal.is_duration, "a duration as ISO 8601 writes it")
language = a(literal.is_language, "a language tag of RFC 5646")
media_type = a(literal.is_media_type, "a media type")
sha2 = a(literal.is_sha2, "a SHA-2 hash in hex")


def language_map(value: Any, where: str) -> None:
    """Words by language."""
    if not isinstance(value, dict):
        raise malformed(f"{where} is not an object.")
    for tag, words in value.items():
        if not literal.is_language(tag):
            raise malformed(f"{where} has {shown(tag)}, which is no language tag of RFC 5646.")
        text(words, f"{where}.{tag}")


def extensions(value: Any, where: str) -> None:
    """Whatever a tool says besides, each under an IRI."""
    if not isinstance(value, dict):
        raise malformed(f"{where} is not an object.")
    for name in value:
        if not literal.is_iri(name):
            raise malformed(f"{where} has {shown(name)}, which is no absolute IRI.")
