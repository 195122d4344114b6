"""Which player shows which kind of activity.

* A player answers one page; what that page then asks for is its own affair.
* A kind without a player is newer than this box: the page says so, and nothing of it is run.
"""

from collections.abc import Callable, Mapping

from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.library.opened import Opened
from edge.library.players import html, package, pdf, video

Player = Callable[[Box, Opened], ResponseReturnValue]

PLAYERS: Mapping[str, Player] = {
    "cmi5": package.show,
    "h5p": package.show,
    "html": html.show,
    "pdf": pdf.show,
    "scorm": package.show,
    "video": video.show,
    "xapi": package.show,
}
FILES = frozenset({"pdf", "video"})
"""Kinds whose one file is handed out by our own pages; all else is a stranger's and lies on another origin."""
