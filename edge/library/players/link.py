"""A link to the internet: where it leads, and that it needs a way there; nothing of it is fetched here."""

from flask.typing import ResponseReturnValue

from catalog.web_address import is_web_address
from edge.library.house import House
from edge.library.opened import Opened
from edge.library.players.page import player_page


def show(_house: House, opened: Opened) -> ResponseReturnValue:
    address = str(opened.activity.attributes.get("address", ""))
    return player_page("library/link.html", opened, address=address if is_web_address(address) else "")
