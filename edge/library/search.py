"""Searching: what was found, as somebody can use it.

* Places of one activity are one result, the best of them first, a few more below it.
* A result opens where it was found: a film at its second, a document at its page, a lesson at its page.
* Only what is on the shelf now is shown; the index may lag a minute behind.
* Decisions only: rows and releases in, values out. Words and links are for the pages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from catalog.manifest import Activity, Release, words
from catalog.search.card import Card, Chosen, Row
from catalog.search.folding import fold
from catalog.search.question import Question
from catalog.search.snippet import Part, Snippet, marked, snippet
from edge.campus.asking import Coming
from sync.campus.asking import Listed

RESULTS_MAX = 20
MORE_PLACES_MAX = 3
COMING_MAX = 8
COMING_REMEMBERED_MAX = 2048
MEGABYTE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an activity: `at` is a second, a page's number or a page's path; "" is its beginning."""

    kind: str
    at: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A course, or one activity of it, with the place that answers best."""

    release: Release
    activity: Activity | None
    title: tuple[Part, ...]
    place: Place
    snippet: Snippet
    more: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """What the courses on the shelf can be chosen by: only what some course has."""

    subjects: tuple[str, ...]
    languages: tuple[str, ...]
    levels: tuple[str, ...]


def results(rows: Iterable[Row], releases: Mapping[str, Release], question: Question, language: str) -> list[Result]:
    """The results for these rows, which are in the order of how well they answer."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        release = releases.get(row.course)
        if release is not None and (not row.activity or release.activity(row.activity) is not None):
            found.setdefault((row.course, row.activity), []).append(row)
    # A course of one part is not shown beside its part.
    shown = [
        places
        for (course, activity), places in found.items()
        if activity or len(parts := releases[course].activities) != 1 or (course, parts[0].id) not in found
    ]
    best = shown[:RESULTS_MAX]
    return [_result(places, releases[places[0].course], question, language) for places in best]


def coming_results(
    coming: Iterable[Coming], question: Question, chosen: Chosen, language: str
) -> list[tuple[Coming, tuple[Part, ...], Snippet]]:
    """Courses of the hub that answer and are not here: they have all the words in title, subjects or description."""
    found = [
        one
        for one in coming
        if _is_chosen(one.listed, chosen)
        and (not question.is_empty or not chosen.is_all)
        and all(word.text in _folded(one.listed) for word in question.words)
    ]
    return [
        (
            one,
            marked(words(one.listed.title, language), question),
            snippet(words(one.listed.about, language), question),
        )
        for one in found[:COMING_MAX]
    ]


def _is_chosen(listed: Listed, chosen: Chosen) -> bool:
    return (
        (not chosen.subject or chosen.subject in listed.subjects)
        and (not chosen.language or chosen.language in listed.languages)
        and (not chosen.level or chosen.level == listed.level)
        and (not chosen.minutes_max or 1 <= listed.minutes <= chosen.minutes_max)
        and (not chosen.size_bytes_max or listed.size_bytes <= chosen.size_bytes_max)
    )


def _folded(listed: Listed) -> str:
    said = [*listed.title.values(), *listed.subjects, *listed.about.values()]
    return _folded_once(" ".join(said))


@lru_cache(maxsize=COMING_REMEMBERED_MAX)
def _folded_once(text: str) -> str:
    """What is listed changes once in a while and is searched at every question."""
    return fold(text)


def choices(cards: Iterable[Card]) -> Choices:
    """What there is to choose by."""
    known = list(cards)
    return Choices(
        subjects=tuple(sorted({subject for card in known for subject in card.subjects})),
        languages=tuple(sorted({language for card in known for language in card.languages})),
        levels=tuple(sorted({card.level for card in known} - {""})),
    )


def chosen_of(fields: Mapping[str, str]) -> Chosen:
    """What somebody chose; what cannot be read is as if it had not been said."""
    return Chosen(
        subject=fields.get("subject", ""),
        language=fields.get("language", ""),
        level=fields.get("level", ""),
        minutes_max=_count(fields.get("minutes", "")),
        size_bytes_max=_count(fields.get("mb", "")) * MEGABYTE_BYTES,
    )


def _result(rows: Sequence[Row], release: Release, question: Question, language: str) -> Result:
    first = rows[0]
    activity = release.activity(first.activity)
    title = words(activity.title if activity is not None else release.title, language)
    said = [_snippet(row, release, question, language) for row in rows[: MORE_PLACES_MAX + 1]]
    place = _place(first, said[0])
    # Found by its title alone, it shows what it says further on.
    shown = next((one for one in said if one.has_marks), said[0])
    more: dict[tuple[str, str], Place] = {}
    for row in rows[1:]:
        other = _place(row, snippet(row.body, question) if row.kind == "captions" else None)
        if other.at and other.at != place.at:
            more.setdefault((other.kind, other.at), other)
    return Result(release, activity, marked(title, question), place, shown, tuple(more.values())[:MORE_PLACES_MAX])


def _snippet(row: Row, release: Release, question: Question, language: str) -> Snippet:
    """What is shown below a title: the text around what was found, or what the course says of itself."""
    if row.kind == "course":
        said = words(release.description, language)
        about = snippet(said, question)
        return about if about.has_marks or not row.about else snippet(row.about, question)
    return snippet(row.body, question)


def _place(row: Row, shown: Snippet | None) -> Place:
    if row.kind == "captions":
        seconds = row.place.split(" ")
        return Place(row.kind, seconds[min(shown.line if shown else 0, len(seconds) - 1)])
    return Place(row.kind, row.place, row.title)


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
