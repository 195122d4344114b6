"""A package: its stage on its own origin, framed. What it keeps and tells goes there, never through this page."""

from urllib.parse import urlencode

from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.library.opened import Opened
from edge.library.players.html import launch
from edge.library.players.page import player_page
from sync.web.app import frame_content
from sync.web.language import language_now


def show(box: Box, opened: Opened) -> ResponseReturnValue:
    origin, token = launch(box, opened)
    frame_content(origin)
    address = f"{origin}/{token}/~play/?{urlencode({'lang': language_now()})}"
    return player_page("library/package.html", opened, address=address)
