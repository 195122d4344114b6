"""The first hour: claiming a box that is nobody's yet.

* Claiming is one page of five questions; a mistake keeps what was written and says what is wrong beside it.
* The code is asked again with every try, and guesses are slowed; a claimed box shows none of this.
* The password stays in the browser; where no script runs, staff get a sheet of codes in its place.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.fault import CallerFault
from edge.box import Box
from edge.config import Config
from edge.people.classes import wrong_class_name
from edge.people.guard import Guard
from edge.people.people import STAFF_NAME
from edge.people.staff_in import said_now, stale
from edge.people.teachers import wrong_password
from edge.staff.claim import ClaimedAlready, WrongStaffCode
from sync.web.app import begin_session
from sync.web.challenge.sheet import draw_sheet
from sync.web.challenge.talks import TalkRefused
from sync.web.challenge.verifier import Verifier
from sync.web.language import gettext, language_name
from sync.web.takes import takes

CLAIM = "claim"
SETTINGS = ("language", "window", "timezone")
OFFSETS = ("Asia/Tehran", "Asia/Kabul", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Yangon")
"""Where clocks are not whole hours from UTC; Etc/GMT+11 to Etc/GMT-14 are the others."""


def add_pages(pages: Blueprint, box: Box, guard: Guard) -> None:
    """The page of five questions, and its answer."""

    @pages.get("/claim")
    def claim() -> ResponseReturnValue:
        if box.setup.is_claimed:
            return redirect("/sign-in")
        asked = {"language": box.config.language, "window": box.config.window, "timezone": box.config.timezone}
        return _ask(box, asked, {})

    @pages.post("/claim")
    @takes("code", "classroom", *SETTINGS, "first", "talk", "sealed", "password")
    def take() -> ResponseReturnValue:
        if box.setup.is_claimed:
            return redirect("/sign-in", 303)
        asked = {name: text.strip() for name, text in request.form.items() if name != "password"}
        settings = {name: asked.get(name, "") for name in SETTINGS}
        classroom = " ".join(asked.get("classroom", "").split())
        wrong = _wrong(box.config, settings, classroom)
        password: str | Verifier = ""
        try:
            password = _password(box)
        except TalkRefused:
            wrong["password"] = stale()
        if request.is_secure and (error := wrong_password(password)):
            wrong["password"] = error
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
        # Should the power go right here, nobody could sign in: then `qanat box password` at the box helps.
        sheet = [] if password else draw_sheet(box.random_bytes)
        if sheet:
            box.accounts.keep_sheet(claimed.staff.id, sheet)
        is_begun = asked.get("first") == "now" and box.nightly.begin()
        return render_template(
            "staff/claimed.html",
            classroom=claimed.classroom,
            codes=sheet,
            is_begun=is_begun,
            is_enrolled=box.hub is not None,
            window=box.config.window,
            staff_name=STAFF_NAME,
            address=request.host,
        )


def _ask(box: Box, asked: Mapping[str, str], wrong: Mapping[str, str]) -> str:
    return render_template(
        "staff/claim.html",
        asked=asked,
        wrong=wrong,
        languages=[(tag, language_name(tag)) for tag in box.config.languages],
        zones=_zones(box.clock.now().wall_seconds),
        is_enrolled=box.hub is not None,
        is_private=request.is_secure,
    )


def _password(box: Box) -> str | Verifier:
    """The password that was chosen, or what a browser made of it; nothing where it could not. Raises TalkRefused."""
    if request.form.get("sealed"):
        return said_now(box).verifier or ""
    return request.form.get("password", "") if request.is_secure else ""


def _wrong(config: Config, settings: Mapping[str, str], classroom: str) -> dict[str, str]:
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
