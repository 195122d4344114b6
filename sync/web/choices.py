"""Choices of a device: its language, light or dark, the size of its letters.

* Each is a cookie of its own, set by a plain link, so that it works before anybody signs in and without scripts.
* What is not a known choice is as if it had not been made.
"""

from datetime import tzinfo

from flask import Flask, Response, abort, redirect, request

from sync.web import language
from sync.web.takes import takes
from sync.web.visits import safe_next, sessionless

CHOICE_COOKIE_SECONDS = 31_536_000
LOOKS = {"theme": ("auto", "light", "dark"), "text": ("normal", "large", "larger")}
"""What `/look/<name>/<value>` takes; the first of each is what we do unasked."""


def speak(languages: tuple[str, ...], default: str, timezone: tzinfo, now_seconds: int | None) -> None:
    """Speak the reader's language for this request: asked for in the address, chosen before, or the browser's."""
    asked = (request.args.get("lang"), request.cookies.get("language"))
    chosen = next((tag for tag in asked if tag in languages), None)
    tag = chosen or request.accept_languages.best_match(languages, default) or default
    language.use(tag, timezone=timezone, now_seconds=now_seconds)


def theme() -> str:
    return _look("theme")


def text_size() -> str:
    return _look("text")


def _look(name: str) -> str:
    value = request.cookies.get(f"look-{name}", "")
    return value if value in LOOKS[name] else LOOKS[name][0]


def install(app: Flask, languages: tuple[str, ...]) -> None:
    @app.get("/language/<tag>")
    @sessionless
    @takes(query=("next",))
    def choose_language(tag: str) -> Response:
        if tag not in languages:
            abort(404)
        return _keep("language", tag)

    @app.get("/look/<name>/<value>")
    @sessionless
    @takes(query=("next",))
    def choose_look(name: str, value: str) -> Response:
        if value not in LOOKS.get(name, ()):
            abort(404)
        return _keep(f"look-{name}", value)


def _keep(cookie: str, value: str) -> Response:
    response = redirect(safe_next(request.args.get("next")), 303)
    response.set_cookie(cookie, value, max_age=CHOICE_COOKIE_SECONDS, path="/", httponly=True, samesite="Lax")
    return response  # type: ignore[return-value]
