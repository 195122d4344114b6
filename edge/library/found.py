"""Found: what the page for finding shows, as words and links.

* Only what is on the shelf now, or what the hub has beside it; each with where it opens, or when it could come.
* A few statements, whatever was typed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import request, url_for

from catalog.manifest import Activity, Release, words
from catalog.search.card import Card
from catalog.search.question import Question
from catalog.search.snippet import Part, Snippet
from edge.box import Box
from edge.campus.asking import Coming
from edge.campus.asking_pages import comes, may_ask
from edge.library import rows
from edge.library.search import Place, Result, choices, chosen_of, coming_results, results
from sync.web.app import session_now
from sync.web.language import gettext, language_name, language_now, lazy_gettext, ngettext, timecode

LEVELS = {
    "primary": lazy_gettext("primary school"),
    "lower-secondary": lazy_gettext("lower secondary school"),
    "upper-secondary": lazy_gettext("upper secondary school"),
    "vocational": lazy_gettext("a trade"),
    "higher": lazy_gettext("university"),
}
"""Those that publishers choose from; another one is shown as they wrote it."""
MINUTES = (10, 30, 60, 180)
MEGABYTES = (5, 20, 50, 200)
BROWSED_MAX = 60


def answer(box: Box, fields: Mapping[str, str]) -> dict[str, Any]:
    """What the page shows for what was typed and chosen."""
    chosen = chosen_of(fields)
    question = Question.of(fields["q"])
    releases = {release.course: release for release in box.shelf.courses()}
    index = box.indexing.index
    found = results(index.find(question, chosen), releases, question, language_now())
    browsed = index.courses(chosen) if question.is_empty and not chosen.is_all else []
    coming = coming_results(box.asking.coming(), question, chosen, language_now())
    return {
        "fields": fields,
        "is_asked": not question.is_empty,
        "is_chosen": not chosen.is_all,
        "results": [_shown(result) for result in found],
        "browsed": [releases[course] for course in browsed[:BROWSED_MAX] if course in releases],
        "coming": _coming_shown(box, coming),
        "here": request.full_path.rstrip("?"),
        "is_whole": box.indexing.is_whole(),
        "selects": _selects(index.cards().values(), fields),
    }


def _shown(result: Result) -> dict[str, Any]:
    """One result as the page shows it."""
    release, activity = result.release, result.activity
    kind = rows.ICONS.get(activity.kind, "files") if activity else "course"
    return {
        "title": result.title,
        "icon": kind,
        "over": _over(release, activity),
        "href": _href(result, result.place),
        "where": _where(result.place),
        "snippet": result.snippet.parts,
        "more": [(_where(place), _href(result, place)) for place in result.more],
    }


def _over(release: Release, activity: Activity | None) -> str:
    """Of a part its course, where that is called otherwise; else what it is."""
    title = words(release.title, language_now())
    if activity is None:
        return gettext("Course")
    return title if title != rows.title(activity) else rows.facts(activity)[0]


def _coming_shown(box: Box, coming: list[tuple[Coming, tuple[Part, ...], Snippet]]) -> list[dict[str, Any]]:
    """Courses of the hub's that answer and are not here: what they are, when they could come, whether one may ask."""
    if not coming:
        return []
    asked = box.asking.asked_by(session_now().person) if may_ask() else set()
    whens = comes(box, [one for one, _, _ in coming])
    return [
        {
            "course": one.listed.course,
            "title": title,
            "snippet": said.parts,
            "when": when,
            "askers": one.askers,
            "is_wanted": one.is_wanted,
            "is_asked": one.listed.course in asked,
            "may_ask": may_ask(),
        }
        for (one, title, said), when in zip(coming, whens, strict=True)
    ]


def _href(result: Result, place: Place) -> str:
    if result.activity is None:
        return url_for("library.course", course=result.release.course)
    at = place.at or None
    return url_for("library.activity", course=result.release.course, activity=result.activity.id, at=at)


def _where(place: Place) -> str:
    """Where it opens, in words; "" where that is the beginning."""
    match place.kind:
        case "captions":
            return gettext("at %(place)s", place=timecode(int(place.at)))
        case "document":
            return gettext("page %(page)s", page=int(place.at))
        case _:
            return place.title


def _selects(cards: Iterable[Card], fields: Mapping[str, str]) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """What can be chosen: name, words, options, what is chosen. What no course has is not offered."""
    known = choices(cards)
    minutes = [(str(one), ngettext("under %(num)s minute", "under %(num)s minutes", one)) for one in MINUTES]
    sizes = [(str(one), gettext("under %(count)s MB", count=one)) for one in MEGABYTES]
    offered = [
        ("subject", gettext("Subject"), gettext("All subjects"), [(one, one) for one in known.subjects]),
        (
            "language",
            gettext("Language"),
            gettext("All languages"),
            [(one, language_name(one)) for one in known.languages],
        ),
        ("level", gettext("Level"), gettext("All levels"), [(one, str(LEVELS.get(one, one))) for one in known.levels]),
        ("minutes", gettext("Length"), gettext("Any length"), minutes),
        ("mb", gettext("Fits my data"), gettext("Any size"), sizes),
    ]
    return [(name, label, [("", every), *options], fields[name]) for name, label, every, options in offered if options]
