"""Previews: a draft's pages on an origin of their own, by the very rules under which boxes show them.

* A draft is a stranger's program: it runs on another port than the hub's pages, which knows no session.
* Its address has a word that cannot be guessed, is good for some hours, and ends with the process.
* Its files are links into the store, kept for as long as the draft is there.
"""

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from catalog import tree
from catalog.manifest import Release
from catalog.media import media_type
from catalog.publish import Catalog
from sync.clock import Clock
from sync.keys import base64url
from sync.web.content import Content, ContentFile
from sync.web.exchange import Answer, Request
from sync.web.hands import Hands

TOKEN_BYTES = 18
LAUNCHES_MAX = 200
LAUNCH_SECONDS = 12 * 3600


@dataclass(frozen=True, slots=True)
class _Launch:
    folder: Path
    until_seconds: float


class Previews:
    """The trees of drafts in `folder`, and who looks at which. `port` is where they are shown; 0: nowhere yet."""

    def __init__(
        self, catalog: Catalog, folder: Path, clock: Clock, random_bytes: Callable[[int], bytes], origin: str = ""
    ) -> None:
        self.folder = folder
        self.origin = origin
        """Under which address browsers find the preview's port; "": under the hub's own name."""
        self.port = 0
        self._catalog = catalog
        self._clock = clock
        self._random_bytes = random_bytes
        self._launches: OrderedDict[str, _Launch] = OrderedDict()
        self._lock = threading.Lock()

    def tree(self, release: Release) -> Path:
        """The folder with the files of a release that has no number yet; made now where it is not there.

        Raises Damaged where they are gone, DiskFull or BoxFault where the disk will not do.
        """
        place = self.folder / release.root
        with self._lock:
            if not place.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True)
                layers = [self._catalog.releases.demand_layer(release, name) for name in sorted(release.layers)]
                tree.build(place, layers, self._catalog.store)
        return place

    def open(self, release: Release) -> str:
        """A word under which the files of a release are shown from now on."""
        launch = _Launch(self.tree(release), self._clock.now().monotonic_seconds + LAUNCH_SECONDS)
        token = base64url(self._random_bytes(TOKEN_BYTES))
        with self._lock:
            self._launches[token] = launch
            while len(self._launches) > LAUNCHES_MAX:
                self._launches.popitem(last=False)
        return token

    def keep_only(self, releases: Collection[Release]) -> None:
        """Take away the trees of drafts that are no more."""
        kept = {release.root for release in releases}
        with self._lock:
            strays = (
                [place for place in self.folder.iterdir() if place.name not in kept] if self.folder.is_dir() else []
            )
            for stray in strays:
                shutil.rmtree(stray, ignore_errors=True)

    # ---- the content site's resolver ----

    def resolve(self, port: int, host: str, path: str) -> ContentFile | None:
        """The file that an address means; None where its word is none, or good no longer."""
        token, _, rest = path.partition("/")
        launch = self._launches.get(token)
        if launch is None or not rest or self._clock.now().monotonic_seconds > launch.until_seconds:
            return None
        return ContentFile(launch.folder / rest, media_type(rest))

    def on_page(self, port: int, host: str, path: str) -> None:
        """Nobody's place is kept in a draft."""


class PreviewSite:
    """Answers on the preview's port, once the hub's own port is known: only its pages may frame what is shown."""

    def __init__(self, previews: Previews, app_origin: str) -> None:
        self._previews = previews
        self._app_origin = app_origin
        self._content: Content | None = None

    def begin(self, app_port: int) -> None:
        self._content = Content(self._previews, app_port, self._app_origin)

    @property
    def content(self) -> Content:
        assert self._content is not None, "begun before anybody is served"
        return self._content

    def answer_now(self, request: Request, hands: Hands) -> Answer | bytes | None:
        return self.content.answer_now(request, hands)

    async def answer(self, request: Request, hands: Hands) -> Answer:
        return await self.content.answer(request, hands)
