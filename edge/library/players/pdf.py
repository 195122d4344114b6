"""A PDF document: in the phone's own viewer first; in pages drawn here where the phone has none."""

from urllib.parse import urlencode

from flask import request
from flask.typing import ResponseReturnValue

from edge.library.at import page_of
from edge.library.house import House
from edge.library.opened import Opened, tree_of
from edge.library.players.html import launch
from edge.library.players.page import player_page
from sync.web.app import frame_content
from sync.web.language import language_now

HERE = "here"


def show(house: House, opened: Opened) -> ResponseReturnValue:
    kept_page = opened.place.seconds if opened.place else 0
    page_number = page_of(opened.at) or kept_page
    if request.args.get("play") == HERE:
        origin, token = launch(house, opened)
        frame_content(origin)
        asked = {"lang": language_now()} | ({"at": str(page_number)} if page_number else {})
        return player_page("library/package.html", opened, address=f"{origin}/{token}/~play/?{urlencode(asked)}")
    size_bytes = (tree_of(house, opened.release) / opened.activity.path).stat().st_size
    return player_page("library/pdf.html", opened, size_bytes=size_bytes, page_number=page_number)
