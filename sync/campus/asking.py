"""Asking: courses that the hub has and a campus does not, and what the campus says to that.

* The hub lists them in its journal for the campus, one event for each course that changed: it travels as every word of
  the hub does, costs nothing in a night in which nothing changed, and comes on a stick too.
* A campus says how many people asked for a course, and no more: no name, and nothing by which one of them is known.
* Its staff say whether it should come. What is not as we write it is passed by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from catalog.manifest import Text, is_course
from sync.campus.ownership import Side, Word

LISTING, ASK, WISH = "listing", "ask", "wish"
"""What words are about: a course of the hub's, how many asked for it, what staff said."""
TITLE_LETTERS_MAX = 200
ABOUT_LETTERS_MAX = 400
LANGUAGES_MAX = 12
SUBJECTS_MAX = 12


@dataclass(frozen=True, slots=True)
class Listed:
    """A course that the hub has, as far as somebody needs to know who may ask for it."""

    course: str
    version: int
    title: Text
    about: Text = field(default_factory=dict)
    languages: Sequence[str] = ()
    subjects: Sequence[str] = ()
    level: str = ""
    minutes: int = 0
    size_bytes: int = 0

    def says(self) -> dict[str, Any]:
        """As an event says it; what is long is cut."""
        return {
            "course": self.course,
            "version": self.version,
            "titles": _rows(self.title, TITLE_LETTERS_MAX),
            "about": _rows(self.about, ABOUT_LETTERS_MAX),
            "languages": list(self.languages)[:LANGUAGES_MAX],
            "subjects": [subject[:TITLE_LETTERS_MAX] for subject in self.subjects][:SUBJECTS_MAX],
            "level": self.level[:TITLE_LETTERS_MAX],
            "minutes": self.minutes,
            "size_bytes": self.size_bytes,
        }

    @classmethod
    def of(cls, word: Word) -> Self | None:
        """None where it is not listed any more, or not as we write it."""
        says = word.says
        if word.about != LISTING or word.side is not Side.HUB or not is_course(word.id):
            return None
        title = _text(says.get("titles", ()))
        if not title:
            return None
        return cls(
            word.id, says.get("version", 0), title, _text(says.get("about", ())), tuple(says.get("languages", ())),
            tuple(says.get("subjects", ())), says.get("level", ""), says.get("minutes", 0), says.get("size_bytes", 0),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Demand:
    """How many people of a campus asked for a course, and what its staff said: None where they said nothing."""

    course: str
    askers: int
    is_wanted: bool | None = None


def listed_in(words: Iterable[Word]) -> list[Listed]:
    """What the hub has and the campus does not, by course."""
    return [one for word in words if (one := Listed.of(word)) is not None]


def demands_in(words: Iterable[Word]) -> list[Demand]:
    """What a campus asked for, what most asked for in front."""
    own = [word for word in words if word.side is Side.CAMPUS]
    wishes = {word.id: word.says["is_wanted"] == 1 for word in own if word.about == WISH}
    askers = {word.id: int(word.says["askers"]) for word in own if word.about == ASK}
    found = [Demand(course, askers.get(course, 0), wishes.get(course)) for course in askers.keys() | wishes.keys()]
    return sorted(found, key=lambda one: (-one.askers, one.course))


def not_listed(course: str) -> dict[str, Any]:
    """What the hub says of a course that is not listed any more."""
    return {"course": course}


def _rows(text: Mapping[str, str], letters_max: int) -> list[list[str]]:
    return [[language, words[:letters_max]] for language, words in sorted(text.items()) if words][:LANGUAGES_MAX]


def _text(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in rows if len(row) >= 2}
