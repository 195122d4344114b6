"""Written: what the forms about a draft say, as values.

* A field that comes once for each language or campus comes in the order of the page; what has no partner is passed by.
* Nothing is guessed: a day that is none is refused, at its field.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from catalog.about import LANGUAGES_MAX, LEVEL_LETTERS_MAX, About, WordsRefused
from sync.hub.drafts.draft import Choice, Draft, rungs
from sync.hub.fleet import Campus
from sync.web.language import NAMES, gettext

Form = MultiDict[str, str]
OWN_WORDS = "own"
"""The licence that is in none of the list, and is written beside it."""


def words_written(form: Form, about: About) -> About:
    """The words of a course. Raises WordsRefused."""
    tags = form.getlist("language")[:LANGUAGES_MAX]
    title = dict(zip(tags, form.getlist("title"), strict=False))
    description = dict(zip(tags, form.getlist("description"), strict=False))
    new = form.get("new_language", "")
    languages = tuple(dict.fromkeys((*about.languages, *([new] if new in NAMES else []))))
    licence = form.get("licence", "")
    return replace(
        About.written(
            title=title,
            description=description,
            languages=languages,
            licence=form.get("licence_words", "") if licence == OWN_WORDS else licence,
            subjects=tuple(form.get("subjects", "").replace("،", ",").split(",")),
            level=form.get("level", "")[: LEVEL_LETTERS_MAX + 1],
            family=form.get("family", "").strip(),
        ),
        moved=about.moved,
    )


def moved_written(form: Form, about: About) -> About:
    """What moved where: a former activity without a new id goes."""
    pairs = zip(form.getlist("old"), form.getlist("new"), strict=False)
    return replace(about, moved={old: new for old, new in pairs if old and new})


def choice_written(form: Form, draft: Draft, campuses: Sequence[Campus]) -> Choice:
    """Who gets a course, how much of it, and when. Raises WordsRefused."""
    known = {campus.id for campus in campuses}
    ladder = {",".join(rung): rung for rung in rungs(list(draft.said.layers))}
    everything = max(ladder, key=lambda name: len(ladder[name]))
    layers: dict[str, tuple[str, ...]] = {}
    holds: dict[str, int] = {}
    rows = zip(form.getlist("of"), form.getlist("layers"), form.getlist("hold"), strict=False)
    for campus, rung, hold in rows:
        if campus in known:
            if rung in ladder and rung != everything:
                layers[campus] = ladder[rung]
            holds[campus] = _day_seconds(hold, "00:00", "hold") if hold else 0
    ticked = tuple(one for one in form.getlist("campus") if one in known)
    chosen = None if form.get("who") == "all" else ticked
    if chosen == ():
        raise WordsRefused(gettext("No campus is chosen."), gettext("Choose at least one, or every campus."), "campus")
    day = form.get("day", "")
    due_seconds = _day_seconds(day, form.get("time", "") or "00:00", "day") if day else 0
    without = tuple(campus for campus in holds if campus not in ticked) if chosen is None else ()
    return Choice(chosen, layers, due_seconds, {campus: until for campus, until in holds.items() if until}, without)


def _day_seconds(day: str, time: str, field: str) -> int:
    try:
        moment = datetime.fromisoformat(f"{day}T{time}")
        return int(moment.replace(tzinfo=UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise WordsRefused(
            gettext("This is no day."), gettext("Write it as year, month and day: 2027-03-01."), field
        ) from error


def shown_day(seconds: int) -> str:
    """A moment as a date field has it; nothing for none."""
    return _moment(seconds, "%Y-%m-%d")


def shown_time(seconds: int) -> str:
    """A moment as a field of time has it; nothing for none."""
    return _moment(seconds, "%H:%M")


def _moment(seconds: int, pattern: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(pattern) if seconds else ""


def layers_in(text: str) -> tuple[str, ...]:
    """Layers as a command or a form names them, between commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def value_of(given: Any, name: str, otherwise: str) -> str:
    """What was written in a field that comes once, where the form comes back; else what is kept."""
    return str(given.get(name, "")) if given is not None else otherwise
