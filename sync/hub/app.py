"""The hub as a web app: pages for staff, and beside them the addresses where boxes talk.

* Every page but signing in and the first claim asks for staff; a test walks the map of routes to see it.
* Uploads go straight to the hub's own disk, never through memory, up to a limit that the settings name.
"""

from collections.abc import Iterable

from flask import Blueprint, Flask, Request, abort, request

from sync.hub.campus import pages as said
from sync.hub.drafts.draft import CHUNK_BYTES
from sync.hub.hub import UPLOAD_BYTES_MAX, UPLOADS, Hub
from sync.hub.pages import accounts, campuses, carrying, courses, drafts, keeping, learners, signing
from sync.hub.pages.carrying import CARRY_PATH, LETTERS_BYTES_MAX
from sync.hub.pages.courses import PUBLISH_PATH
from sync.hub.pages.drafts import PARTS_PATH
from sync.hub.pages.signing import SIGNING_PATH
from sync.hub.protocol import create_protocol
from sync.hub.trust.serving import create_catalogue
from sync.mirror import Mirror, create_mirror
from sync.web import compiled
from sync.web.app import Tab, WebSettings, create_base, session_now
from sync.web.language import gettext
from sync.web.sessions import Session
from sync.web.uploads import request_class

FORM_BYTES_MAX = 256 << 10
"""What anybody may send who is not staff with a course in hand."""


def create_app(
    hub: Hub, *, upload_bytes_max: int = UPLOAD_BYTES_MAX, secure_cookies: bool = False,
    names: frozenset[str] | None = None, looks: Iterable[Blueprint] = (),
) -> Flask:  # fmt: skip
    """Make the web app of this hub. It starts no thread and opens no socket. `looks`: the pages that show drafts."""
    settings = WebSettings(
        name="Qanat",
        kind="hub",
        secure_cookies=secure_cookies,
        names=names,
        tabs=_tabs,
        now_seconds=lambda: hub.clock.now().wall_seconds,
        compiled=hub.data / compiled.FOLDER,
    )
    app = create_base(__name__, settings, hub.sessions)
    uploads = hub.data / UPLOADS
    uploads.mkdir(exist_ok=True)
    hub.drafts.bytes_max = upload_bytes_max
    app.before_request(_refuse_nul)
    app.request_class = request_class(uploads, lambda asked: _body_bytes_max(asked, upload_bytes_max))
    app.register_blueprint(create_protocol(hub))
    app.register_blueprint(create_catalogue(hub))
    app.register_blueprint(create_mirror(Mirror(hub.catalog.releases, hub.catalog.store), hub.packing.find))
    for pages in (accounts, campuses, carrying, courses, drafts, keeping, learners, said, signing):
        app.register_blueprint(pages.create_pages(hub))
    for shown in looks:
        app.register_blueprint(shown)
    return app


def _refuse_nul() -> None:
    # No name of ours holds a NUL, and PostgreSQL cannot even be asked for one.
    if "\0" in request.path:
        abort(404)


def _tabs(session: Session) -> list[Tab]:
    if session.kind != "staff":
        return []
    path = request.path
    return [
        Tab(gettext("Campuses"), "/", "box", path == "/" or path.startswith("/campus")),
        Tab(gettext("Courses"), "/courses", "shelf", path.startswith(("/course", SIGNING_PATH))),
        Tab(gettext("Publish"), PUBLISH_PATH, "send", path.startswith(PUBLISH_PATH)),
    ]


def _body_bytes_max(asked: Request, upload_bytes_max: int) -> int:
    """What this request may bring."""
    if asked.path == PUBLISH_PATH and session_now().kind == "staff":
        return upload_bytes_max
    if asked.path.startswith(PARTS_PATH) and session_now().kind == "staff":
        return CHUNK_BYTES
    return LETTERS_BYTES_MAX if asked.path == CARRY_PATH else FORM_BYTES_MAX
