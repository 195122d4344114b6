"""A film, at the second where the learner was."""

from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.library.opened import Opened
from edge.library.players.page import player_page
from edge.library.search import second_of

PLACE_SECONDS_MIN = 5
"""Nobody wants to be led back to the first seconds of a film."""


def show(_box: Box, opened: Opened) -> ResponseReturnValue:
    place = opened.place
    seconds = place.seconds if place is not None and not place.is_completed else 0
    return player_page(
        "library/video.html",
        opened,
        start_seconds=second_of(opened.at) or (seconds if seconds >= PLACE_SECONDS_MIN else 0),
        captions=opened.activity.attributes.get("captions", []),
    )
