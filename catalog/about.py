"""What is said about a course: title and description by language, licence, subjects, level, family.

* It is what a publisher may change without touching a file; the release that comes of it is another one.
* Whatever is written keeps to limits, and lines are single: these words stand on every door and in every list.
* Subjects, level, family and what moved are fields of the release's document that older boxes keep and do not read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from catalog.fault import CallerFault
from catalog.manifest import Release, Text, is_course
from catalog.moved import MOVED, moved_in

TITLE_LETTERS_MAX = 200
DESCRIPTION_LETTERS_MAX = 1000
LICENCE_LETTERS_MAX = 200
SUBJECT_LETTERS_MAX = 60
SUBJECTS_MAX = 12
LEVEL_LETTERS_MAX = 60
LANGUAGES_MAX = 40
LEVELS = ("primary", "lower-secondary", "upper-secondary", "vocational", "higher")
SUBJECTS, LEVEL, FAMILY = "subjects", "level", "family"

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


class WordsRefused(CallerFault):
    """What was written about a course cannot stand so. `field` names where."""

    def __init__(self, sentence: str, hint: str, field: str = "") -> None:
        super().__init__(sentence, hint)
        self.field = field


@dataclass(frozen=True, slots=True)
class About:
    """The words of a course."""

    title: Text = field(default_factory=dict)
    description: Text = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    licence: str = ""
    subjects: tuple[str, ...] = ()
    level: str = ""
    family: str = ""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Of this update alone: {former id: id}."""

    @classmethod
    def of(cls, release: Release) -> Self:
        """The words that a release has."""
        extra = release.extra
        subjects = extra.get(SUBJECTS)
        return cls(
            title=dict(release.title),
            description=dict(release.description),
            languages=tuple(release.languages),
            licence=release.licence,
            subjects=tuple(one for one in subjects if isinstance(one, str)) if isinstance(subjects, list) else (),
            level=_text_in(extra, LEVEL),
            family=_text_in(extra, FAMILY),
            moved=moved_in(release),
        )

    @classmethod
    def written(cls, **said: Any) -> Self:
        """What somebody wrote, made tidy. Raises WordsRefused."""
        one = cls(**said)
        for languages in (one.title, one.description, one.languages):
            _check_languages(languages)
        title = {tag: _line(words) for tag, words in one.title.items() if _line(words)}
        description = {tag: _lines(words) for tag, words in one.description.items() if _lines(words)}
        subjects = tuple(dict.fromkeys(_line(words) for words in one.subjects if _line(words)))
        for name, texts, letters_max in (
            ("title", title.values(), TITLE_LETTERS_MAX),
            ("description", description.values(), DESCRIPTION_LETTERS_MAX),
            ("licence", [one.licence], LICENCE_LETTERS_MAX),
            ("subjects", subjects, SUBJECT_LETTERS_MAX),
            ("level", [one.level], LEVEL_LETTERS_MAX),
        ):
            if any(len(text) > letters_max for text in texts):
                raise WordsRefused(f"This is too long: {letters_max} letters at most.", "Say it in fewer words.", name)
        if len(subjects) > SUBJECTS_MAX:
            raise WordsRefused(f"A course has at most {SUBJECTS_MAX} subjects.", "Keep the most telling.", "subjects")
        if one.family and not is_course(one.family):
            raise WordsRefused(
                f"A family cannot be called {one.family!r}.",
                "Use small letters a to z, digits and hyphens, 63 at most.",
                "family",
            )
        licence, level = _line(one.licence), _line(one.level)
        return replace(one, title=title, description=description, subjects=subjects, licence=licence, level=level)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """What `document` wrote."""
        fields = {**document, "languages": tuple(document["languages"]), "subjects": tuple(document["subjects"])}
        return cls(**fields)

    def filled(self, former: "About") -> "About":
        """These words, and of a former version what they do not speak of; what moved then is not of this update."""
        return replace(
            self,
            title={**former.title, **self.title},
            description={**former.description, **self.description},
            languages=self.languages or former.languages,
            licence=self.licence or former.licence,
            subjects=self.subjects or former.subjects,
            level=self.level or former.level,
            family=self.family or former.family,
        )

    def document(self) -> dict[str, Any]:
        return {
            "title": dict(self.title), "description": dict(self.description), "languages": list(self.languages),
            "licence": self.licence, "subjects": list(self.subjects), "level": self.level, "family": self.family,
            "moved": dict(self.moved),
        }  # fmt: skip

    def said_of(self, release: Release) -> Release:
        """The release with these words in the place of its own."""
        extra = {name: value for name, value in release.extra.items() if name not in _FIELDS}
        said = {SUBJECTS: list(self.subjects), LEVEL: self.level, FAMILY: self.family, MOVED: dict(self.moved)}
        return replace(
            release,
            title=dict(self.title) or release.title,
            description=dict(self.description),
            languages=self.languages or release.languages,
            licence=self.licence,
            extra={**extra, **{name: value for name, value in said.items() if value}},
        )


_FIELDS = (SUBJECTS, LEVEL, FAMILY, MOVED)


def family_of(release: Release) -> str:
    """The family of language editions that a release belongs to, or nothing."""
    return _text_in(release.extra, FAMILY)


def _check_languages(languages: Iterable[str]) -> None:
    tags = list(languages)
    if len(tags) > LANGUAGES_MAX:
        raise WordsRefused(f"There are more than {LANGUAGES_MAX} languages.", "Leave some out.", "language")
    for tag in tags:
        if _LANGUAGE.fullmatch(tag) is None:
            raise WordsRefused(f"{tag!r} is no language that we know.", "Give its short name, such as en.", "language")


def _text_in(extra: Mapping[str, Any], name: str) -> str:
    value = extra.get(name)
    return value if isinstance(value, str) else ""


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _lines(text: str) -> str:
    return "\n".join(line for line in map(_line, text.strip().splitlines()) if line)
