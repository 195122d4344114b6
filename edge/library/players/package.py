"""A package: its stage on its own origin, framed. What it keeps and tells goes there, never through this page."""

from urllib.parse import urlencode

from flask.typing import ResponseReturnValue

from edge.library.house import House
from edge.library.opened import Opened
from edge.library.players.html import launch
from edge.library.players.page import player_page
from sync.web.app import frame_content
from sync.web.language import language_now


def show(house: House, opened: Opened) -> ResponseReturnValue:
    origin, token = launch(house, opened)
    frame_content(origin)
    address = f"{origin}/{token}/~play/?{urlencode({'lang': language_now()})}"
    return player_page("library/package.html", opened, address=address)
