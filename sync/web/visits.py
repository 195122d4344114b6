"""Visits: who asks, and whether a form was really sent from one of our pages.

* A session is found by its cookie only. Two session cookies in one request mean that somebody planted one: refused.
* Every write states where it comes from (Origin, with the port) and carries the word of its session (`csrf`).
* Reading never makes a session; a form does, and then nobody's until somebody signs in.
* Endpoints for machines are `bare`: no session, no form word, and the fewest headers.
"""

import hmac
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from catalog.fault import CallerFault
from sync.web.language import gettext
from sync.web.sessions import Session, Sessions

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-Csrf"
SIGN_IN_PATH = "/sign-in"
SESSION_COOKIE_SECONDS = 43_200

P = ParamSpec("P")
R = TypeVar("R")


class Refused(CallerFault):
    """The browser, or whoever speaks for it, may not do this."""

    status_code = 403


class TwoSessions(CallerFault):
    """Two session cookies came in one request; one of them is not ours, and we do not guess which."""

    status_code = 400


def session_now() -> Session:
    """Whose request this is. Nobody signed in is a session without a kind."""
    return cast(Session, g.get("session_now", Session()))


def begin_session(person: str, kind: str, data: Mapping[str, str] | None = None) -> Session:
    """Sign somebody in on this device: the former session ends, the answer carries a new cookie."""
    sessions = _sessions()
    former = session_now()
    if former.id_hash:
        sessions.end(former)
    g.session_cookie, session = sessions.begin(person, kind, data or {})
    g.session_now = session
    return session


def end_session() -> None:
    """Sign out on this device: the session ends and the cookie goes."""
    session = session_now()
    if session.id_hash:
        _sessions().end(session)
    g.session_now = Session()
    g.session_cookie = ""


def csrf_token() -> str:
    """The word that a form sends back in its hidden field `csrf`. Gives nobody a session if there is none yet."""
    session = session_now()
    return session.csrf or begin_session("", "").csrf


def require(*kinds: str) -> Callable[[Callable[P, R]], Callable[P, R | AnyResponse]]:
    """Let only these kinds of people see a view: others are sent to sign in, or told that this is not theirs."""

    def decorate(view: Callable[P, R]) -> Callable[P, R | AnyResponse]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | AnyResponse:
            kind = session_now().kind
            if kind in kinds:
                return view(*args, **kwargs)
            if kind and kind != "guest":
                raise Refused(
                    gettext("This page is for others."), gettext("Sign in as somebody who may see it, or go back.")
                )
            here = request.full_path.rstrip("?") if request.method == "GET" else "/"
            return redirect(f"{SIGN_IN_PATH}?next={quote(here)}", 303)

        guarded.kinds = kinds  # type: ignore[attr-defined]  # the document of the pages says it too
        return guarded

    return decorate


def bare(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view for machines: its answers carry only what they set themselves."""
    view.is_bare = True  # type: ignore[attr-defined]
    return view


def sessionless(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that is the same for everybody: nobody is looked up for it."""
    view.is_sessionless = True  # type: ignore[attr-defined]
    return view


def keyed(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view for tools that prove themselves by a key in each request: no session, no form word, any name of ours.

    A stranger's page that has our address under its own name gains nothing: no browser adds the key.
    """
    view.is_keyed = True  # type: ignore[attr-defined]
    return sessionless(view)


def is_marked(mark: str) -> bool:
    """Tell whether the view that answers this request was marked so."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, mark, False) is True


def safe_next(target: str | None, otherwise: str = "/") -> str:
    """Where to go next, if that is a path of ours.

    >>> safe_next("/me"), safe_next("//evil.example/"), safe_next("https://evil.example")
    ('/me', '/', '/')
    """
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return otherwise
    if any(ord(letter) < 0x20 or letter == "\\" for letter in target):
        return otherwise
    return target


def is_own_origin(own: str, origin: str | None, fetch_site: str | None, referer: str | None) -> bool:
    """Tell whether a write comes from a page of the origin `own` (scheme, host and port).

    The first of the three that the browser sent decides; one that sent none of them is not believed.

    >>> is_own_origin("http://box:8080", "http://box:8081", None, None)
    False
    """
    if origin is not None:
        return origin == own
    if fetch_site is not None:
        return fetch_site == "same-origin"
    if referer is not None:
        parts = urlsplit(referer)
        return f"{parts.scheme}://{parts.netloc}" == own
    return False


def install(app: Flask, sessions: Sessions, kind: str, *, is_secure: bool) -> None:
    """Let every request of `app` know its session, and no foreign write in."""
    app.extensions["qanat.sessions"] = sessions

    def name_now() -> str:
        # Served both ways under one name, each way has a cookie of its own: no browser lets what came without HTTPS
        # take the place of what came with it, and whoever signs in without would seem not to have.
        return _cookie_name(kind) + ("-secure" if request.is_secure and not is_secure else "")

    @app.before_request
    def receive() -> None:
        if is_marked("is_bare") or is_marked("is_sessionless"):
            return
        _find_session(sessions, name_now())
        if request.method in WRITES and request.routing_exception is None:
            _check_write()

    @app.after_request
    def hand_out_cookie(response: Response) -> Response:
        cookie = g.pop("session_cookie", None)
        if cookie:
            response.set_cookie(
                name_now(),
                cookie,
                max_age=SESSION_COOKIE_SECONDS,
                path="/",
                secure=is_secure or request.is_secure,
                httponly=True,
                samesite="Lax",
            )
        elif cookie == "":
            secure = is_secure or request.is_secure
            response.delete_cookie(name_now(), path="/", secure=secure, httponly=True, samesite="Lax")
        return response


def _find_session(sessions: Sessions, name: str) -> None:
    cookies = [value for key, value in _cookie_pairs(request.headers.get("Cookie", "")) if key == name]
    if len(cookies) > 1:
        raise TwoSessions(
            gettext("This browser sent two session cookies at once, so we cannot tell which one is yours."),
            gettext("Close the course that is open, clear this site's cookies in the browser, and sign in again."),
        )
    if cookies:
        g.session_now = sessions.find(cookies[0]) or Session()


def _check_write() -> None:
    own = f"{request.scheme}://{request.host}"
    headers = request.headers
    if not is_own_origin(own, headers.get("Origin"), headers.get("Sec-Fetch-Site"), headers.get("Referer")):
        raise Refused(
            gettext("This form was not sent from a page of ours, so nothing was changed."),
            gettext("Open the page here and send the form again."),
        )
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    expected = session_now().csrf
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused(
            gettext("This page was open for a long time, so nothing was changed."),
            gettext("Go back, load the page again and send the form once more."),
        )


def _cookie_pairs(header: str) -> list[tuple[str, str]]:
    pairs = [piece.strip().partition("=") for piece in header.split(";")]
    return [(name.strip(), value.strip().strip('"')) for name, sep, value in pairs if sep]


def _cookie_name(kind: str) -> str:
    """Cookies ignore ports: the port is in the name, so that neighbours on one host do not sign each other out."""
    _, _, port = request.host.rpartition(":")
    return f"qanat-{kind}-{port}" if port.isdigit() else f"qanat-{kind}"


def _sessions() -> Sessions:
    return cast(Sessions, current_app.extensions["qanat.sessions"])
