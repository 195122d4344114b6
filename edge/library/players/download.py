"""A file to keep: what no page here can show, such as a text of an office program. It is saved, never opened here."""

from pathlib import PurePosixPath

from flask.typing import ResponseReturnValue

from catalog.manifest import Activity
from edge.library import rows
from edge.library.house import House
from edge.library.opened import Opened, tree_of
from edge.library.players.page import player_page

KIND = "download"


def show(house: House, opened: Opened) -> ResponseReturnValue:
    size_bytes = (tree_of(house, opened.release) / opened.activity.path).stat().st_size
    return player_page(
        "library/download.html", opened, size_bytes=size_bytes, saved_as=saved_as(opened.activity, opened.activity.path)
    )


def saved_as(activity: Activity, path: str) -> str | None:
    """The name under which such a file is saved; None of what is shown."""
    kept = {one["path"] for one in activity.attributes.get("renditions", []) if one["kind"] == KIND}
    if activity.kind != KIND and path not in kept:
        return None
    suffix = PurePosixPath(path).suffix
    return rows.title(activity).removesuffix(suffix).replace("/", "-") + suffix
