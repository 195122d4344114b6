"""Which player shows which kind of activity.

* A player answers one page; what that page then asks for is its own affair.
* A kind without a player is newer than this box: the page says so, and nothing of it is run.
"""

from collections.abc import Callable, Mapping

from flask.typing import ResponseReturnValue

from edge.library.house import House
from edge.library.opened import Opened
from edge.library.players import download, epub, html, link, package, pdf, quiz, video

Player = Callable[[House, Opened], ResponseReturnValue]

PLAYERS: Mapping[str, Player] = {
    "audio": video.show,
    "cmi5": package.show,
    "download": download.show,
    "epub": epub.show,
    "h5p": package.show,
    "html": html.show,
    "link": link.show,
    "pdf": pdf.show,
    "quiz": quiz.show,
    "scorm": package.show,
    "video": video.show,
    "xapi": package.show,
}
FIELDS = ("at", "part", "play", "q", "size", "to")
"""What the players read of the page's address."""

FILES = frozenset({"pdf", "video", "audio", "download"})
"""Kinds whose one file is handed out by our own pages; all else is a stranger's and lies on another origin."""
