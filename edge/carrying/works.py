"""Carrying as a command asks for it, of a running box or of one that it opens itself."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.fault import CallerFault
from edge.carrying.carrying import Carrying, Visit
from sync.carry.carrier import Carrier, up_name
from sync.carry.single import Enclosed, SingleFile, is_single, opened_single, write_single
from sync.carry.stick import Stick

if TYPE_CHECKING:
    from edge.box import Box


def carry(box: "Box", request: Mapping[str, Any], listener: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
    """Take in what a stick or a file brought, and give the letter home.

    `request`: "with", a folder or a .qanat file to take in, and "out", a .qanat file to write; either may be "".
    Raises CallerFault, NotEnrolled, AtWork, LetterRefused, StickBroken.
    """
    carrying = Carrying(box)
    visit = _visited(carrying, Path(request["with"]), listener) if request["with"] else None
    written = ""
    if request["out"]:
        out = Path(request["out"])
        if not is_single(out):
            raise CallerFault(f"{out} is no name for a single file.", "Give it a name that ends in .qanat.")
        enclose_home(box, out)
        written = str(out)
    return {**visit_row(visit), "written": written}


def enclose_home(box: "Box", path: Path) -> None:
    """Write the letter home as one file, the same bytes while there is nothing new. Raises BoxFault."""
    home = Carrying(box).home()
    write_single(path, [Enclosed(up_name(box.id), home.size_bytes, source=home.path)], lambda size_bytes: None)


def visit_row(visit: Visit | None) -> Mapping[str, Any]:
    """A visit as commands print it."""
    if visit is None:
        return {"letter": "none", "courses": [], "home": None, "left": [], "left_bytes": 0, "faults": []}
    home = visit.home
    return {
        "letter": visit.standing.value if visit.standing else "none",
        "courses": list(visit.courses),
        "home": {"number": home.number, "events": home.events, "bytes": home.size_bytes} if home else None,
        "left": [
            {"course": one.course, "version": one.version, "layer": one.layer, "bytes": one.size_bytes}
            for one in visit.left
        ],
        "left_bytes": visit.left_bytes,
        "faults": [{"sentence": fault.sentence, "hint": fault.hint} for fault in visit.faults],
    }


def _visited(carrying: Carrying, path: Path, listener: Callable[[Mapping[str, Any]], None]) -> Visit:
    with ExitStack() as stack:
        stick = None if is_single(path) else Stick(path)
        if stick is not None and not path.is_dir():
            raise CallerFault(f"There is no folder {path}.", "Name the folder in which the stick appears.")
        carrier: Carrier = stick or SingleFile(stack.enter_context(opened_single(path)))
        return carrying.visit(carrier, listener, stick)
