"""The portal's pages: what a phone that has just joined is shown.

* Under a probe's host nothing but the portal answers, whatever the path; under another foreign name nothing but a short
  page with the box's own address.
* Whoever opens a page of the library is remembered; the page of welcome, pictures and machines do not count.
* No script is needed, and no cookie: the small window in which phones show this has neither for long.
"""

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from edge.box import Box
from edge.portal.portal import WELCOME_PATH, Way, home, is_probed, probe_of, way
from sync.web import names, visits
from sync.web.language import gettext

NOT_OPENING = frozenset({"portal.welcome", "static_file", "choose_language", "choose_look", "styleguide.ping"})
READS = ("GET", "HEAD")


class Portal:
    """What answers in the box's place under names that are not the box's."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def answers(self, name: str) -> AnyResponse | None:
        """The answer to a probe; None for every other host."""
        if not self._box.config.portal or not is_probed(name):
            return None
        if request.method not in READS:
            return self._elsewhere(name)
        probe = probe_of(name, request.path)
        moment = self._box.clock.now()
        has_opened = self._box.visitors.has_opened(request.remote_addr or "", moment.monotonic_seconds)
        match way(probe, has_opened=has_opened):
            case Way.WELCOME:
                return _not_kept(redirect(self._home() + WELCOME_PATH))
            case Way.HOME:
                return _not_kept(redirect(self._home() + "/"))
            case Way.ELSEWHERE:
                return self._elsewhere(name)
            case Way.SUCCESS:
                assert probe is not None, "only a probe is told that all is well"
                made = Response(probe.body, probe.status, dict(probe.headers), content_type=probe.media_type)
                return _not_kept(made)

    def leads(self, name: str) -> AnyResponse | None:
        """The short page for a foreign name that somebody reads; None where the box's own way is used."""
        if not self._box.config.portal or request.method not in READS:
            return None
        return self._elsewhere(name)

    def _elsewhere(self, name: str) -> AnyResponse:
        page = render_template("portal/elsewhere.html", name=name, home=self._home())
        return _not_kept(Response(page, 404))

    def _home(self) -> str:
        config = self._box.config
        reached = request.environ.get(names.REACHED_AT, str)()
        return home(config.address, reached, config.port_seen or config.port)


def blueprint(box: Box) -> Blueprint:
    """The page of welcome, and the eye on who has opened the library."""
    pages = Blueprint("portal", __name__, template_folder="templates")

    @pages.get(WELCOME_PATH)
    @visits.sessionless
    def welcome() -> ResponseReturnValue:
        if not box.config.portal:
            return redirect("/")
        return render_template("portal/welcome.html", address=request.host_url.rstrip("/"), greeting=_greeting(box))

    @pages.before_app_request
    def remember() -> None:
        if not box.config.portal or request.endpoint is None or request.endpoint in NOT_OPENING:
            return
        if not visits.is_marked("is_bare") and not visits.is_marked("is_keyed"):
            box.visitors.opens(request.remote_addr or "", box.clock.now().monotonic_seconds)

    return pages


def _greeting(box: Box) -> str:
    return gettext("You are on the Wi-Fi of %(name)s.", name=box.config.name)


def _not_kept(response: AnyResponse) -> AnyResponse:
    """Nothing that is said under another's name may be found again by a phone that has gone elsewhere."""
    response.headers["Cache-Control"] = "no-store"
    return response
