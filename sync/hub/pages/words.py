"""Words: what the pages about drafts call licences, levels and layers, and which words of a course are asked for.

* A title is asked for in each language of the course, in those that it has one in, and in those that campuses read.
* A language that a campus reads and that has no title is said to lack one: there the course would be called otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.licences import LICENCES
from sync.hub.drafts.draft import Draft, State
from sync.hub.keeping.alarms import N_
from sync.hub.pages.written import OWN_WORDS, value_of
from sync.web.language import gettext

LEVEL_NAMES: Mapping[str, str] = {
    "primary": N_("primary school"),
    "lower-secondary": N_("lower secondary school"),
    "upper-secondary": N_("upper secondary school"),
    "vocational": N_("a trade"),
    "higher": N_("university"),
}
STATE_NAMES: Mapping[State, str] = {
    State.FILLING: N_("files are coming"),
    State.WAITING: N_("waits"),
    State.IMPORTING: N_("being looked through"),
    State.READY: N_("to be read"),
    State.BROKEN: N_("could not be taken"),
}
LAYER_NAMES: Mapping[str, str] = {"core": N_("pages and documents"), "audio": N_("sound"), "video": N_("films")}


@dataclass(frozen=True, slots=True)
class Worded:
    """What a course is called in one language. `lacks`: the campuses that read it and would see another title."""

    language: str
    title: str
    description: str
    lacks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The fields of the form about words, with what stands in them."""

    worded: Sequence[Worded]
    licence: str
    licence_words: str
    subjects: str
    level: str
    family: str


def drawn(draft: Draft, given: Any, read_there: Mapping[str, Sequence[str]]) -> Drawn:
    """What the form shows: what was written, where it comes back, or what is kept. `read_there`: by language."""
    about = draft.about
    tags = list(dict.fromkeys([*about.languages, *about.title, *read_there]))
    titles, descriptions = dict(about.title), dict(about.description)
    if given is not None:
        asked = given.getlist("language")
        titles = dict(zip(asked, given.getlist("title"), strict=False))
        descriptions = dict(zip(asked, given.getlist("description"), strict=False))
    worded = [
        Worded(
            tag,
            titles.get(tag, ""),
            descriptions.get(tag, ""),
            () if titles.get(tag) else tuple(read_there.get(tag, ())),
        )
        for tag in tags
    ]
    is_listed = not about.licence or about.licence in LICENCES
    return Drawn(
        worded,
        value_of(given, "licence", about.licence if is_listed else OWN_WORDS),
        value_of(given, "licence_words", "" if is_listed else about.licence),
        value_of(given, "subjects", ", ".join(about.subjects)),
        value_of(given, "level", about.level),
        value_of(given, "family", about.family),
    )


def licences_shown() -> list[tuple[str, str]]:
    """The licences to choose from."""
    return [("", gettext("not said")), *LICENCES.items(), (OWN_WORDS, gettext("in words of one's own"))]


def layer_name(layer: str) -> str:
    """What people call a layer: "films 360p", "sound fr"."""
    kind, _, rest = layer.partition("-")
    name = gettext(LAYER_NAMES[kind]) if kind in LAYER_NAMES else kind
    return f"{name} {rest}p" if rest.isdecimal() else f"{name} {rest}".strip()


def rung_name(rung: Sequence[str]) -> str:
    """What a campus takes, in words."""
    return " + ".join(layer_name(layer) for layer in ("core", *rung))
