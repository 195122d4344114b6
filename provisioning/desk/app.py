"""The desk as a web app: one page, for one batch, on this machine alone.

* It shows secrets and writes over disks: whoever has not opened the address that the command printed sees nothing, and
  no other page of a browser can ask for anything.
* Labels, burning and checking do what the commands do, by the same functions.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from flask import Blueprint, Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from catalog.fault import CallerFault, Fault
from provisioning.batch.book import Book, State
from provisioning.batch.check import Checked, ask
from provisioning.batch.check import check as compare
from provisioning.desk.burning import Burning, Reader, Run, readers
from provisioning.labels.printing import sheet_of
from sync.clock import Clock
from sync.web.app import Refused, WebSettings, begin_session, create_base, session_now
from sync.web.language import LANGUAGES, NAMES, gettext, language_now
from sync.web.sessions import Sessions
from sync.web.takes import takes

KIND = "staff"
ADDRESS_LETTERS_MAX = 200
PDF = "application/pdf"
OPEN_ENDPOINTS = frozenset({"desk.home", "static_file", "styleguide.ping", "choose_language", "choose_look", None})
"""What answers without the key: the first page only takes it, or says where it is."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page works on."""

    book: Book
    image: Path | None
    burning: Burning
    clock: Clock
    key: str
    readers: Callable[[Path, Collection[str]], list[Reader]] = readers
    client: Callable[[], httpx.Client] = lambda: httpx.Client(trust_env=False)


def create_app(desk: Desk, sessions: Sessions) -> Flask:
    """The page of this desk."""
    settings = WebSettings(
        name="Qanat", kind="desk", names=frozenset({"localhost"}), now_seconds=lambda: desk.clock.now().wall_seconds
    )
    app = create_base(__name__, settings, sessions)

    @app.before_request
    def demand_key() -> None:
        if request.endpoint not in OPEN_ENDPOINTS and session_now().kind != KIND:
            raise _locked()

    app.register_blueprint(_pages(desk))
    return app


def _pages(desk: Desk) -> Blueprint:
    pages = Blueprint("desk", __name__, template_folder="templates")

    @pages.get("/")
    @takes(query=("key",))
    def home() -> ResponseReturnValue:
        key = request.args.get("key", "")
        if key and hmac.compare_digest(key.encode(), desk.key.encode()):
            begin_session("", KIND)
            return redirect("/", 303)
        if session_now().kind != KIND:
            raise _locked()
        return render_template("desk/desk.html", **_shown(desk))

    @pages.post("/burn")
    def burn() -> Response:
        if desk.image is None:
            raise CallerFault(
                gettext("The desk was opened without an image."), gettext("Start it again with --image FILE.")
            )
        disks = [one.disk for one in desk.readers(desk.image, desk.burning.burned) if not one.why]
        if not disks:
            raise CallerFault(gettext("There is no card in any reader."), gettext("Put cards in, and try again."))
        desk.burning.begin(desk.book, desk.image, disks)
        return redirect("/", 303)

    @pages.post("/labels")
    @takes("language", gives=PDF)
    def labels() -> Response:
        made = sheet_of(desk.book, language=request.form.get("language", language_now()))
        answer = Response(made.pdf, content_type=PDF)
        answer.headers["Content-Disposition"] = "attachment; filename=labels.pdf"
        return answer

    @pages.post("/check")
    @takes("address")
    def check() -> str:
        address = request.form.get("address", "").strip()[:ADDRESS_LETTERS_MAX]
        with desk.client() as client:
            checked = compare(desk.book, ask(address if "://" in address else f"http://{address}", client, desk.clock))
        return render_template("desk/desk.html", **_shown(desk, checked, address))

    return pages


def _shown(desk: Desk, checked: Checked | None = None, address: str = "") -> dict[str, Any]:
    """What the page shows."""
    cards = desk.book.cards()
    run = desk.burning.now()
    found, fault = _readers(desk, run)
    return {
        "batch": desk.book.batch,
        "cards": cards,
        "counts": Counter(card.state for card in cards),
        "states": tuple(State),
        "run": run,
        "has_image": desk.image is not None,
        "readers": found,
        "fault": fault or run.fault,
        "checked": checked,
        "address": address,
        "languages": [(tag, NAMES[tag]) for tag in LANGUAGES],
    }


def _readers(desk: Desk, run: Run) -> tuple[list[Reader], Fault | None]:
    """The cards that are in readers; nothing is looked for while a run is under way."""
    if desk.image is None or run.is_running:
        return [], None
    try:
        return desk.readers(desk.image, desk.burning.burned), None
    except Fault as fault:
        return [], fault


def _locked() -> Refused:
    return Refused(gettext("This page is not open yet."), gettext("Open the address that the command printed."))
