"""The pages of staff: how the box is doing, its nights and its budget.

* The first heading of the status page is the verdict, in words that need no training.
* While a session runs the page follows it; without a script it says how far it is and that it stands still.
"""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from catalog.manifest import Release, words
from edge.box import Box
from edge.keeping.rot import rot_of
from edge.keeping.wording import hint, sentence
from edge.people.guard import Guard
from edge.staff import adopting, budget, first_hour, telling, watching
from edge.staff.chart import NIGHTS_DRAWN, Chart, chart
from edge.staff.known import facts_of, missing_bytes
from edge.staff.verdict import is_disk_low, verdict
from edge.staff.wording import advice, headline, outcome_words, said
from sync.web.app import require
from sync.web.language import day, gettext, language_now, size

WEEK_SECONDS = 7 * 24 * 3600
NIGHTS_LISTED = 60
SESSIONS_IN_A_NIGHT_MAX = 6
"""More tries than this in every night of two months would push the oldest out of the chart."""
ROWS_OF_CHART = 2
"""Thirty nights beside each other can still be told apart on a phone."""


def blueprint(box: Box) -> Blueprint:
    """The pages of staff, for the box's application."""
    pages = Blueprint("staff", __name__, template_folder="templates")
    guard = Guard(box.clock)
    first_hour.add_pages(pages, box, guard)
    adopting.add_pages(pages, box, guard)
    _status_pages(pages, box)
    budget.add_pages(pages, box)
    telling.add_pages(pages, box)
    watching.add_pages(pages, box.live, lambda course: _course_title(box, course))
    return pages


def _status_pages(pages: Blueprint, box: Box) -> None:
    @pages.get("/staff")
    @require("staff")
    def status() -> ResponseReturnValue:
        rot = rot_of(box)
        facts = facts_of(box, rot)
        judged = verdict(facts)
        alarms = box.alarms.standing()
        is_well = judged.is_well and not any(alarm.is_grave for alarm in alarms)
        finished = [night for night in facts.nights if night.outcome != "begun"]
        now_seconds = box.clock.now().wall_seconds
        drawn = _chart(box)
        return render_template(
            "staff/status.html",
            headline=headline(
                [
                    *(sentence(alarm) for alarm in alarms if alarm.is_grave),
                    *(said(matter, number) for matter, number in judged.matters),
                    *(sentence(alarm) for alarm in alarms if not alarm.is_grave),
                ],
                is_well,
            ),
            is_well=is_well,
            alarms=[(alarm, sentence(alarm), hint(alarm, rot)) for alarm in alarms],
            matters=[(said(matter, number), advice(matter)) for matter, number in judged.matters],
            waiting=box.campus.waiting(),
            facts=facts,
            clock=telling.offer(box.clock.now(), box.config.zone),
            is_disk_low=is_disk_low(facts.free_bytes, facts.total_bytes),
            last=finished[0] if finished else None,
            why=[night for night in finished if night.sentence][:3],
            courses=[(_title(release), release, missing_bytes(box, release, rot)) for release in box.shelf.courses()],
            counts=box.people.counts(),
            active=box.learning.active_learners(now_seconds - WEEK_SECONDS),
            unsent=box.journal.unsent_count(),
            days_ruled=box.campus.days_ruled(),
            hub=box.hub,
            secure=box.secure.offer(box.clock.now()),
            now=watching.shown(box.live.snapshot(), lambda course: _course_title(box, course)),
            next_seconds=box.nightly.next_start_seconds(),
            window=box.config.window,
            purse=budget.purse(box),
            lent=budget.last_lent(facts.nights),
            titles=_titles(box),
            rows=_rows(drawn),
            chart=drawn,
            chart_words=_chart_words(drawn),
        )

    @pages.get("/staff/nights")
    @require("staff")
    def nights() -> ResponseReturnValue:
        drawn = _chart(box)
        return render_template(
            "staff/nights.html",
            nights=box.nights.last(NIGHTS_LISTED),
            titles=_titles(box),
            outcome=outcome_words,
            rows=_rows(drawn),
            chart=drawn,
            chart_words=_chart_words(drawn),
            table=[
                (day(column.day), outcome_words(column.outcome), size(column.size_bytes) if column.outcome else "")
                for column in reversed(drawn.columns)
            ],
        )

    @pages.post("/staff/session")
    @require("staff")
    def session_now() -> ResponseReturnValue:
        box.nightly.begin()
        return redirect("/staff", 303)


def _chart(box: Box) -> Chart:
    config = box.config
    nights = box.nights.last(NIGHTS_DRAWN * SESSIONS_IN_A_NIGHT_MAX)
    now_seconds = box.clock.now().wall_seconds
    return chart(nights, config.windows, config.zone, now_seconds, config.budget.night_bytes_max)


def _rows(drawn: Chart) -> Sequence[tuple[Sequence[tuple[str, int]], str, str]]:
    """The chart in rows, each with the dates of its ends."""
    length = len(drawn.columns) // ROWS_OF_CHART
    parts = [drawn.columns[start : start + length] for start in range(0, len(drawn.columns), length)]
    return [
        ([(column.sign, column.permille) for column in part], day(part[0].day), day(part[-1].day)) for part in parts
    ]


def _chart_words(drawn: Chart) -> str:
    """What the chart shows, for those who listen."""
    return gettext(
        "The last %(nights)s nights. Well: %(well)s. Something had to wait: %(short)s. The power went: %(cut)s. "
        "Did not work: %(failed)s. Most in one night: %(size)s.",
        nights=len(drawn.columns),
        well=drawn.count("well"),
        short=drawn.count("short"),
        cut=drawn.count("cut"),
        failed=drawn.count("failed"),
        size=size(drawn.top_bytes),
    )


def _titles(box: Box) -> dict[str, str]:
    return {release.course: _title(release) for release in box.shelf.courses()}


def _course_title(box: Box, course: str) -> str:
    release = box.shelf.release(course)
    return _title(release) if release else course


def _title(release: Release) -> str:
    return words(release.title, language_now())
