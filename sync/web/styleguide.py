"""The styleguide: one page that shows every piece that pages are made of, as they are.

* It uses the same macros, styles and script as every page, so it cannot show what is not there.
* `/ping` is here too: the smallest answer there is, by which an open page knows that its phone still reaches us.
"""

from flask import Blueprint, Response, render_template

from sync.web.motif import FAMILIES
from sync.web.sprite import ICONS
from sync.web.tile import COLOURS, Tile, tile
from sync.web.visits import bare

pages = Blueprint("styleguide", __name__)

MINUTE_SECONDS = 60
SHOWN_TILES = 24


@pages.get("/ping")
@bare
def ping() -> Response:
    """Say that we are here; `HEAD` and `GET` alike, never cached."""
    return Response(status=204, headers={"Cache-Control": "no-store"})


@pages.get("/styleguide")
def show() -> str:
    return render_template(
        "styleguide.html",
        icons=tuple(ICONS),
        tiles=shown_tiles(),
        grounds=("wall", "card", "ink", "soft", "edge", "water", "deep", "clay", "sun", "leaf", *COLOURS),
        spaces=("4", "8", "12", "16", "24", "40", "64"),
        minute_seconds=MINUTE_SECONDS,
    )


def shown_tiles() -> tuple[Tile, ...]:
    """One tile of each family, then others, as they come."""
    drawn = [tile(f"styleguide {place}") for place in range(40 * len(FAMILIES))]
    firsts = {made.family: made for made in reversed(drawn)}
    first = [firsts[family] for family in FAMILIES]
    rest = [made for made in drawn if made not in first]
    return tuple((first + rest)[:SHOWN_TILES])
