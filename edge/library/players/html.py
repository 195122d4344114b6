"""A lesson site: its pages, framed from their own origin, at the page where the learner was."""

import re
from urllib.parse import quote

from flask import request
from flask.typing import ResponseReturnValue

from catalog.manifest import is_safe_path
from edge.library.at import path_of
from edge.library.house import House
from edge.library.launches import Address
from edge.library.opened import Opened, tree_of
from edge.library.players.page import player_page
from sync.web.app import frame_content, session_now


def show(house: House, opened: Opened) -> ResponseReturnValue:
    origin, token = launch(house, opened)
    frame_content(origin)
    place = path_of(opened.at) or (opened.place.path if opened.place else "")
    # A new version may have lost the page where the learner was: then the course begins at its first.
    is_kept = bool(place) and is_safe_path(place) and (tree_of(house, opened.release) / place).is_file()
    address = f"{origin}/{token}/{quote(place if is_kept else opened.activity.path)}"
    return player_page("library/frame.html", opened, address=address)


def launch(house: House, opened: Opened) -> tuple[str, str]:
    """Open the activity's course on its own origin; says that origin, and the token all of its paths begin with."""
    address = house.launches.open(session_now(), opened.release.course, opened.release.root, opened.activity.id)
    return _origin(house, address), address.token


def _origin(house: House, address: Address) -> str:
    if address.origin:
        return address.origin
    host = address.host or re.sub(r":\d*\Z", "", request.host)
    if house.config.is_behind_tls or not request.is_secure:
        return f"{'https' if house.config.is_behind_tls else 'http'}://{host}:{address.port}"
    # A page that came over HTTPS may frame nothing that does not.
    return f"https://{host}:{address.secure_port or address.port}"
