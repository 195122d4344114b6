"""Previews: a draft as learners will see it, before anybody else does.

* What is a program is framed from another origin; films and documents are shown as the box shows them.
* Which page shows which kind of activity stands in one list: another kind is one more line in it.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from catalog.manifest import Activity, Release, words
from catalog.media import media_type
from sync.hub.drafts.draft import Draft, State
from sync.web.app import frame_content, require, send_file
from sync.web.language import gettext, language_name, language_now
from sync.web.takes import ANYTHING, takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

Show = Callable[["Hub", Release, Activity], Mapping[str, object]]
"""What the page of one kind of activity needs beside what all have."""


def create_pages(hub: "Hub") -> Blueprint:
    """The pages on which drafts are looked at."""
    pages = Blueprint("previews", __name__, template_folder="../templates")
    pages.add_app_template_global(no_origin)

    @pages.get("/publish/<draft>/preview")
    @require("staff")
    def preview(draft: str) -> str:
        one = _imported(hub, draft)
        return render_template("hub/preview.html", draft=one, release=one.said)

    @pages.get("/publish/<draft>/preview/<activity>")
    @require("staff")
    def activity(draft: str, activity: str) -> str:
        one = _imported(hub, draft)
        opened = one.said.activity(activity) or abort(404)
        template, show = PLAYERS.get(opened.kind, OTHER)
        common = {"draft": one, "activity": opened, "title": words(opened.title, language_now()) or opened.id}
        return render_template(template, **common, **show(hub, _release(one), opened))

    @pages.get("/publish/<draft>/preview/<activity>/file")
    @require("staff")
    @takes(gives=ANYTHING)
    def file(draft: str, activity: str) -> ResponseReturnValue:
        release = _release(_imported(hub, draft))
        opened = release.activity(activity) or abort(404)
        if opened.kind not in FILES:
            abort(404)
        return _file(hub, release, opened.path)

    @pages.get("/publish/<draft>/preview/<activity>/captions/<index>")
    @require("staff")
    @takes(gives=ANYTHING)
    def captions(draft: str, activity: str, index: str) -> ResponseReturnValue:
        release = _release(_imported(hub, draft))
        opened = release.activity(activity) or abort(404)
        tracks = opened.attributes.get("captions", [])
        track = next((track for number, track in enumerate(tracks) if str(number) == index), None) or abort(404)
        return _file(hub, release, track["path"])

    return pages


def _framed(hub: "Hub", release: Release, activity: Activity) -> Mapping[str, object]:
    """A program: on the preview's own origin."""
    origin = _origin(hub)
    if not origin:
        return {"address": ""}
    frame_content(origin)
    return {"address": f"{origin}/{hub.previews.open(release)}/{quote(activity.path)}"}


def _film(hub: "Hub", release: Release, activity: Activity) -> Mapping[str, object]:
    tracks = activity.attributes.get("captions", [])
    named = [{**track, "label": track.get("label") or language_name(track.get("language", ""))} for track in tracks]
    return {"captions": named}


def _document(hub: "Hub", release: Release, activity: Activity) -> Mapping[str, object]:
    return {"size_bytes": (hub.previews.tree(release) / activity.path).stat().st_size}


def _other(hub: "Hub", release: Release, activity: Activity) -> Mapping[str, object]:
    return {}


PLAYERS: Mapping[str, tuple[str, Show]] = {
    "html": ("hub/preview-frame.html", _framed),
    "video": ("hub/preview-film.html", _film),
    "pdf": ("hub/preview-document.html", _document),
}
OTHER: tuple[str, Show] = ("hub/preview-other.html", _other)
FILES = ("video", "pdf")
"""Kinds whose file the hub itself hands out: they run nothing."""


def _imported(hub: "Hub", draft: str) -> Draft:
    one = hub.drafts.find(draft)
    one.demand(State.READY)
    return one


def _release(draft: Draft) -> Release:
    assert draft.release is not None, "only what was imported is looked at"
    return draft.release


def _file(hub: "Hub", release: Release, path: str) -> ResponseReturnValue:
    return send_file(hub.previews.tree(release) / path, media_type(path), cache="no")


def _origin(hub: "Hub") -> str:
    """Where browsers find the preview's port; "" where there is none."""
    if hub.previews.origin:
        return hub.previews.origin
    name = re.sub(r":\d*\Z", "", request.host)
    return f"{request.scheme}://{name}:{hub.previews.port}" if hub.previews.port and request.scheme == "http" else ""


def no_origin() -> tuple[str, str]:
    """What is said where programs cannot be shown."""
    return (
        gettext("Pages of a course cannot be shown here yet: they need an address of their own."),
        gettext("Start the hub with `--preview-port`; behind a proxy with `--preview-origin` too."),
    )
