"""The web application that box and hub have in common: sessions, headers, languages, choices and error pages.

* No page runs, frames or loads anything from elsewhere; inline scripts and styles do not run at all.
* Every fault reaches the reader as its sentence and its next step, in the look of every other page.
* Bodies of files never pass through here: a view names a file (`send_file`) and the front sends it.
* In templates: `visitor` (the Session), `settings`, `tabs`, `csrf_token()`, `static_url(name)`, `language`, `theme`,
  `text_size`, `here` (this page's own address, for `?next=`).
"""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote

from flask import Flask, Response, current_app, g, redirect, render_template, request
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from catalog.fault import BoxFault, CallerFault, ContentFault, DiskFull, Fault, LinkFault
from sync.web import choices, language, names, openapi, sprite, statics, styleguide, visits
from sync.web.compiled import CompiledTemplates
from sync.web.language import gettext
from sync.web.sessions import Session, Sessions
from sync.web.visits import (
    Refused,
    bare,
    begin_session,
    csrf_token,
    end_session,
    require,
    safe_next,
    session_now,
    sessionless,
)

__all__ = [
    "BARE_HEADER",
    "Refused",
    "Tab",
    "WebSettings",
    "bare",
    "begin_session",
    "compressed",
    "create_base",
    "csrf_token",
    "end_session",
    "frame_content",
    "require",
    "safe_next",
    "send_file",
    "session_now",
    "sessionless",
]

FORM_MEMORY_BYTES_MAX = 1 << 20
FORM_PARTS_MAX = 1_000
COMPRESSED_BYTES_MIN = 600
COMPRESSION_LEVEL = 6
COMPRESSED_TYPES = frozenset({"text/html", "text/css", "text/plain", "application/json", "text/javascript"})
BARE_HEADER = "X-Qanat-Bare"
"""Set on answers for machines; the front takes it off and adds nothing of its own to them."""
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
PDF_POLICY = "frame-ancestors 'self'"
"""Browsers show a PDF by a viewer of their own, which a stricter policy leaves blank."""
STATUS_CODES = ((DiskFull, 507), (CallerFault, 400), (ContentFault, 422), (BoxFault, 503), (LinkFault, 502))


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the places that are always at hand."""

    label: str
    href: str
    icon: str
    is_current: bool = False


def _no_tabs(session: Session) -> list[Tab]:
    return []


class Portal(Protocol):
    """What answers under names that are not ours. It may show nothing there that is ours."""

    def answers(self, name: str) -> AnyResponse | None:
        """The answer to a request that is the portal's under this name, before anything of ours is asked."""

    def leads(self, name: str) -> AnyResponse | None:
        """The answer to a reader who came by a name that is not ours; None leaves it to us."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What differs between a box, a hub and a desk."""

    name: str
    kind: Literal["box", "hub", "desk"]
    languages: tuple[str, ...] = language.LANGUAGES
    default_language: str = language.SOURCE_LANGUAGE
    secure_cookies: bool = False
    names: frozenset[str] | None = None
    """Host names without port that we answer to; None answers to any."""
    address: str = ""
    """Where a browser is sent that came by another name; "" is the address of ours that it reached."""
    portal: Portal | None = None
    tabs: Callable[[Session], list[Tab]] = _no_tabs
    timezone: tzinfo = UTC
    now_seconds: Callable[[], int | None] = lambda: None
    """The wall clock for "today" and "2 h ago"; None while it cannot be trusted."""
    compiled: Path | None = None
    """The folder for compiled templates, ours alone; None compiles them anew at each start."""


def create_base(import_name: str, settings: WebSettings, sessions: Sessions) -> Flask:
    """Make an application that the blueprints of one end are registered on."""
    app = Flask(import_name, static_folder=None, template_folder=None)
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_MEMORY_BYTES_MAX
    app.config["MAX_FORM_PARTS"] = FORM_PARTS_MAX
    app.session_interface = _NoCookieSession()
    app.jinja_options = {
        "loader": statics.template_loader(app),
        "bytecode_cache": CompiledTemplates(settings.compiled) if settings.compiled else None,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    app.jinja_env.globals["static_url"] = statics.static_url
    app.jinja_env.globals["csrf_token"] = csrf_token
    language.install(app)
    sprite.install(app)

    @app.before_request
    def check_host() -> AnyResponse | None:
        choices.speak(settings.languages, settings.default_language, settings.timezone, settings.now_seconds())
        name = names.host_name(request.host)
        if settings.portal is not None and (answer := settings.portal.answers(name)) is not None:
            return answer
        # Machines that ask for files, sign what they say or send a key of their own may know us by any name.
        if visits.is_marked("is_bare") or visits.is_marked("is_keyed") or names.is_own(name, settings.names):
            return None
        if settings.portal is not None and (answer := settings.portal.leads(name)) is not None:
            return answer
        address = settings.address or _reached()
        if address and request.method in ("GET", "HEAD"):
            return redirect(address.rstrip("/") + request.full_path.rstrip("?"))
        raise CallerFault(
            gettext("We do not answer to the name %(name)s.", name=name),
            gettext("Use the address that is written on the box or in its settings."),
        )

    visits.install(app, sessions, settings.kind, is_secure=settings.secure_cookies)
    statics.install(app)
    choices.install(app, settings.languages)
    app.register_blueprint(styleguide.pages)
    app.register_blueprint(openapi.pages)

    @app.context_processor
    def words_of_every_page() -> dict[str, Any]:
        session = session_now()
        return {
            "settings": settings,
            "visitor": session,
            "tabs": settings.tabs(session),
            "language": language.language_now(),
            "theme": choices.theme(),
            "text_size": choices.text_size(),
            "here": request.full_path.rstrip("?"),
        }

    app.register_error_handler(Fault, _fault_page)
    app.register_error_handler(HTTPException, _http_page)
    app.register_error_handler(Exception, _unexpected_page)
    app.after_request(_finish)
    return app


def send_file(
    path: Path,
    media_type: str,
    *,
    cache: Literal["private", "immutable", "no"],
    filename: str | None = None,
    etag: str | None = None,
) -> Response:
    """Answer with a file: the front sends it, with ranges and conditions. With `filename` it is saved, not shown.

    `immutable` is for addresses that name their content; a weaker word would have every phone ask again.
    """
    response = Response(b"", content_type=media_type)
    response.headers["X-Sendfile"] = quote(str(path.absolute()), safe="/")
    response.headers["Cache-Control"] = {
        "private": "private, max-age=3600",
        "immutable": "private, max-age=31536000, immutable",
        "no": "private, no-cache",
    }[cache]
    response.headers["Content-Security-Policy"] = PDF_POLICY if media_type == "application/pdf" else FILE_POLICY
    if etag is not None:
        response.headers["ETag"] = f'"{etag}"'
    if filename is not None:
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return response


def frame_content(origin: str) -> None:
    """Let the page that is being made frame `origin` (a content site's, or "'self'")."""
    g.frame_sources = [*g.get("frame_sources", []), origin]


def page_policy(frame_sources: Sequence[str]) -> str:
    """What our own pages may load: themselves, and the content site they show."""
    frames = " ".join(frame_sources) or "'none'"
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src 'self'; "
        f"connect-src 'self'; font-src 'self'; form-action 'self'; frame-src {frames}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


def status_of(fault: Fault) -> int:
    """The status that says whose fault it was. A fault class may name its own in `status_code`."""
    own = getattr(fault, "status_code", None)
    if own is not None:
        return int(own)
    return next((status for kind, status in STATUS_CODES if isinstance(fault, kind)), 500)


def _fault_page(fault: Fault) -> Response:
    return _error_page(status_of(fault), fault.sentence, fault.hint)


def _http_page(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()
    match status:
        case 404:
            words = gettext("There is no such page here."), gettext("Go back, or start from the first page.")
        case 405:
            words = gettext("This page cannot be used that way."), gettext("Go back and use the page's own buttons.")
        case 413:
            words = gettext("What was sent is too large."), gettext("Send a smaller file, or send it in parts.")
        case _:
            words = gettext("The request was not understood."), gettext("Go back and try again.")
    answer = _error_page(status, *words)
    if allow := dict(error.get_headers()).get("Allow"):
        answer.headers["Allow"] = allow
    return answer


def _unexpected_page(error: Exception) -> Response:
    current_app.logger.exception("A page failed: %s %r", request.method, request.path, exc_info=error)
    return _error_page(
        500, gettext("Something went wrong here."), gettext("Try again; if it stays so, tell the staff.")
    )


def _error_page(status: int, sentence: str, hint: str) -> Response:
    if visits.is_marked("is_bare"):
        return Response(f"{sentence}\n{hint}\n", status, content_type="text/plain; charset=utf-8")
    return Response(render_template("error.html", status=status, sentence=sentence, hint=hint), status)


def _finish(response: Response) -> Response:
    if visits.is_marked("is_bare"):
        response.headers[BARE_HEADER] = "1"
        return response
    headers = response.headers
    headers.setdefault("Content-Security-Policy", page_policy(g.get("frame_sources", [])))
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cache-Control", "private, no-store" if session_now().kind else "private, no-cache")
    return compressed(response)


def compressed(response: Response) -> Response:
    """Compress a page on its way out: a page is small, and the air is what is scarce."""
    if response.mimetype not in COMPRESSED_TYPES or not response.is_sequence or "X-Sendfile" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return response
    body = response.get_data()
    if len(body) >= COMPRESSED_BYTES_MIN:
        response.set_data(gzip.compress(body, COMPRESSION_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def _reached() -> str:
    reached = request.environ.get(names.REACHED_AT, str)()
    return f"http://{reached}" if reached else ""


class _NoCookieSession(SessionInterface):
    """Flask's own session is not used: everything is kept here, under the cookie's hash."""

    def open_session(self, app: Flask, request: Any) -> SessionMixin | None:
        return None
