"""Course content on its own origins: which file an address means, and who has seen which page.

* An address is found from memory: no disk, no table, no thread.
* A file comes from the release that was launched, though a newer one may have come to the shelf since.
* The document of a quiz is given to nobody: it tells what is right.
* A page of a lesson that was seen is the learner's place, without any script; of a guest nothing is kept. A package
  with a runtime says itself where its learner is.
* The players' own files are the same for everybody, and lie under `~play`.
"""

from functools import lru_cache

from catalog.digest import Digest
from catalog.media import media_type
from catalog.questions.bank import FILE as QUIZ_FILE
from catalog.releases import Releases
from edge.library.house import House
from edge.library.launches import split
from edge.library.stage import files
from sync.web.content import ContentFile, is_page

ACTIVITIES_REMEMBERED_MAX = 64
PAGED = ("html", "epub")
"""Kinds whose place is the page that was seen."""


class CourseContent:
    """The resolver of the content sites of a house."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pages_of = lru_cache(ACTIVITIES_REMEMBERED_MAX)(_read_pages)
        self._own_files = files.addressed()

    def resolve(self, port: int, host: str, path: str) -> ContentFile | None:
        """The file that a launch's address means; None where the launch is over or belongs elsewhere."""
        own = self._own_files.get(path)
        if own is not None:
            return ContentFile(own, media_type(path), is_lasting=True)
        token, rest = split(path)
        launch = self._house.launches.find(port, host, token)
        if launch is None or rest.rpartition("/")[2] == QUIZ_FILE:
            return None
        return ContentFile(self._house.shelf.tree_of(launch.root) / rest, media_type(rest))

    def on_page(self, port: int, host: str, path: str) -> None:
        """Keep where a learner is."""
        token, rest = split(path)
        launch = self._house.launches.find(port, host, token)
        keeper = self._house.keeper
        if launch is None or keeper is None or not launch.is_learner:
            return
        version, pages = self._pages_of(keeper.releases, launch.root, launch.activity)
        if rest in pages:
            keeper.learning.reached_page(
                launch.person, launch.course, version, launch.activity, rest, pages_total=len(pages)
            )


def _read_pages(releases: Releases, root: Digest, activity_id: str) -> tuple[int, frozenset[str]]:
    """The release's version, and the paths of the activity's pages: those in the folder of its own."""
    release = releases.release(root)
    activity = release.activity(activity_id) if release else None
    if release is None or activity is None or activity.kind not in PAGED:
        return 0, frozenset()
    if spine := activity.attributes.get("spine"):  # a book: what it is read in, not its covers and lists
        return release.version, frozenset(spine)
    folder, slash, _ = activity.path.partition("/")
    entries = [entry for layer in releases.layers(root) for entry in layer.entries]
    pages = [entry.path for entry in entries if is_page(entry.media_type)]
    return release.version, frozenset(path for path in pages if path.startswith(folder + slash) or not slash)
