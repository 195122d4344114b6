"""Cards: what is known of a course without its text, what it is chosen by, and what of it is found."""

from dataclasses import dataclass

from catalog.digest import Digest


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a course, apart from its text: by this it is chosen from."""

    course: str
    root: Digest
    layers: tuple[str, ...]
    languages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    level: str = ""
    minutes: int = 0
    size_bytes: int = 0
    is_read: bool = False
    """Whether the text of all its files is here."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file with text in it."""

    path: str
    digest: Digest
    activity: str
    kind: str


@dataclass(frozen=True, slots=True)
class Naming:
    """What a course, or an activity of it (`activity`), is called, in all its languages."""

    activity: str
    title: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which courses may answer; what is empty or 0 leaves none out."""

    subject: str = ""
    language: str = ""
    level: str = ""
    minutes_max: int = 0
    size_bytes_max: int = 0

    @property
    def is_all(self) -> bool:
        return self == Chosen()


@dataclass(frozen=True, slots=True)
class Row:
    """One place that answers."""

    course: str
    activity: str
    kind: str
    place: str
    title: str
    about: str
    body: str
