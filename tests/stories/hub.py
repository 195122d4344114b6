"""The hub of a world: the real one, whose staff publish, and which can be killed and started again."""

import itertools
from pathlib import Path
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import select

from catalog.manifest import Release
from sync.batch import Batch, decode
from sync.enrolment import Token
from sync.events import Event
from sync.hub import schema
from sync.hub.app import create_app
from sync.hub.engine import reading
from sync.hub.fleet import BoxState
from sync.hub.hub import Hub
from tests.stories.clock import TrueTime
from tests.stories.disk import copied
from tests.wire import release_at


class CampusHub:
    """A hub, its staff, and what it has of each box."""

    def __init__(self, folder: Path, time: TrueTime, chance: Random) -> None:
        self._folder = folder
        self._time = time
        self._chance = chance
        self._starts = itertools.count()
        self.data = folder / f"hub-{next(self._starts)}"
        self._open()

    def _open(self) -> None:
        self.hub = Hub.open(self.data, self._time, self._chance.randbytes)
        self._app: Flask | None = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """The hub's app, whichever process it runs in by now."""
        if self._app is None:
            self._app = create_app(self.hub)
        return self._app(environ, start_response)

    def is_killed_and_started_again(self) -> None:
        """What was committed is all that the next process finds."""
        killed, self.data = self.data, self._folder / f"hub-{next(self._starts)}"
        copied(killed, self.data)
        self.hub.close()
        self._open()

    def restarts(self) -> None:
        """Stopped and started as staff would, on the same disk."""
        self.closes()
        self.opens()

    def opens(self) -> None:
        """Started on the disk as it is."""
        self._open()

    def backup(self) -> Path:
        """A copy of all that the hub has now."""
        to = self._folder / f"hub-backup-{next(self._starts)}"
        copied(self.data, to)
        return to

    def is_restored_from(self, backup: Path) -> None:
        """The machine is lost, and what was backed up takes its place."""
        self.hub.close()
        self.data = backup
        self._open()

    def closes(self) -> None:
        self.hub.close()

    def token(self, campus: str = "Wadi") -> Token:
        return self.hub.fleet.make_token(self.hub.fleet.campus_called(campus))

    def publishes(self, course: str, **layers: dict[str, bytes]) -> Release:
        """The next release of a course, of these layers: name -> path -> bytes."""
        return release_at(self.hub, course, self.hub.catalog.releases.next_version(course), layers)

    def publishes_source(self, *sources: Path, **about: Any) -> Release:
        """The next release of a course, read from files as staff bring them."""
        return self.hub.publish(sources, **about).release

    def wanted(self) -> dict[str, str]:
        """The root that each course should have on every shelf."""
        return {offer.course: offer.root for offer in self.hub.packing.offers()}

    def pack_sizes(self) -> dict[str, int]:
        """The packs that lie ready; where a profile brought nothing there is none."""
        with reading(self.hub.engine) as connection:
            rows = connection.execute(select(schema.pack.c.name, schema.pack.c.size_bytes)).all()
        return {row.name: row.size_bytes for row in rows if row.size_bytes}

    def state(self, box_id: str) -> BoxState:
        return next(state for state in self.hub.fleet.boxes() if state.id == box_id)

    def holds(self, box_id: str) -> dict[str, list[str]]:
        """What the hub believes to be on a box's shelf."""
        return {holding.course: list(holding.layers) for holding in self.state(box_id).holdings}

    def batches(self, box_id: str) -> dict[str, list[Batch]]:
        """What came from a box, as it is kept, by epoch, in the order of its coming."""
        with reading(self.hub.engine) as connection:
            query = select(schema.batch.c.body).where(schema.batch.c.box == box_id).order_by(schema.batch.c.id)
            kept = [decode(body) for body in connection.execute(query).scalars()]
        epochs: dict[str, list[Batch]] = {}
        for batch in kept:
            epochs.setdefault(batch.epoch, []).append(batch)
        return epochs

    def events(self, box_id: str) -> list[Event]:
        return [event for epoch in self.batches(box_id).values() for batch in epoch for event in batch.events]

    def marks(self, box_id: str) -> dict[str, tuple[int, bytes]]:
        """How far the hub has each epoch of a box, and the chain's hash there."""
        with reading(self.hub.engine) as connection:
            rows = connection.execute(select(schema.epoch).where(schema.epoch.c.box == box_id)).all()
        return {row.epoch: (row.taken, bytes(row.hash)) for row in rows}

    def progress(self) -> list[Any]:
        """The projection that pages read."""
        with reading(self.hub.engine) as connection:
            return list(connection.execute(select(schema.progress).order_by(*schema.progress.primary_key)).all())

    def names(self) -> set[str]:
        """The learners that the hub can call by name."""
        with reading(self.hub.engine) as connection:
            return set(connection.execute(select(schema.learner.c.name)).scalars())

    def keeps(self, words: str) -> list[str]:
        """The files of the hub in which these words can still be read, and the batches that say them."""
        found = [path.name for path in self.data.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]
        with reading(self.hub.engine) as connection:
            boxes = list(connection.execute(select(schema.box.c.id)).scalars())
        said = [event for box in boxes for event in self.events(box) if words.encode() in (event.payload or b"")]
        return found + [event.kind for event in said]
