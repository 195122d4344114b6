"""Previews: who looks at which draft, where its files lie, and on which port they are shown.

* A draft is a stranger's program: it runs on another port than the hub's pages, which knows no session.
* A port shows one draft at a time. When all are taken, the draft that was opened longest ago leaves its own, and who
  looks at it opens it again.
* An address has a word that cannot be guessed, is good for some hours, and ends with the process.
* Its files are links into the store, kept for as long as the draft is there.
* What shows them is what boxes show courses by: whoever puts the hub together gives it (`Looks`).
"""

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flask import Blueprint

from catalog import tree
from catalog.digest import Digest
from catalog.fault import BoxFault
from catalog.manifest import Release
from catalog.publish import Catalog
from sync.clock import Clock
from sync.keys import base64url
from sync.web.content import Content
from sync.web.exchange import Answer, Request
from sync.web.hands import Hands
from sync.web.language import gettext
from sync.web.origins import choose_port

PATH = "/publish/<draft>/preview"
"""Under which the pages of a draft stand beside the hub's own."""
PORTS = 4
"""How many drafts can be looked at at once where nobody says which ports they have."""
TOKEN_BYTES = 18
LOOKS_MAX = 200
LOOK_SECONDS = 12 * 3600


class Looks(Protocol):
    """What shows drafts: pages beside the hub's own, and what answers on the ports of the previews."""

    def pages(self) -> Sequence[Blueprint]:
        """For the hub's application, each under `PATH`."""
        ...

    def content(self, app_port: int, app_origin: str) -> Content:
        """For the ports: framed by the pages of the hub, on this port of the same host, or at this origin."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looks at one activity of a draft."""

    draft: str
    course: str
    root: Digest
    activity: str
    port: int
    until_seconds: float


class NoPort(BoxFault):
    """Drafts have no address of their own yet."""


class Previews:
    """The trees of drafts in `folder`, and who looks at which."""

    def __init__(self, catalog: Catalog, folder: Path, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self.folder = folder
        self.ports: Sequence[int] = ()
        """Where drafts are shown."""
        self.origins: Sequence[str] = ()
        """Under which addresses browsers find these ports, in the same order; none: under the hub's own name."""
        self._catalog = catalog
        self._clock = clock
        self._random_bytes = random_bytes
        self._looks: OrderedDict[str, Look] = OrderedDict()
        self._releases: dict[Digest, Release] = {}
        self._taken: OrderedDict[int, str] = OrderedDict()
        self._lock = threading.Lock()

    def tree(self, release: Release) -> Path:
        """The folder with the files of a release that has no number yet; made now where it is not there.

        Raises Damaged where they are gone, DiskFull or BoxFault where the disk will not do.
        """
        place = self.tree_of(release.root)
        with self._lock:
            if not place.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True)
                layers = [self._catalog.releases.demand_layer(release, name) for name in sorted(release.layers)]
                tree.build(place, layers, self._catalog.store)
        return place

    def tree_of(self, root: Digest) -> Path:
        return self.folder / root

    def open(self, draft: str, release: Release, activity: str, scheme: str = "http") -> tuple[int, str]:
        """Show an activity from now on; says on which port, and the word that all of its paths begin with.

        Raises NoPort where no port is there for it, or none that pages of this scheme may frame.
        """
        if not self.ports or (scheme != "http" and not self.origins):
            raise NoPort(
                gettext("Pages of a course cannot be shown here yet: they need an address of their own."),
                gettext("Start the hub with `--preview-port`; behind a proxy with `--preview-origin` too."),
            )
        self.tree(release)
        until_seconds = self._clock.now().monotonic_seconds + LOOK_SECONDS
        token = base64url(self._random_bytes(TOKEN_BYTES))
        with self._lock:
            port = choose_port(list(self._taken.items()), draft, self.ports)
            if self._taken.pop(port, draft) != draft:
                self._forget(lambda look: look.port == port)
            self._taken[port] = draft
            self._releases[release.root] = release
            self._looks[token] = Look(draft, release.course, release.root, activity, port, until_seconds)
            while len(self._looks) > LOOKS_MAX:
                self._looks.popitem(last=False)
        return port, token

    def find(self, port: int, token: str) -> Look | None:
        """What this word shows on this port; None where it is none, or good no longer."""
        look = self._looks.get(token)
        is_good = look is not None and look.port == port and self._clock.now().monotonic_seconds <= look.until_seconds
        return look if is_good else None

    def release(self, root: Digest) -> Release | None:
        """A release that is looked at."""
        return self._releases.get(root)

    def origin(self, port: int) -> str:
        """Under which address browsers find a port; "": under the hub's own name."""
        return self.origins[self.ports.index(port)] if self.origins else ""

    def keep_only(self, releases: Collection[Release]) -> None:
        """Take away the trees of drafts that are no more, and all looks at them."""
        kept = {release.root for release in releases}
        with self._lock:
            self._forget(lambda look: look.root not in kept)
            self._releases = {root: release for root, release in self._releases.items() if root in kept}
            strays = (
                [place for place in self.folder.iterdir() if place.name not in kept] if self.folder.is_dir() else []
            )
            for stray in strays:
                shutil.rmtree(stray, ignore_errors=True)

    def _forget(self, is_over: Callable[[Look], bool]) -> None:
        for token in [token for token, look in self._looks.items() if is_over(look)]:
            del self._looks[token]


class PreviewSite:
    """Answers on the previews' ports with what is known once the hub's own port is: only its pages may frame it."""

    def __init__(self) -> None:
        self.content: Content | None = None

    def answer_now(self, request: Request, hands: Hands) -> Answer | bytes | None:
        return self._begun.answer_now(request, hands)

    async def answer(self, request: Request, hands: Hands) -> Answer:
        return await self._begun.answer(request, hands)

    @property
    def _begun(self) -> Content:
        assert self.content is not None, "begun before anybody is served"
        return self.content
