"""The pages of asking: a learner or teacher asks for a course, staff say whether it comes.

* What one is shown before asking: its size, and about when it would be here.
* Staff see how many asked, never who.
"""

from collections.abc import Sequence
from contextlib import suppress

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.manifest import is_course, words
from edge.box import Box
from edge.campus.asking import Coming, NothingToAskFor
from sync.web.app import require, session_now
from sync.web.language import day_near, gettext, language_name, language_now, size
from sync.web.takes import takes
from sync.web.visits import safe_next

ASKING = ("learner", "teacher", "staff")


def blueprint(box: Box) -> Blueprint:
    """The pages of asking, for the box's application."""
    pages = Blueprint("asking", __name__, template_folder="templates")
    pages.add_app_template_global(lambda: sum(one.askers > 0 for one in _undecided(box)), "courses_asked_for")

    @pages.post("/search/ask")
    @require(*ASKING)
    @takes("course", "next")
    def ask() -> ResponseReturnValue:
        course = request.form.get("course", "")
        if is_course(course):
            box.asking.ask(session_now().person or session_now().kind, course)
        return redirect(safe_next(request.form.get("next"), "/search"), 303)

    @pages.get("/staff/asked")
    @require("staff")
    def asked() -> ResponseReturnValue:
        coming = box.asking.coming()
        whens = comes(box, coming)
        rows = [
            {
                "course": one.listed.course,
                "title": words(one.listed.title, language_now()),
                "about": words(one.listed.about, language_now()),
                "languages": gettext(" · ").join(language_name(tag) for tag in one.listed.languages),
                "when": when,
                "askers": one.askers,
                "is_wanted": one.is_wanted,
            }
            for one, when in zip(coming, whens, strict=True)
        ]
        return render_template("campus/asked.html", rows=rows)

    @pages.post("/staff/asked/<course>")
    @require("staff")
    @takes("wanted")
    def decide(course: str) -> ResponseReturnValue:
        with suppress(NothingToAskFor):  # it has come meanwhile, or the hub took it back: the list shows it
            box.asking.decide(course, request.form.get("wanted") == "1")
        return redirect(url_for("asking.asked"), 303)

    return pages


def may_ask() -> bool:
    """Whether whoever asks for this page may ask for a course too."""
    return session_now().kind in ASKING


def comes(box: Box, coming: Sequence[Coming]) -> list[str]:
    """For each course its size, and about when it would be here."""
    # Loaded when somebody first looks: the first page needs none of it.
    from edge.nights.outlook import days_of

    days = days_of(box, [one.listed.size_bytes for one in coming])
    return [
        gettext("%(size)s, about %(day)s", size=size(one.listed.size_bytes), day=day_near(day))
        if day is not None
        else size(one.listed.size_bytes)
        for one, day in zip(coming, days, strict=True)
    ]


def _undecided(box: Box) -> list[Coming]:
    return [one for one in box.asking.coming() if one.is_wanted is None]
