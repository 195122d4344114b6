"""The page around every player: where one is, that it is finished, what comes next."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from edge.library.opened import Opened


def player_page(template: str, opened: Opened, **words: Any) -> ResponseReturnValue:
    """Render a player's template with what all of them show."""
    place = opened.place
    return render_template(
        template,
        opened=opened,
        place=place,
        is_done=place is not None and place.is_completed,
        following_activity=opened.following,
        **words,
    )
