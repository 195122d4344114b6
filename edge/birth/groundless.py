"""A box without ground: one plain page that says what is wrong, until there is a place to keep anything.

* Nothing is opened and nothing is kept: no database, no key, no session. Nobody signs in, enrols or sends anything.
* Each address answers with that page, in every language at once: whoever stands there may not find a chooser.
* Commands that ask the box hear the same sentence.
* As soon as the partition is there, the page ends, and the box opens as always.
"""

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from flask import Blueprint, Flask, Response, render_template, request

from edge.birth import ground
from edge.birth.ground import Trouble
from edge.config import Config
from edge.control import Control, Listener, Work
from sync.clock import Clock
from sync.web.app import WebSettings, create_base
from sync.web.front import Front, Site
from sync.web.language import direction, speaking
from sync.web.sessions import Session
from sync.web.wsgi import Application

LOOK_SECONDS = 5
STATUS = 503
OPEN_PATHS = ("/static/", "/language/", "/look/")
"""What the page itself is made of."""

Look = Callable[[], Trouble | None]


def wait_for_ground(data: Path, config: Config, clock: Clock, look: Look, say: Callable[[str], None]) -> bool:
    """Serve the page until there is ground, not at all where there is; False where the box was told to stop before.

    Raises BoxFault where the port is taken.
    """
    trouble = look()
    if trouble is None:
        return True
    front = Front([Site(config.host, config.port, Application(create_app(config, look), []))], clock)
    front.bind()
    control = Control(data, refusing(look))
    with contextlib.suppress(OSError):
        control.start()  # where the folder is not even there, the page has to do
    is_sound, is_over = threading.Event(), threading.Event()

    def watch() -> None:
        while not is_over.wait(LOOK_SECONDS):
            if look() is None:
                is_sound.set()
                front.stop()
                return

    watcher = threading.Thread(target=watch, name="ground", daemon=True)
    watcher.start()
    try:
        front.run(lambda: say(str(ground.missing(trouble))))
    finally:
        is_over.set()
        control.close()
    return is_sound.is_set()


def create_app(config: Config, look: Look) -> Flask:
    """The one page."""
    settings = WebSettings(name=config.name, kind="box", languages=config.languages, default_language=config.language)
    app = create_base(__name__, settings, Nobody())
    app.register_blueprint(Blueprint("birth", __name__, template_folder="templates"))

    @app.before_request
    def say_what_is_wrong() -> Response | None:
        if request.path.startswith(OPEN_PATHS):
            return None
        said = [(tag, direction(tag), *_words(tag, look() or Trouble.UNKNOWN)) for tag in config.languages]
        page = Response(render_template("birth/ground.html", said=said), STATUS)
        page.headers["Retry-After"] = str(LOOK_SECONDS)
        return page

    return app


def refusing(look: Look) -> Mapping[str, Work]:
    """Whatever a command asks: it is told what the page says."""

    def refuse(asked: Mapping[str, Any], listener: Listener) -> NoReturn:
        raise ground.missing(look() or Trouble.UNKNOWN)

    return defaultdict(lambda: refuse)


class Nobody:
    """Sessions of a box that keeps nothing: there are none."""

    def find(self, cookie: str) -> Session | None:
        return None

    def begin(self, person: str, kind: str, data: Mapping[str, str]) -> tuple[str, Session]:
        raise ground.missing(Trouble.UNKNOWN)

    def end(self, session: Session) -> None:
        """Nobody is signed in."""

    def end_all(self, person: str) -> None:
        """Nobody is signed in."""


def _words(tag: str, trouble: Trouble) -> tuple[str, str, list[str]]:
    with speaking(tag):
        return ground.sentence(), ground.reason(trouble), ground.steps()
