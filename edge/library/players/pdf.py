"""A PDF document, in the phone's own viewer."""

from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.library.at import page_of
from edge.library.opened import Opened, tree_of
from edge.library.players.page import player_page


def show(box: Box, opened: Opened) -> ResponseReturnValue:
    size_bytes = (tree_of(box, opened.release) / opened.activity.path).stat().st_size
    return player_page("library/pdf.html", opened, size_bytes=size_bytes, page_number=page_of(opened.at))
