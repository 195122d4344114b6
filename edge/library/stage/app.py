"""The application of the content origins: the page around a package, and what its runtime keeps.

* It answers under `/TOKEN/~...` only, for the launch of that token, and knows neither cookies nor sessions.
* What a runtime says is kept before it is acknowledged; of a guest nothing is kept, and nothing is refused.
* Bodies are bounded, and only a page of the same origin may send them.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, g, render_template, request
from flask.sessions import SessionInterface, SessionMixin
from flask.typing import ResponseReturnValue

from catalog.db import Connection
from catalog.manifest import words
from edge.learning.packages.states import PART_LETTERS_MAX, Save
from edge.library.house import House
from edge.library.stage import files, h5p, pdf, scorm, store, units, xapi
from edge.library.stage.launched import Launched, demand_own_origin, launched
from sync.web import language
from sync.web.app import compressed
from sync.web.content import app_origin, content_policy
from sync.web.lasting import write_then_answer
from sync.web.takes import JSON, takes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY_BYTES_MAX = 2 << 20
COUNT_MAX = 1 << 40
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)


Scene = Callable[[Launched], dict[str, Any]]

SCENES: Mapping[str, tuple[Scene, str]] = {
    "cmi5": (units.scene, "stage/unit.html"),
    "h5p": (h5p.scene, "stage/h5p.html"),
    "pdf": (pdf.scene, "stage/pdf.html"),
    "scorm": (scorm.scene, "stage/scorm.html"),
    "xapi": (units.scene, "stage/unit.html"),
}
"""What the page of each kind of package is made of, and its template."""


class StageApplication:
    """The application as the front runs it: made when the first package is opened."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self._app(environ, start_response)

    @cached_property
    def _app(self) -> Flask:
        return create_stage(self._house)


def create_stage(house: House) -> Flask:
    """What is said on the origins of the courses that are shown in this house."""
    app = Flask(__name__, static_folder=None, template_folder="templates")
    app.session_interface = _NoSession()
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals |= {"own": files.own, "player": files.player, "embedded": embedded}
    language.install(app)

    @app.before_request
    def speak() -> None:
        wanted = request.args.get("lang", "")
        spoken = house.config
        language.use(wanted if wanted in spoken.languages else spoken.language, timezone=spoken.zone)

    @app.get("/<token>/~play/")
    @takes(query=("at",))
    def play(token: str) -> ResponseReturnValue:
        found = launched(house, token)
        scene, template = SCENES.get(found.activity.kind) or abort(404)
        return render_template(template, **scene(found))

    @app.get("/<token>/~over")
    def over(token: str) -> ResponseReturnValue:
        found, now = launched(house, token), language.language_now()
        title, is_kept = words(found.activity.title, now), found.keeper is not None
        return render_template(
            "stage/over.html", title=title, is_kept=is_kept, language=now, direction=language.direction(now)
        )

    @app.post("/<token>/~fetch")
    def fetch(token: str) -> ResponseReturnValue:
        demand_own_origin()
        return store.fetched(launched(house, token))

    @app.get("/<token>/~state")
    @takes(query=("part",), gives=JSON)
    def state(token: str) -> ResponseReturnValue:
        found = launched(house, token)
        box, part = found.keeper, request.args.get("part", "")
        kept = box.packages.of(found.studied()).get(part) if box is not None else None
        return Response(kept.state if kept else "{}", content_type="application/json")

    @app.post("/<token>/~state")
    @takes(body=JSON)
    def save(token: str) -> ResponseReturnValue:
        demand_own_origin()
        found = launched(house, token)
        said = request.get_data(cache=False)
        save, parts_total, statements = _save(found, said)
        box = found.keeper
        if box is not None:
            studied = found.studied(parts_total)
            if not box.packages.has_room(studied, save.part, len(said)):
                abort(413)
            keep = box.packages.save_work(studied, save)
            record = xapi.storing(box, found, statements)

            def work(connection: Connection) -> None:
                keep(connection)
                record(connection)

            write_then_answer(box.database, work)
        return Response(status=204)

    @app.post("/<token>/~place")
    @takes(body=JSON)
    def place(token: str) -> ResponseReturnValue:
        demand_own_origin()
        found = launched(house, token)
        page, pages_total = _page(request.get_data(cache=False))
        keeper = found.keeper
        if keeper is not None and found.activity.kind == "pdf":
            course, version = found.launch.course, found.release.version
            keeper.learning.reached_second(found.learner, course, version, found.activity.id, page, pages_total)
        return Response(status=204)

    app.register_blueprint(store.mounted(house))

    @app.after_request
    def finish(response: Response) -> Response:
        settings = house.config
        ancestors = settings.address or app_origin(request.host, settings.port_seen or settings.port)
        if request.is_secure and settings.secure_port:
            ancestors = app_origin(request.host, settings.secure_port, "https")
        headers = response.headers
        policy = (
            content_policy(ancestors)
            if g.get("is_strangers", False)
            else POLICY.format(ancestors=ancestors or "'none'")
        )
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        headers.setdefault("Cache-Control", "private, no-store")
        return compressed(response)

    return app


def embedded(document: Any) -> str:
    """A document as it may stand in a page's script element of data: it cannot end that element."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _save(found: Launched, said: bytes) -> tuple[Save, int, list[Any]]:
    """The save that a runtime sent, how many parts the package has, and the statements that came along.

    Answers 400 where it is none.
    """
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        abort(400)
    if not isinstance(told, dict):
        abort(400)
    part, state = told.get("part"), told.get("state")
    if not isinstance(part, str) or len(part) > PART_LETTERS_MAX or not isinstance(state, dict):
        abort(400)
    sitting, number = _count(told.get("sitting")), _count(told.get("number"))
    parts = found.activity.attributes.get("parts", 1)
    parts_total = parts if isinstance(parts, int) else 1
    is_last = told.get("is_last") is True
    statements = told.get("statements")
    save = Save(part, sitting, number, state, is_last, is_alone=parts_total <= 1)
    return save, parts_total, statements if isinstance(statements, list) else []


def _page(said: bytes) -> tuple[int, int]:
    """The page that a reader is at, of how many. Answers 400 where it is none."""
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        abort(400)
    if not isinstance(told, dict):
        abort(400)
    return _count(told.get("page")), _count(told.get("pages"))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < COUNT_MAX else abort(400)


class _NoSession(SessionInterface):
    def open_session(self, app: Flask, request: Any) -> SessionMixin | None:
        return None
