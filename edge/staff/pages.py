"""The pages of staff: claiming the box in its first hour, and how it is doing.

* Claiming is one page of five questions; a mistake keeps what was written and says what is wrong beside it.
* The code is asked again with every try, and guesses are slowed; a claimed box shows none of this.
* The first heading of the status page is the verdict, in words that need no training.
"""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault
from catalog.manifest import Release, words
from edge.box import Box
from edge.config import Config
from edge.people.classes import wrong_class_name
from edge.people.guard import Guard
from edge.people.people import STAFF_NAME
from edge.people.teachers import wrong_password
from edge.staff.claim import ClaimedAlready, WrongStaffCode
from edge.staff.verdict import SHOWN_NIGHTS, Facts, Matter, is_disk_low, sign, verdict
from sync.web.app import begin_session, require
from sync.web.language import gettext, language_name, language_now, ngettext

WEEK_SECONDS = 7 * 24 * 3600
CLAIM = "claim"
OFFSETS = ("Asia/Tehran", "Asia/Kabul", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Yangon")
"""Where clocks are not whole hours from UTC; Etc/GMT+11 to Etc/GMT-14 are the others."""


def blueprint(box: Box) -> Blueprint:
    """The pages of staff, for the box's application."""
    pages = Blueprint("staff", __name__, template_folder="templates")
    guard = Guard(box.clock)
    _claim_pages(pages, box, guard)
    _status_pages(pages, box)
    return pages


def _claim_pages(pages: Blueprint, box: Box, guard: Guard) -> None:
    @pages.get("/claim")
    def claim() -> ResponseReturnValue:
        if box.setup.is_claimed:
            return redirect("/sign-in")
        asked = {"language": box.config.language, "window": box.config.window, "timezone": box.config.timezone}
        return _ask(box, asked, {})

    @pages.post("/claim")
    def take() -> ResponseReturnValue:
        if box.setup.is_claimed:
            return redirect("/sign-in", 303)
        asked = {name: text.strip() for name, text in request.form.items() if name != "password"}
        password = request.form.get("password", "")
        settings = {name: asked.get(name, "") for name in ("language", "window", "timezone")}
        classroom = " ".join(asked.get("classroom", "").split())
        wrong = _wrong(box.config, settings, password, classroom)
        wait_seconds = guard.wait_seconds(CLAIM)
        if wait_seconds:
            wrong["code"] = guard.sentence(wait_seconds)
        if wrong:
            return _ask(box, asked, wrong), 400
        try:
            box.setup.check(asked.get("code", ""))
            # Settings first: a box that loses its power in between is not claimed yet, and is asked again.
            box.change_config(settings)
            claimed = box.setup.claim(asked.get("code", ""), password, classroom)
        except WrongStaffCode:
            guard.wrong(CLAIM)
            wrong["code"] = gettext("This is not the code on the label. It has ten letters, as in KMTRD-XWPCF.")
            return _ask(box, asked, wrong), 400
        except ClaimedAlready:
            return redirect("/sign-in", 303)
        guard.right(CLAIM)
        begin_session(claimed.staff.id, claimed.staff.kind)
        is_begun = asked.get("first") == "now" and box.nightly.begin()
        return render_template(
            "staff/claimed.html",
            classroom=claimed.classroom,
            is_begun=is_begun,
            is_enrolled=box.hub is not None,
            window=box.config.window,
            staff_name=STAFF_NAME,
            address=request.host,
        )


def _status_pages(pages: Blueprint, box: Box) -> None:
    @pages.get("/staff")
    @require("staff")
    def status() -> ResponseReturnValue:
        facts = _facts(box)
        judged = verdict(facts)
        finished = [night for night in facts.nights if night.outcome != "begun"]
        now_seconds = box.clock.now().wall_seconds
        return render_template(
            "staff/status.html",
            headline=_headline([said(matter, number) for matter, number in judged.matters], judged.is_well),
            is_well=judged.is_well,
            matters=[(said(matter, number), advice(matter)) for matter, number in judged.matters],
            facts=facts,
            is_disk_low=is_disk_low(facts.free_bytes, facts.total_bytes),
            last=finished[0] if finished else None,
            wells=[sign(night) for night in reversed(facts.nights)],
            why=[night for night in finished if night.sentence][:3],
            courses=[(_title(release), release, _missing(box, release)) for release in box.shelf.courses()],
            counts=box.people.counts(),
            active=box.learning.active_learners(now_seconds - WEEK_SECONDS),
            unsent=box.journal.unsent_count(),
            hub=box.hub,
            is_running=box.nightly.is_running,
            next_seconds=box.nightly.next_start_seconds(),
            window=box.config.window,
        )

    @pages.get("/staff/nights")
    @require("staff")
    def nights() -> ResponseReturnValue:
        titles = {release.course: _title(release) for release in box.shelf.courses()}
        return render_template(
            "staff/nights.html", nights=box.nights.last(SHOWN_NIGHTS * 4), titles=titles, sign=sign, outcome=_outcome
        )

    @pages.post("/staff/session")
    @require("staff")
    def session_now() -> ResponseReturnValue:
        box.nightly.begin()
        return redirect("/staff", 303)


def said(matter: Matter, number: int) -> str:
    """A matter in words, as it stands in the verdict."""
    match matter:
        case Matter.DISK_LOW:
            return gettext("The disk is nearly full.")
        case Matter.NO_HUB:
            return gettext("This box has no hub yet.")
        case Matter.SILENT:
            return ngettext("Nothing came for %(num)s night.", "Nothing came for %(num)s nights.", number)
        case Matter.LAST_NIGHT_FAILED:
            return gettext("Last night did not work.")
        case Matter.LAST_NIGHT_CUT:
            return gettext("The power went last night.")
        case Matter.CLOCK:
            return gettext("The box does not know what time it is.")
        case Matter.NO_NIGHT_YET:
            return gettext("The first night is still to come.")
        case Matter.LATE:
            return ngettext("One course is late.", "%(num)s courses are late.", number)


def advice(matter: Matter) -> str:
    """What to do about a matter, or what happens by itself."""
    match matter:
        case Matter.DISK_LOW:
            return gettext("New courses may not fit. Take a larger card, or ask the hub to send fewer.")
        case Matter.NO_HUB:
            return gettext("Ask the hub's staff for a token and enrol the box with it.")
        case Matter.SILENT:
            return gettext("Look whether the internet works at night, and ask the provider. All progress is kept here.")
        case Matter.LAST_NIGHT_FAILED:
            return gettext("It is tried again by itself. All progress is kept here until then.")
        case Matter.LAST_NIGHT_CUT:
            return gettext("Nothing is lost; it goes on tonight where it stopped.")
        case Matter.CLOCK:
            return gettext("It will when it has heard from the hub. Until then only progress is sent.")
        case Matter.NO_NIGHT_YET:
            return gettext("Courses come in the night. To have some sooner, begin a session now.")
        case Matter.LATE:
            return gettext("The rest comes in the next nights. What is here can be used.")


def _headline(sentences: list[str], is_well: bool) -> str:
    """The verdict: two sentences at most, so that it can be taken in at a glance."""
    if is_well:
        return " ".join([gettext("All is well."), *sentences[:1]])
    return " ".join(sentences[:2])


def _outcome(outcome: str) -> str:
    return {
        "well": gettext("well"),
        "short": gettext("something had to wait"),
        "failed": gettext("did not work"),
        "cut": gettext("the power went"),
        "begun": gettext("at work"),
    }[outcome]


def _facts(box: Box) -> Facts:
    return Facts(
        free_bytes=box.free_bytes,
        total_bytes=shutil.disk_usage(box.data).total,
        is_enrolled=box.hub is not None,
        is_clock_trusted=box.clock.now().is_trusted,
        nights=box.nights.last(SHOWN_NIGHTS),
        late=sum(bool(_missing(box, release)) for release in box.shelf.courses()),
    )


def _missing(box: Box, release: Release) -> int:
    """Bytes of a course on the shelf that are still to come."""
    held = {layer for course, _, layers in box.shelf.holdings() if course == release.course for layer in layers}
    return sum(layer.size_bytes for name, layer in release.layers.items() if name not in held)


def _title(release: Release) -> str:
    return words(release.title, language_now())


def _ask(box: Box, asked: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    return render_template(
        "staff/claim.html",
        asked=asked,
        wrong=wrong,
        languages=[(tag, language_name(tag)) for tag in box.config.languages],
        zones=_zones(box.clock.now().wall_seconds),
        is_enrolled=box.hub is not None,
    )


def _wrong(config: Config, settings: Mapping[str, str], password: str, classroom: str) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for name, sentence in (
        ("language", gettext("Choose one of these languages.")),
        ("window", gettext("Write two times, as in 01:00-05:00.")),
        ("timezone", gettext("Choose the line that shows your time.")),
    ):
        try:
            config.with_changes({name: settings[name]})
        except CallerFault:
            wrong[name] = sentence
    if error := wrong_password(password):
        wrong["password"] = error
    if error := wrong_class_name(classroom):
        wrong["classroom"] = error
    return wrong


def _zones(wall_seconds: int) -> list[tuple[str, str]]:
    """Each offset from UTC that is lived in, with the time it is there: people know their time, not their zone."""
    now = datetime.fromtimestamp(wall_seconds, UTC)
    named = [("UTC", timedelta())]
    named += [(f"Etc/GMT{-hours:+d}", timedelta(hours=hours)) for hours in range(-11, 15) if hours]
    for zone in OFFSETS:
        offset = now.astimezone(ZoneInfo(zone)).utcoffset()
        assert offset is not None, f"{zone} has an offset"
        named.append((zone, offset))
    named.sort(key=lambda one: one[1])
    return [(zone, f"{_offset(offset)}  ·  {(now + offset):%H:%M}") for zone, offset in named]


def _offset(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    sign_of = "-" if minutes < 0 else "+"
    return f"UTC{sign_of}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
