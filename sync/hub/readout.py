"""The readout: batches that were taken, read out into the tables that pages show.

* A batch is taken, committed and acknowledged first. From that same transaction on it waits in `unread`, and is read
  out in a later one: a hub that falls between the two goes on where it stopped when it is opened.
* Reading out twice is reading out once: any projection can be dropped and built again from the batches.
* Who reads out and who erases take turns, so that no name comes back behind an erasure.
* Without its thread the readout is done before `wake` returns; with it, whoever woke it goes on at once.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select, text

from catalog.fault import BoxFault
from sync.batch import decode
from sync.hub import projections, schema
from sync.hub.campus import kept
from sync.hub.engine import reading, writing

BATCHES_AT_ONCE = 16
BYTES_AT_ONCE = 128 << 10
"""So much is read out in one transaction, and a batch at least: as long as it takes, SQLite takes no report."""
REBUILT_AT_ONCE = 200
TURN_LOCK = 0x71616E6175
"""One number that all hub processes agree on: its holder reads out, or erases."""
Progress = Callable[[int, int], None]
"""Hears how far it has come: batches read, of how many."""


class Readout:
    """Reads batches out, as they come or all anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread: threading.Thread | None = None
        self._is_woken = threading.Event()
        self._is_closing = threading.Event()

    def catch_up(self) -> int:
        """Read out all that waits. Returns how many batches that were."""
        count = 0
        while self._waits():
            count += self._step()
        return count

    def rebuild(self, progress: Progress | None = None) -> int:
        """Empty the projections and read every batch out again, in one transaction. Returns how many batches."""
        count, last = 0, 0
        with writing(self._engine) as connection:
            waiting = connection.execute(select(func.count()).select_from(schema.batch)).scalar_one()
            take_turn(connection)
            projections.clear(connection)
            connection.execute(delete(schema.unread))
            while rows := _batches_after(connection, last):
                for row in rows:
                    projections.project(connection, row.campus, decode(row.body))
                count, last = count + len(rows), rows[-1].id
                if progress is not None:
                    progress(count, waiting)
            for batch in kept.every_batch(connection):
                projections.project(connection, batch.box, batch)
        return count

    def wake(self) -> None:
        """Say that something waits: a batch was committed just now."""
        if self._thread is None:
            self.catch_up()
        else:
            self._is_woken.set()

    def start(self) -> None:
        """Read out in the background from here on."""
        self._thread = threading.Thread(target=self._work, name="readout", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread. What still waits is read out when the hub is opened again."""
        if self._thread is not None:
            self._is_closing.set()
            self._is_woken.set()
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while not self._is_closing.is_set():
            self._is_woken.wait()
            self._is_woken.clear()
            # What fails here (a full disk) is said where somebody asks, for a page catches up too; the next batch that
            # comes wakes us again.
            with suppress(BoxFault):
                while not self._is_closing.is_set() and self._waits():
                    self._step()

    def _waits(self) -> bool:
        with reading(self._engine) as connection:
            return connection.execute(select(schema.unread.c.batch).limit(1)).first() is not None

    def _step(self) -> int:
        """Read out the oldest batches that wait, in one transaction."""
        unread, batch = schema.unread, schema.batch
        oldest = select(batch).join(unread, unread.c.batch == batch.c.id).order_by(batch.c.id).limit(BATCHES_AT_ONCE)
        with writing(self._engine) as connection:
            take_turn(connection)
            done, read_bytes = [], 0
            for row in connection.execute(oldest).all():
                projections.project(connection, row.campus, decode(row.body))
                done.append(row.id)
                read_bytes += len(row.body)
                if read_bytes >= BYTES_AT_ONCE:
                    break
            connection.execute(delete(unread).where(unread.c.batch.in_(done)))
        return len(done)


def take_turn(connection: Connection) -> None:
    """Wait until nobody else reads out or erases; until the end of this transaction nobody else does."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyhow
        connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": TURN_LOCK})


def _batches_after(connection: Connection, number: int) -> Sequence[Row[Any]]:
    batch = schema.batch
    later = select(batch).where(batch.c.id > number).order_by(batch.c.id).limit(REBUILT_AT_ONCE)
    return connection.execute(later).all()
