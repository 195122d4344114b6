"""The page that takes a box's file from a phone, and gives one back.

* Nobody signs in: the file proves its box, and what goes back is signed, and of use to the boxes of its campus only.
* How much goes back is the phone's choice; the most urgent goes first. The letters alone are a few kilobytes.
* The file waits under a name that cannot be guessed, for a few days, so that a download which broke off goes on.
"""

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from catalog.fault import Fault, LinkFault
from sync.carry.letter import UP_BYTES_MAX
from sync.carry.single import SingleFile
from sync.web.app import send_file
from sync.web.language import gettext, size
from sync.web.takes import OCTETS, takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

CARRY_PATH = "/carry"
LETTERS_BYTES_MAX = UP_BYTES_MAX + (1 << 20)
"""A phone brings one box's letter."""
SIZES_MB = (100, 500, 2_000, 8_000)
SIZE_MB_USUAL = 500
MEGABYTE_BYTES = 1_000_000


def create_pages(hub: "Hub") -> Blueprint:
    """The pages about carrying by phone."""
    pages = Blueprint("carrying", __name__, template_folder="../templates")

    @pages.get(CARRY_PATH)
    def ask() -> str:
        return _form()

    @pages.post(CARRY_PATH)
    @takes("room", files=("file",))
    def take() -> ResponseReturnValue:
        file = request.files.get("file")
        if file is None or not file.filename:
            return _form(gettext("Choose the file that the box gave to your phone.")), 422
        try:
            taken = hub.carrying.take(SingleFile(file.stream))
        except LinkFault as fault:
            return _form(_words(fault)), 422
        if not taken.heard:
            why = [_words(fault) for fault in taken.faults] or [gettext("There is no box's letter in this file.")]
            return _form(why[0]), 422
        gift, filled = hub.gifts.make(taken.campuses, _room_bytes())
        return render_template(
            "hub/carried.html",
            heard=taken.heard,
            faults=taken.faults,
            gift=gift,
            filled=filled,
            address=f"{CARRY_PATH}/{gift.name}.qanat",
        )

    @pages.get(f"{CARRY_PATH}/<name>.qanat")
    @takes(gives=OCTETS)
    def fetch(name: str) -> Response:
        gift = hub.gifts.find(name)
        if gift is None:
            abort(404)
        return send_file(
            gift.path, "application/octet-stream", cache="no", filename="qanat-courses.qanat", etag=gift.name
        )

    return pages


def _form(error: str = "") -> str:
    sizes = [(str(mb), size(mb * MEGABYTE_BYTES)) for mb in SIZES_MB]
    chosen = request.form.get("room", str(SIZE_MB_USUAL))
    return render_template("hub/carry.html", error=error, sizes=sizes, chosen=chosen)


def _room_bytes() -> int:
    asked = request.form.get("room", "")
    return (int(asked) if asked in {str(mb) for mb in SIZES_MB} else SIZE_MB_USUAL) * MEGABYTE_BYTES


def _words(fault: Fault) -> str:
    return f"{fault.sentence} {fault.hint}".strip()
