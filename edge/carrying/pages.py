"""The page "Carry with my phone": a sealed file to take along, and a place for the one that comes back.

* The file is the same, byte for byte, while there is nothing new: a download that broke off goes on.
* What a phone brings is kept on the disk first and taken in by a thread of its own: the page does not wait for it,
  and shows how it went.
* Only staff see any of it; no body is taken in before that is known.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Request, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.fault import Fault
from catalog.manifest import words
from edge.box import Box
from edge.carrying.letters import FOLDER
from sync.web import uploads
from sync.web.app import require, send_file, session_now
from sync.web.language import gettext, language_now, size
from sync.web.takes import OCTETS, takes

if TYPE_CHECKING:
    from edge.carrying.carrying import Visit

CARRY_PATH = "/staff/carry"
HUB_CARRY_PATH = "/carry"
BROUGHT_BYTES_MAX = 16 << 30
FORM_BYTES_MAX = 2 << 20


def blueprint(box: Box) -> Blueprint:
    """The pages of carrying, for the box's application."""
    pages = Blueprint("carrying", __name__, template_folder="templates")

    @pages.get(CARRY_PATH)
    @require("staff")
    def carry() -> str:
        return _page(box)

    @pages.get(f"{CARRY_PATH}/letter.qanat")
    @require("staff")
    @takes(gives=OCTETS)
    def letter() -> Response:
        # Loaded when a phone comes: other pages need none of it.
        from edge.carrying.carrying import Carrying
        from edge.carrying.works import enclose_home

        home = Carrying(box).home()
        path = box.data / FOLDER / f"letter-{home.number}.qanat"
        if not path.exists():
            for former in path.parent.glob("letter-*.qanat"):
                former.unlink()
            enclose_home(box, path)
        return send_file(
            path, "application/octet-stream", cache="no", filename=f"{_file_name(box)}-{home.number}.qanat"
        )

    @pages.post(CARRY_PATH)
    @require("staff")
    @takes(files=("file",))
    def bring() -> ResponseReturnValue:
        file = request.files.get("file")
        if file is None or not file.filename:
            return _page(box, gettext("Choose the file that the hub gave to your phone.")), 422
        file.stream.flush()
        box.sticks.bring(Path(str(getattr(file.stream, "name", ""))))
        box.sticks.begin()
        return redirect(CARRY_PATH, 303)

    return pages


def request_class(box: Box) -> type[Request]:
    """Requests of a box: staff may bring a large file, which lies on the box's own disk."""
    folder = box.data / FOLDER
    folder.mkdir(exist_ok=True)

    def bytes_max(asked: Request) -> int:
        is_brought = asked.path == CARRY_PATH and session_now().kind == "staff"
        return BROUGHT_BYTES_MAX if is_brought else FORM_BYTES_MAX

    return uploads.request_class(folder, bytes_max)


def _page(box: Box, error: str = "") -> str:
    from edge.carrying.carrying import Carrying

    hub = box.hub
    said = box.sticks.said
    return render_template(
        "carrying/carry.html",
        error=error,
        address=f"{hub.address}{HUB_CARRY_PATH}" if hub else "",
        home=Carrying(box).home() if hub else None,
        is_waiting=box.sticks.is_waiting,
        is_running=box.nightly.is_running,
        lines=_lines(box, said),
        faults=[said] if isinstance(said, Fault) else said.faults if said else (),
    )


def _lines(box: Box, said: "Visit | Fault | None") -> list[str]:
    """How the last visit went, in sentences."""
    if said is None or isinstance(said, Fault):
        return []
    lines = []
    if said.courses:
        titles = {release.course: words(release.title, language_now()) for release in box.shelf.courses()}
        named = ", ".join(titles.get(course, course) for course in said.courses)
        lines.append(gettext("New on the shelf: %(courses)s.", courses=named))
    elif not said.left and not said.faults:
        lines.append(gettext("It brought nothing that is not here already."))
    if said.left:
        lines.append(gettext("Still to come: %(size)s, which was not on it.", size=size(said.left_bytes)))
    return lines


def _file_name(box: Box) -> str:
    """A name that says nothing about the place: whoever looks through a phone reads it."""
    return f"qanat-{box.id[:4]}"
