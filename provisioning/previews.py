"""Previews: a hub's drafts as a house, so that they are shown by the very pages, players and stage of a box.

* Hub and box know nothing of each other; they meet here.
* One draft is on the shelf in each request: the one that the address names. Nobody is a learner, and nothing is kept.
* The words are those that would be published.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path

from flask import Blueprint, g, request

from catalog.digest import Digest
from catalog.manifest import Release
from edge.learning.quiz import pages as quiz_pages
from edge.library import copy_pages, course_pages
from edge.library.content import CourseContent
from edge.library.launches import Address, Launch
from edge.library.stage.app import BODY_BYTES_MAX, StageApplication
from sync.clock import Clock
from sync.hub.drafts.draft import State
from sync.hub.hub import Hub
from sync.hub.previews import PATH, Previews
from sync.web.content import Content
from sync.web.language import LANGUAGES, SOURCE_LANGUAGE, gettext
from sync.web.sessions import Session
from sync.web.wsgi import Application


@dataclass(frozen=True, slots=True)
class Settings:
    """What the pages of drafts go by. Ports and addresses are known once the hub listens."""

    language: str = SOURCE_LANGUAGE
    languages: tuple[str, ...] = LANGUAGES
    zone: tzinfo = UTC
    address: str = ""
    port: int = 0
    port_seen: int = 0
    secure_port: int = 0
    is_behind_tls: bool = False


class Drafts:
    """A hub's drafts as a house."""

    keeper = None
    books = None

    def __init__(self, hub: Hub) -> None:
        self.id: str = hub.keys.public
        self.clock: Clock = hub.clock
        self.random_bytes: Callable[[int], bytes] = hub.random_bytes
        self.config = Settings()
        self.shelf = _Shelf(hub)
        self.releases = hub.previews
        self.launches = _Launches(hub.previews, self.shelf)
        self._previews = hub.previews

    def pages(self) -> Sequence[Blueprint]:
        """What learners would see, for the hub's application."""
        library = course_pages.blueprint(self, lambda: (gettext("The draft"), f"/publish/{g.draft}"))
        return [_under_its_draft(one) for one in (library, copy_pages.blueprint(self), quiz_pages.blueprint(self))]

    def content(self, app_port: int, app_origin: str) -> Content:
        """What answers on the ports of the previews."""
        is_behind_tls = any(origin.startswith("https:") for origin in self._previews.origins)
        self.config = replace(self.config, port=app_port, address=app_origin, is_behind_tls=is_behind_tls)
        stage = Application(StageApplication(self), [], body_bytes_max={"/": BODY_BYTES_MAX})
        return Content(CourseContent(self), app_port, app_origin, stage)


class _Shelf:
    """The one course of the draft that a request is about."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def said(self) -> Release:
        """The release that would be published. Raises NoSuchDraft, DraftRefused."""
        if "said" not in g:
            draft = self._hub.drafts.find(g.draft)
            draft.demand(State.READY)
            g.said = draft.said
        said: Release = g.said
        return said

    def release(self, course: str) -> Release | None:
        said = self.said()
        return said if said.course == course else None

    def tree(self, course: str) -> Path:
        return self._hub.previews.tree(self.said())

    def tree_of(self, root: Digest) -> Path:
        return self._hub.previews.tree_of(root)


class _Launches:
    """Launches as the hub keeps them: in memory, for some hours, and for nobody's study."""

    def __init__(self, previews: Previews, shelf: _Shelf) -> None:
        self._previews = previews
        self._shelf = shelf

    def open(self, session: Session, course: str, root: Digest, activity: str) -> Address:
        """Raises NoPort."""
        port, token = self._previews.open(g.draft, self._shelf.said(), activity, request.scheme)
        return Address("", port, token, self._previews.origin(port))

    def find(self, port: int, host: str, token: str) -> Launch | None:
        look = self._previews.find(port, token)
        if look is None:
            return None
        return Launch("", "", False, look.course, look.root, look.activity, str(port))


def _under_its_draft(pages: Blueprint) -> Blueprint:
    """The same pages, below the address of a draft, which every address of theirs then names."""
    pages.url_prefix = PATH

    @pages.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, str] | None) -> None:
        g.draft = (values or {}).pop("draft", "")

    @pages.url_defaults
    def give(endpoint: str, values: dict[str, str]) -> None:
        values.setdefault("draft", g.draft)

    return pages
