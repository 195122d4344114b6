"""The box's web application: the base that both ends share, and the pages of each domain upon it.

* What staff change of the settings holds from the next request on.
"""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, request

from edge.birth import pages as birth_pages
from edge.box import Box
from edge.campus import asking_pages
from edge.campus import pages as campus_pages
from edge.carrying import pages as carrying_pages
from edge.doctor import pages as doctor_pages
from edge.keeping import pages as keeping_pages
from edge.learning import pages as learning_pages
from edge.learning.lrs import pages as lrs_pages
from edge.learning.quiz import essays as essay_pages
from edge.learning.quiz import pages as quiz_pages
from edge.library import copy_pages, opds_pages, search_pages
from edge.library import pages as library_pages
from edge.people import pages as people_pages
from edge.portal import pages as portal_pages
from edge.portal.portal import BOX_NAMES
from edge.staff import pages as staff_pages
from sync.mirror import Mirror, create_mirror
from sync.web import compiled, names
from sync.web.app import Tab, WebSettings, create_base
from sync.web.language import gettext
from sync.web.sessions import Session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class BoxApplication:
    """The application as the front runs it: made anew when settings or secure name are not those it was made with."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._making = threading.Lock()
        self._made = (box.config, _secure_name(box), create_app(box))

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self._app()(environ, start_response)

    def _app(self) -> Flask:
        with self._making:
            config, name = self._box.config, _secure_name(self._box)
            if self._made[0] is not config or self._made[1] != name:
                self._made = (config, name, create_app(self._box))
            return self._made[2]


def _secure_name(box: Box) -> str:
    return box.secure.served.name if box.secure.served else ""


def create_app(box: Box) -> Flask:
    """All of the box's pages, over this box."""
    app = create_base(__name__, _settings(box), box.sessions)
    app.register_blueprint(people_pages.blueprint(box))
    app.register_blueprint(library_pages.blueprint(box))
    app.register_blueprint(search_pages.blueprint(box))
    app.register_blueprint(copy_pages.blueprint(box))
    app.register_blueprint(opds_pages.blueprint(box))
    app.register_blueprint(learning_pages.blueprint(box))
    app.register_blueprint(quiz_pages.blueprint(box))
    app.register_blueprint(essay_pages.blueprint(box))
    app.register_blueprint(lrs_pages.blueprint(box.lrs, _rights_of(box)))
    app.register_blueprint(staff_pages.blueprint(box))
    app.register_blueprint(carrying_pages.blueprint(box))
    app.register_blueprint(campus_pages.blueprint(box))
    app.register_blueprint(asking_pages.blueprint(box))
    app.register_blueprint(keeping_pages.blueprint(box))
    app.register_blueprint(portal_pages.blueprint(box))
    app.jinja_env.globals["secure_address"] = lambda: _secure_address(box)
    app.register_blueprint(doctor_pages.blueprint(box))
    app.register_blueprint(birth_pages.blueprint(box))
    app.request_class = carrying_pages.request_class(box)
    if box.config.neighbours:
        app.register_blueprint(create_mirror(Mirror(box.releases, box.store)))
    return app


def _rights_of(box: Box) -> lrs_pages.RightsOf:
    """What a tool may do at the learning record store, by the key that it sends."""
    return lambda call: box.lrs.credentials.rights_of(call.headers.get("authorization", ""))


def _settings(box: Box) -> WebSettings:
    config = box.config
    return WebSettings(
        name=config.name,
        kind="box",
        languages=config.languages,
        default_language=config.language,
        secure_cookies=config.is_behind_tls,
        names=names.own_names(
            (
                *config.allowed_hosts,
                urlsplit(config.address).hostname or "",
                *(BOX_NAMES if config.portal else ()),
            ),
            is_behind_proxy=config.is_behind_proxy,
            also=_secure_name(box),
        ),
        address=config.address,
        portal=portal_pages.Portal(box),
        tabs=_tabs,
        timezone=config.zone,
        now_seconds=lambda: _told_seconds(box),
        compiled=box.data / compiled.FOLDER,
    )


def _secure_address(box: Box) -> str:
    """Where this same box is reached securely; "" where it is already, or nobody can be sent there now."""
    offer = None if request.is_secure else box.secure.offer(box.clock.now())
    return offer.address if offer else ""


def _told_seconds(box: Box) -> int | None:
    moment = box.clock.now()
    return moment.wall_seconds if moment.is_told else None


def _tabs(session: Session) -> list[Tab]:
    """The places that are always at hand, by who asks. Which is current, the page's address tells."""
    home = ("/", "home", gettext("Home"))
    library = ("/library", "shelf", gettext("Library"))
    match session.kind:
        case "learner":
            places = [home, library, ("/me", "person", gettext("Me"))]
        case "teacher":
            places = [home, library, ("/classes", "class", gettext("Classes"))]
        case "staff":
            places = [("/staff", "box", gettext("Box")), ("/classes", "class", gettext("Classes")), library]
        case "guest":
            places = [home, library]
        case _:
            places = []
    return [Tab(label, href, icon, _is_current(href)) for href, icon, label in places]


def _is_current(href: str) -> bool:
    path = "/library" if request.path == "/search" else request.path
    return path == href or (href != "/" and path.startswith(f"{href}/"))
