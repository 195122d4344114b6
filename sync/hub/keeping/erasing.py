"""Erasing at the hub: a learner's name, progress and payloads are gone from everything that the hub holds.

* Payloads are blanked in the batches as they are kept; their hashes stay, so every chain still verifies.
* It is remembered for ever that this learner was erased: intake, rebuilding and restoring go by it.
* Every box of the campus is told until its own journal says that it has forgotten too.
* Beside every backup it is written down too (`forgotten`), so that one made before cannot bring them back.
* Who takes batches in and who erases take turns, so that no payload comes in beside its own erasure.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, delete, select, update

from catalog.fault import CallerFault
from sync.batch import blanked, decode, encode
from sync.clock import Clock
from sync.events import is_learner
from sync.hub import projections, schema
from sync.hub.campus import forgetting
from sync.hub.engine import erasing, insert, writing
from sync.hub.keeping import audit, forgotten
from sync.hub.keeping.forgotten import Forgotten
from sync.hub.readout import take_turn


class LearnerUnknown(CallerFault):
    """No learner of this campus has this id."""


class Erasing:
    """Erases learners for the hub's staff."""

    def __init__(self, engine: Engine, forgotten: Forgotten, clock: Clock) -> None:
        self._engine = engine
        self._forgotten = forgotten
        self._clock = clock

    def erase(self, campus: str, learner: str, who: str) -> list[Path]:
        """Forget a learner of this campus, here, at every box of it, and in a hub put back from a backup.

        Returns the places of backups where that could not be written; an alarm stands until it is.
        Raises LearnerUnknown.
        """
        now_seconds = self._clock.now().wall_seconds
        with writing(self._engine) as connection:
            if not is_known(connection, campus, learner):
                raise unknown()
            hold(connection, campus, is_erasing=True)
            if erase(connection, campus, learner, now_seconds):
                audit.note(connection, who, "erased", {"campus": campus, "learner": learner}, now_seconds)
                forgotten.expect(connection, now_seconds)
        return self._forgotten.tell()


def erase(connection: Connection, campus: str, learner: str, now_seconds: int, *, told_by: str = "") -> bool:
    """Forget a learner of this campus, in the caller's transaction; `told_by` is the box that wished it.

    The caller holds the campus (`hold`). Returns whether it is news; what came in since is blanked in any case.
    """
    row = {"campus": campus, "learner": learner, "erased_seconds": now_seconds}
    first = insert(connection, schema.erased).values(row).on_conflict_do_nothing().returning(schema.erased.c.learner)
    is_new = connection.execute(first).first() is not None
    take_turn(connection)
    projections.forget(connection, campus, learner)
    _blank_kept(connection, campus, learner)
    forgetting.blank(connection, campus, learner)
    erasing(connection)
    if is_new:
        _tell_boxes(connection, campus, learner)
        for other in forgetting.elsewhere(connection, campus, learner):
            erase(connection, other, learner, now_seconds)
    notice = schema.erasure_notice
    connection.execute(delete(notice).where(notice.c.box == told_by, notice.c.learner == learner))
    return is_new


def is_known(connection: Connection, campus: str, learner: str) -> bool:
    """Tell whether the hub has, or had, anything of this learner."""
    for table in (schema.batch_learner, schema.learner, schema.progress, schema.campus_event, schema.erased):
        own = select(table.c.learner).where(table.c.campus == campus, table.c.learner == learner).limit(1)
        if is_learner(learner) and connection.execute(own).first() is not None:
            return True
    return False


def unknown() -> LearnerUnknown:
    return LearnerUnknown(
        "No learner of this campus has this id.",
        "Take the id from the campus's page or from `qanat hub export --names`.",
    )


def hold(connection: Connection, campus: str, *, is_erasing: bool) -> None:
    """Wait until nobody erases at this campus; who erases waits for all who take. (SQLite has one writer anyhow.)"""
    own = select(schema.campus.c.id).where(schema.campus.c.id == campus)
    connection.execute(own.with_for_update(read=not is_erasing, key_share=is_erasing))


def _tell_boxes(connection: Connection, campus: str, learner: str) -> None:
    box = schema.box
    here = select(box.c.id).where(box.c.campus == campus, box.c.revoked_seconds.is_(None))
    notices = [{"box": name, "learner": learner} for name in connection.execute(here).scalars()]
    if notices:
        connection.execute(insert(connection, schema.erasure_notice).on_conflict_do_nothing(), notices)


def _blank_kept(connection: Connection, campus: str, learner: str) -> None:
    batch, index = schema.batch, schema.batch_learner
    of_learner = (index.c.campus == campus, index.c.learner == learner)
    numbers = connection.execute(select(index.c.batch).where(*of_learner)).scalars().all()
    for number in numbers:
        body = connection.execute(select(batch.c.body).where(batch.c.id == number)).scalar_one()
        without = encode(blanked(decode(body), {learner}))
        connection.execute(update(batch).where(batch.c.id == number).values(body=without))
    connection.execute(delete(index).where(*of_learner))
