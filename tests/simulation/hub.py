"""The hub of a simulated world: it begins from a template, and can die at any statement that it makes.

* A backup is made and put back as its staff would: by the real commands' own work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
from sqlalchemy import event, select

from catalog.manifest import Release
from catalog.trust.roles import ROOT
from sync.batch import Batch, decode
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.hub import Hub
from sync.hub.keeping.alarms import Kind
from sync.hub.keeping.restore import restore
from sync.hub.trust.ceremony import Ceremonies, Sticks
from sync.hub.trust.signing import ONLINE_ROLES
from tests.simulation.routes import Standing, routes
from tests.simulation.templates import CAMPUS, Templates
from tests.stories.clock import TrueTime
from tests.stories.disk import copied
from tests.stories.hub import CampusHub
from tests.wire import Ask, loses_the_reply

BACKUPS = "backups"


class HubDied(BaseException):
    """The hub's machine is gone: nothing in it may catch this."""


class SimulatedHub(CampusHub):
    """A real hub in memory."""

    def __init__(self, folder: Path, time: TrueTime, chance: Random, templates: Templates, *, is_new: bool) -> None:
        self._templates, self._is_new = templates, is_new
        self._standing = Standing()
        self._routes = routes(self._standing)
        self._statements_left: int | None = None
        self._batches = super().batches
        self._sizes: dict[str, int] = {}
        self._last_batch = 0
        self.took_of_erased: list[str] = []
        """Kinds of events that were kept with their contents when they came, of learners who were erased before."""
        super().__init__(folder, time, chance)

    def _open(self) -> None:
        if not self.data.exists():
            self._templates.hub(self.data, is_new=self._is_new)
        self.hub = Hub.open(self.data, self._time, self._chance.randbytes)
        self._last_batch = 0
        event.listen(self.hub.engine, "before_cursor_execute", self._count_statement)
        event.listen(self.hub.engine, "commit", self._count_statement)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self._standing.hub = self.hub
        answer = self._routes(environ, start_response)
        self._note_what_it_took()
        return answer

    def dies_at(self, statement: int, request: httpx.Request, answer: Ask) -> httpx.Response:
        """Answer, and die at the so-manieth statement or commit, or else when the answer is on its way."""
        self._statements_left = statement
        try:
            return loses_the_reply(request, answer)
        except HubDied as died:
            raise httpx.ReadError("reset") from died
        finally:
            if self._statements_left is not None:
                self._is_gone()
            self.hub.close()
            self._open()

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """While nothing happens any more, what came from a box is read once, however many promises look at it."""
        read = lru_cache(maxsize=None)(super().batches)
        self._batches = read
        try:
            yield
        finally:
            self._batches = super().batches

    def batches(self, box_id: str) -> dict[str, list[Batch]]:
        return self._batches(box_id)

    def pack_sizes(self) -> dict[str, int]:
        """The packs that lie ready, or ever did: a hub that was put back may not know them any more."""
        self._sizes |= super().pack_sizes()
        return self._sizes

    def publishes(self, course: str, **layers: dict[str, bytes]) -> Release:
        release = super().publishes(course, **layers)
        self.pack_sizes()
        return release

    def backs_up(self) -> Path:
        """A backup as staff make it, proven; from then on boxes hear of it."""
        return self.hub.keeping.backups.make(self._folder / BACKUPS).place

    def is_put_back(self, backup: Path) -> None:
        """The machine is lost. On another one staff restore this backup, and the packs are built anew."""
        self.hub.close()
        self.data = self._folder / f"hub-{next(self._starts)}"
        restore(backup, self.data, self._time, self._chance.randbytes)
        self._open()
        self.hub.packing.build_missing()

    def rotates_keys(self, sticks: Sticks, new_root: Sticks | None) -> int:
        """Replace the keys by which the catalogue is signed; the root's own too, where there are sticks for them."""
        roles = ONLINE_ROLES if new_root is None else (ROOT, *ONLINE_ROLES)
        return Ceremonies(self.hub.engine, self.hub.trust, self.hub.clock).rotate(sticks, roles, new_root)

    def called(self) -> dict[tuple[str, str], str]:
        """What each class and each learner is called on the hub's pages."""
        (campus,) = [one.id for one in self.hub.fleet.campuses() if one.name == CAMPUS]
        groups = self.hub.roster.classes(campus)
        classes = {("class", one.id): one.name for one in groups if one.name}
        return classes | {("learner", one.id): one.name for group in groups for one in group.learners if one.name}

    def erased(self) -> set[str]:
        """The learners that this hub knows to be erased."""
        with reading(self.hub.engine) as connection:
            return set(connection.execute(select(schema.erased.c.learner)).scalars())

    def forks(self, box_id: str) -> int:
        """How many epochs of a box are flagged as a restored or cloned card's."""
        return self.state(box_id).forks

    def alarms(self, box_id: str) -> set[Kind]:
        """What stands about a box."""
        with reading(self.hub.engine) as connection:
            is_standing = schema.alarm.c.settled_seconds.is_(None)
            kinds = select(schema.alarm.c.kind).where(schema.alarm.c.box == box_id, is_standing)
            return {Kind(kind) for kind in connection.execute(kinds).scalars()}

    def _note_what_it_took(self) -> None:
        """Asked after each request: a box that hears of an erasure says so itself a moment later, and mends it."""
        if not (gone := self.erased()):
            return
        batch = schema.batch
        with reading(self.hub.engine) as connection:
            new = connection.execute(select(batch.c.id, batch.c.body).where(batch.c.id > self._last_batch)).all()
        events = [event for row in new for event in decode(row.body).events]
        self.took_of_erased += [event.kind for event in events if event.learner in gone and event.payload is not None]
        self._last_batch = max((row.id for row in new), default=self._last_batch)

    def _count_statement(self, *_: Any) -> None:
        if self._statements_left is None:
            return
        self._statements_left -= 1
        if self._statements_left < 0:
            self._is_gone()
            raise HubDied

    def _is_gone(self) -> None:
        """What is on the disk at this moment is what the next start finds."""
        self._statements_left = None
        gone, self.data = self.data, self._folder / f"hub-{next(self._starts)}"
        copied(gone, self.data)
