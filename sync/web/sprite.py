"""The sprite: the small drawings of one page, each sent once and only if the page uses it.

* `icon` and `arch` draw a reference and note what they drew; `sprite`, at the end of the page, draws the rest.
* An icon is drawn on 24 units with a round line of 1.75; pictures are filled, and serve as a child's secret.
* A drawing never stands alone: a word beside it, or a hidden name, says the same.
"""

from dataclasses import dataclass, field

from flask import Flask, g
from markupsafe import Markup

from sync.web.language import LazyText, lazy_gettext
from sync.web.tile import Tile, tile

ICONS = {
    "alert": '<path d="M12 4L2.5 20h19zM12 10v4.5M12 17.2v.01"/>',
    "ask": '<path d="M4 5h16v11h-8l-4.5 4v-4H4z"/>',
    "back": '<path d="M15 5l-7 7 7 7"/>',
    "box": '<path d="M4 20V10a8 6.5 0 0 1 16 0v10zM4 14h16M12 17v.01"/>',
    "check": '<path d="M4.5 12.5l5 5 10-11"/>',
    "class": '<path d="M3.5 5h17v10h-17zM12 15v4M8 20h8M7.5 9h6M7.5 12h4"/>',
    "clock": '<path d="M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2.5"/>',
    "course": '<path d="M5 20.5V11a7 7 0 0 1 14 0v9.5zM12 8v12.5M8.5 13h7"/>',
    "disk": (
        '<path d="M4.5 6c0-3.3 15-3.3 15 0v12c0 3.3-15 3.3-15 0zM4.5 6c0 3.3 15 3.3 15 0M4.5 12c0 3.3 15 3.3 15 0"/>'
    ),
    "files": '<path d="M8 3.5h7l4 4V17H8zM15 3.5v4h4M5 7v13.5h11"/>',
    "globe": (
        '<path d="M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17'
        'M12 3.5c-4.6 4.7-4.6 12.3 0 17M12 3.5c4.6 4.7 4.6 12.3 0 17"/>'
    ),
    "go": '<path d="M9 5l7 7-7 7"/>',
    "hand": '<path d="M7 13V6.5a1.5 1.5 0 0 1 3 0V5a1.5 1.5 0 0 1 3 0v1.5a1.5 1.5 0 0 1 3 0V9a1.5 1.5 0 0 1 3 0v5'
    'a6.5 6.5 0 0 1-12 3.5L4 13.5a1.6 1.6 0 0 1 2.5-2z"/>',
    "home": '<path d="M4 11l8-7 8 7v9.5H4zM9.5 20.5V16a2.5 2.5 0 0 1 5 0v4.5"/>',
    "kept": '<path d="M12 4v10.5M8 11l4 4 4-4M4 14.5v6h16v-6"/>',
    "key": '<path d="M8 11.5a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12.5L19.5 4M16 7.5l3 3"/>',
    "lock": '<path d="M5.5 11h13v9.5h-13zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 15v2"/>',
    "moon": '<path d="M19.5 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10 10.5z"/>',
    "nowifi": (
        '<path d="M4 4l16 16M3 9.5a13 13 0 0 1 4-2.6M11 5.7a13 13 0 0 1 10 3.8M6.5 13a8 8 0 0 1 3-1.9'
        'M14.5 11.3a8 8 0 0 1 3 1.7M9.8 16.4a3.3 3.3 0 0 1 4.4 0M12 19.5v.01"/>'
    ),
    "page": '<path d="M6 3.5h8.5L19 8v12.5H6zM14 3.5V8.5h5M9 12.5h6.5M9 16h6.5"/>',
    "pen": '<path d="M4.5 19.5l1-4.5L16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5"/>',
    "people": (
        '<path d="M9 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 19.5a6.5 6.5 0 0 1 13 0'
        'M15.5 5a3.5 3.5 0 0 1 0 6.5M18 14a6.5 6.5 0 0 1 3.5 5.5"/>'
    ),
    "person": '<path d="M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5a7.5 7.5 0 0 1 15 0"/>',
    "play": '<path d="M8 5l11 7-11 7z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "said": '<path d="M3.5 5.5h17v13h-17zM7 11h4M14 11h3M7 14.5h7"/>',
    "search": '<path d="M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5l5 5"/>',
    "send": '<path d="M12 15V4M8 8l4-4 4 4M4 14v6.5h16V14"/>',
    "shelf": '<path d="M4 3.5v17h16.5M8.5 4v12.5M13 4v12.5M16.5 5l3 11.5"/>',
    "sound": '<path d="M4 9.5v5h3.5l5 4v-13l-5 4zM16 9a4.5 4.5 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11"/>',
    "stick": '<path d="M9 3.5h6V8H9zM7.5 8h9v10a2.5 2.5 0 0 1-2.5 2.5h-4A2.5 2.5 0 0 1 7.5 18zM12 12v4"/>',
    "tower": '<path d="M12 10v11M8.5 21L12 11l3.5 10M8.5 10.5a4 4 0 0 1 0-5M15.5 5.5a4 4 0 0 1 0 5M6 13a8 8 0 0 1 0-10'
    'M18 3a8 8 0 0 1 0 10M12 8v.01"/>',
    "wifi": '<path d="M3 9.5a13 13 0 0 1 18 0M6.5 13a8 8 0 0 1 11 0M9.8 16.4a3.3 3.3 0 0 1 4.4 0M12 19.5v.01"/>',
}
"""Line drawings by name."""

DIRECTED = frozenset({"back", "go"})
"""Icons that point along the reading and so turn with it; play and clocks do not."""

PICTURES: dict[str, LazyText] = {
    "fish": lazy_gettext("Fish"),
    "palm": lazy_gettext("Palm"),
    "sun": lazy_gettext("Sun"),
    "boat": lazy_gettext("Boat"),
    "jug": lazy_gettext("Jug"),
    "key-of-brass": lazy_gettext("Key"),
    "kite": lazy_gettext("Kite"),
    "drum": lazy_gettext("Drum"),
    "bird": lazy_gettext("Bird"),
}
"""The nine pictures of a picture secret, in the order they are always shown."""

_PICTURES = {
    "fish": '<path d="M3 24c7-11 20-12 29-3l11-8v22l-11-8c-9 9-22 8-29-3z"/>'
    '<circle class="hole" cx="13" cy="22" r="2"/>',
    "palm": '<path d="M22 44c1-9 1-15-1-22 2-1 3-1 5 0 2 8 2 14 2 22zM24 20C17 11 9 12 4 19c8-3 13-2 20 1zM24 20'
    "c-4-6-3-12-12-14 5 4 8 8 12 14zM24 20c7-9 15-8 20-1-8-3-13-2-20 1zM24 20c4-6 3-12 12-14-5 4-8 8-12 14zM24 20"
    'c-7 1-11 5-12 12 4-6 7-9 12-12zM24 20c7 1 11 5 12 12-4-6-7-9-12-12z"/>',
    "sun": '<circle cx="24" cy="24" r="9"/><path class="line" d="M24 5v6M24 37v6M5 24h6M37 24h6'
    'M10.5 10.5l4.3 4.3M33.2 33.2l4.3 4.3M37.5 10.5l-4.3 4.3M14.8 33.2l-4.3 4.3"/>',
    "boat": '<path d="M23 4v25H8zM26 9c8 5 12 12 13 20H26zM4 32h40l-7 11H11z"/>',
    "jug": '<path d="M18 4h14v5l-3 3v3c6 3 9 8 9 14 0 7-4 11-8 15H17c-5-4-8-8-8-15 0-6 4-11 10-14v-3l-3-3z"/>'
    '<path class="line" d="M37 16c7 2 8 11 1 15"/>',
    "key-of-brass": '<path d="M14 14a10 10 0 1 1 0 20 10 10 0 0 1 0-20zM22 21h22v9h-5v-4h-4v6h-5v-6h-8z"/>'
    '<circle class="hole" cx="13" cy="24" r="4"/>',
    "kite": '<path d="M24 3l14 17-14 18-14-18z"/><path class="hole line" d="M24 4v33M11 20h26"/>'
    '<path class="line" d="M24 38c-5 3 4 5 0 8M19 42l-4-2M29 44l4 2"/>',
    "drum": '<path d="M6 14v20c0 9 36 9 36 0V14c0 9-36 9-36 0z"/><ellipse cx="24" cy="12" rx="18" ry="6"/>'
    '<path class="hole line" d="M7 22l7 15 7-14 7 14 7-14 6 12"/>',
    "bird": '<path d="M4 27c8-1 12-4 15-10 3-5 9-7 14-4l10 2-7 5c0 12-9 20-21 19l5-5C11 36 6 32 4 27z"/>'
    '<circle class="hole" cx="33" cy="18" r="1.8"/>',
}

_MARK = (
    '<symbol id="i-mark" viewBox="0 0 28 34"><path fill="currentColor" d="M1 34V14a13 13 0 0 1 26 0v20z"/>'
    '<path class="cut" d="M14 7v13M1 26q4.3-5 8.7 0t8.600 0T27 26"/></symbol>'
)
_FRAME = "M0 100V40a40 40 0 0 1 80 0v60z"
_PANEL = "M3 100V40a37 37 0 0 1 74 0v60z"
"""A door and what is tiled of it: the frame keeps the outline whole, whatever the pattern."""


@dataclass(slots=True)
class Sprite:
    """What one page has drawn so far."""

    icons: dict[str, None] = field(default_factory=dict)
    tiles: dict[str, Tile] = field(default_factory=dict)


def icon(name: str, extra: str = "") -> Markup:
    """Draw an icon; `extra` are further classes. An unknown name is our mistake and fails at once."""
    assert name == "mark" or name in ICONS, f"There is no icon called {name}."
    _page().icons[name] = None
    turned = " turned" if name in DIRECTED else ""
    return Markup('<svg class="i{}{}" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>').format(
        turned, f" {extra}" if extra else "", name
    )


def picture(name: str) -> Markup:
    """Draw one of the nine pictures; its word stands beside it."""
    drawing = Markup(_PICTURES[name])  # noqa: S704 - drawn here
    return Markup('<svg class="picture" viewBox="0 0 48 48" aria-hidden="true" focusable="false">{}</svg>').format(
        drawing
    )


def arch(of: Tile | str, extra: str = "") -> Markup:
    """Draw the door of a course: an arch with the tile of its digest (or of any other lasting name)."""
    drawn = of if isinstance(of, Tile) else tile(of)
    _page().tiles[drawn.name] = drawn
    return Markup(
        '<svg class="arch {}{}" viewBox="0 0 80 100" aria-hidden="true" focusable="false">'
        '<path d="{}"/><path fill="url(#{})" d="{}"/></svg>'
    ).format(drawn.colour, f" {extra}" if extra else "", _FRAME, drawn.name, _PANEL)


def sprite() -> Markup:
    """Draw the definitions of everything this page used; stands once, at the end of the page."""
    page = _page()
    drawings = [
        _MARK if name == "mark" else f'<symbol id="i-{name}" viewBox="0 0 24 24">{ICONS[name]}</symbol>'
        for name in page.icons
    ]
    drawings += [str(made.svg) for made in page.tiles.values()]
    drawn = Markup("".join(drawings))  # noqa: S704 - drawn here and in tile.py
    return Markup('<svg class="sprite" aria-hidden="true" focusable="false">{}</svg>').format(drawn)


def install(app: Flask) -> None:
    """Give an application's templates the drawings; `look.html` wraps them in macros."""
    app.jinja_env.globals.update(
        {
            "draw_arch": arch,
            "draw_icon": icon,
            "draw_picture": picture,
            "draw_sprite": sprite,
            "secret_pictures": PICTURES,
            "tile": tile,
        }
    )


def _page() -> Sprite:
    page = g.get("sprite")
    if page is None:
        page = g.sprite = Sprite()
    assert isinstance(page, Sprite)
    return page
