"""House: where courses are shown, as their pages, players and the stage know it: a box, or a hub that shows drafts.

* It is all that showing a course asks of where it is shown: what is on the shelf, and how a launch is given and found.
* What keeps a learner's study is asked of the `keeper` alone. Where there is none, everybody is who a guest is at a
  box: everything plays, and nothing is kept.
"""

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from catalog.digest import Digest
from catalog.manifest import Release
from edge.library.launches import Address, Launch
from sync.clock import Clock
from sync.web.sessions import Session

if TYPE_CHECKING:
    from edge.box import Box
    from edge.library.books import Books


class Settings(Protocol):
    """What is set there; a box has these in its box.toml."""

    @property
    def language(self) -> str: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def zone(self) -> tzinfo: ...
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def port_seen(self) -> int: ...
    @property
    def secure_port(self) -> int: ...
    @property
    def is_behind_tls(self) -> bool: ...


class Shelved(Protocol):
    """The courses that are shown, and their files."""

    def release(self, course: str) -> Release | None: ...
    def tree(self, course: str) -> Path: ...
    def tree_of(self, root: Digest) -> Path: ...


class Known(Protocol):
    """Releases by their root: those that were launched too, though newer ones may have come."""

    def release(self, root: Digest) -> Release | None: ...


class Launching(Protocol):
    """Gives and finds launches."""

    def open(self, session: Session, course: str, root: Digest, activity: str) -> Address: ...
    def find(self, port: int, host: str, token: str) -> Launch | None: ...


class House(Protocol):
    """Where courses are shown."""

    @property
    def id(self) -> str: ...
    @property
    def config(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def random_bytes(self) -> Callable[[int], bytes]: ...
    @property
    def shelf(self) -> Shelved: ...
    @property
    def releases(self) -> Known: ...
    @property
    def launches(self) -> Launching: ...
    @property
    def books(self) -> "Books | None":
        """The books that are made of courses; None where none are."""
        ...

    @property
    def keeper(self) -> "Box | None":
        """The box that keeps what its learners do; None where nobody's study is kept."""
        ...
