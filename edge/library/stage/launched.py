"""What a request on a content origin may do: the launch that its token names, and the activity that was launched.

* A token is good on its own origin only, and for as long as the session that opened it.
* What it opens is the release that was launched, though a newer one may have come since.
* A write states that it comes from a page of this very origin.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import abort, request

from catalog.digest import Digest
from catalog.manifest import Activity, Release
from edge.learning.packages.states import Sitting, Studied
from edge.library.house import House
from edge.library.launches import Launch

if TYPE_CHECKING:
    from edge.box import Box

PLAY_BYTES_MAX = 8 << 20


@dataclass(frozen=True, slots=True)
class Launched:
    """The activity that one launch opened, where, and for whom."""

    house: House
    launch: Launch
    release: Release
    activity: Activity
    tree: Path
    token: str

    @property
    def keeper(self) -> "Box | None":
        """Who keeps what is done here; None where nothing is kept: a guest's, and whatever is done in a draft."""
        return self.house.keeper if self.launch.is_learner else None

    @property
    def learner(self) -> str:
        """Whose study is kept; "" where nothing is."""
        return self.launch.person if self.keeper is not None else ""

    def studied(self, parts_total: int = 1) -> Studied:
        return Studied(
            self.launch.person, self.launch.course, self.release.version, self.activity.id, max(1, parts_total)
        )

    def sit_down(self, parts_total: int = 1) -> Sitting:
        """Begin a sitting: what is there from before."""
        keeper = self.keeper
        return keeper.packages.sit_down(self.studied(parts_total)) if keeper is not None else Sitting()

    def play(self) -> dict[str, Any]:
        """What the importer wrote for the player. The release was signed, but it is a stranger's all the same."""
        named = self.activity.attributes.get("play")
        path = self.tree / named if isinstance(named, str) and ".." not in named.split("/") else self.tree
        if not path.is_file() or path.stat().st_size > PLAY_BYTES_MAX:
            abort(404)
        try:
            document = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            abort(404)
        return document if isinstance(document, dict) else abort(404)


def launched(house: House, token: str) -> Launched:
    """What this token opens here; answers 404 where it opens nothing."""
    launch = house.launches.find(int(request.environ["SERVER_PORT"]), request.host, token) or abort(404)
    release = house.releases.release(Digest(launch.root)) or abort(404)
    activity = release.activity(launch.activity) or abort(404)
    return Launched(house, launch, release, activity, house.shelf.tree_of(launch.root), token)


def demand_own_origin() -> None:
    """Answer 403 to a write that does not come from a page of this origin, whatever scheme a proxy speaks."""
    origin = urlsplit(request.headers.get("Origin", ""))
    if not origin.netloc or origin.netloc.lower() != request.host.lower():
        abort(403)
