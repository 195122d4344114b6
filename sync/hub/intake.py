"""Intake: boxes' progress comes in, once, whole and in order.

* A batch is kept as it came. Its chain is proven against where the hub stands, and the mark moves: one transaction,
  and only after its commit is anything acknowledged. It is read out into tables after that (`readout`).
* What the hub has already is skipped; what would leave a gap is not taken, and the marks say where to begin.
* Two epochs that go on from one place are a cloned or restored card: both are taken, told apart and flagged.
* An erased learner stays erased: payloads are blanked in what is kept, and in all that still comes, for ever.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, select, update

from sync.batch import Batch, BatchRefused, blanked, decode, encode
from sync.continuation import NONE_TAKEN, Forked, continued
from sync.events import CHAIN_START, fields_of, is_epoch
from sync.hub import schema
from sync.hub.engine import insert
from sync.hub.fleet import Refused
from sync.hub.keeping import cards, gaps
from sync.hub.keeping.erasing import erase, hold
from sync.hub.readout import Progress, Readout
from sync.keys import from_base64url
from sync.wire import HEADS_MAX, Mark, Report

NO_PARENT = ""


class Contradicted(Refused):
    """A batch holds other events under numbers that are taken: two machines write one epoch."""

    def __init__(self, epoch: str) -> None:
        super().__init__(
            "batch",
            "The hub holds other events under the same numbers.",
            "Two boxes may run from one copied card: set one of them up anew.",
        )
        self.epoch = epoch


class Intake:
    """Takes batches in, and has them read out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.readout = Readout(engine)

    def take(
        self, connection: Connection, box: Row[Any], report: Report, now_seconds: int, *, is_live: bool = True
    ) -> None:
        """Take what is new of a report's batch, in the caller's transaction. After its commit, wake the `readout`.

        `is_live`: the box itself spoke just now; a letter may be old.
        Raises Refused where the batch is damaged, another box's, or contradicts what is held; nothing is taken then.
        """
        gaps.accept(connection, box.id, report.pruned, now_seconds)
        if not report.batch:
            return
        try:
            came = decode(report.batch)
            new = self._new_part(connection, box.id, came)
        except Forked as forked:
            raise Contradicted(forked.epoch) from forked
        except BatchRefused as fault:
            raise Refused("batch", fault.sentence, fault.hint) from fault
        if new is None:
            return
        erasing_now = [event.learner for event in new.events if event.kind == "erased" and event.learner]
        hold(connection, box.campus, is_erasing=bool(erasing_now))
        kept = self._filtered(connection, box, new)
        self._keep(connection, box, kept, report.batch if kept is came else encode(kept), now_seconds)
        self._move_mark(connection, box.id, new)
        cards.grown(connection, box, new, now_seconds, is_live=is_live)
        for learner in erasing_now:
            erase(connection, box.campus, learner, now_seconds, told_by=box.id)

    def flag(self, box: str, epoch: str, now_seconds: int) -> None:
        """Flag an epoch that two machines write; nothing of the second one's was taken."""
        cards.contradicted(self._engine, box, epoch, now_seconds)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Empty the projections and read every batch out again, in one transaction. Returns how many batches."""
        return self.readout.rebuild(progress)

    def _new_part(self, connection: Connection, box: str, batch: Batch) -> Batch | None:
        """What of the batch the hub lacks, proven to continue what it has; None where there is nothing to take."""
        if batch.box != box:
            raise Refused(
                "batch", "The events are another box's.", "Each box brings its own; update the box's software."
            )
        held = _epoch(connection, box, batch.epoch)
        taken, last_hash = (held.taken, held.hash) if held is not None else (NONE_TAKEN, CHAIN_START)
        return continued(batch, taken, last_hash)

    def _filtered(self, connection: Connection, box: Row[Any], batch: Batch) -> Batch:
        """The batch without what erased learners left; a box that still holds some of it is told to forget."""
        talked_of = sorted(_with_payload(batch))
        if not talked_of:
            return batch
        erased = schema.erased
        found = connection.execute(
            select(erased.c.learner).where(erased.c.campus == box.campus, erased.c.learner.in_(talked_of))
        )
        gone = set(found.scalars())
        if not gone:
            return batch
        notices = [{"box": box.id, "learner": learner} for learner in sorted(gone)]
        connection.execute(insert(connection, schema.erasure_notice).on_conflict_do_nothing(), notices)
        return blanked(batch, gone)

    def _keep(self, connection: Connection, box: Row[Any], batch: Batch, body: bytes, now_seconds: int) -> None:
        row = {"box": box.id, "campus": box.campus, "taken_seconds": now_seconds, "body": body}
        number = connection.execute(schema.batch.insert().values(row).returning(schema.batch.c.id)).scalar_one()
        connection.execute(schema.unread.insert().values(batch=number))
        learners = [
            {"campus": box.campus, "learner": learner, "batch": number} for learner in sorted(_with_payload(batch))
        ]
        if learners:
            connection.execute(schema.batch_learner.insert(), learners)

    def _move_mark(self, connection: Connection, box: str, batch: Batch) -> None:
        if batch.first_sequence > 0:
            connection.execute(
                update(schema.epoch)
                .where(schema.epoch.c.box == box, schema.epoch.c.epoch == batch.epoch)
                .values(taken=batch.last_sequence, hash=batch.last_hash)
            )
            return
        parent = fields_of(batch.events[0]) or {}
        name = parent.get("parent", NO_PARENT)
        row = {
            "box": box,
            "epoch": batch.epoch,
            "parent": name if is_epoch(name) else NO_PARENT,
            "parent_sequence": parent.get("sequence", NONE_TAKEN),
            "parent_hash": _hash(parent.get("hash", "")),
            "taken": batch.last_sequence,
            "hash": batch.last_hash,
            "backed_up": NONE_TAKEN,
        }
        connection.execute(schema.epoch.insert().values(row))


def marks_for(connection: Connection, report: Report, also: Sequence[str] = ()) -> list[Mark]:
    """How far the hub has each epoch that a report names, and each that one of its own names as a parent it lacks.

    The second is how a restored hub asks for what it lost: a box names only epochs that it believes not taken.
    `also` are further epochs to speak of: those whose second mark has moved.
    """
    epoch, parent = schema.epoch, schema.epoch.alias()
    names = list(dict.fromkeys([*(head.epoch for head in report.heads), *also]))
    rows = connection.execute(
        select(epoch.c.epoch, epoch.c.taken, epoch.c.backed_up).where(
            epoch.c.box == report.box, epoch.c.epoch.in_(names)
        )
    )
    known = {row.epoch: Mark(row.epoch, row.taken, row.backed_up) for row in rows}
    taken = func.coalesce(parent.c.taken, NONE_TAKEN)
    lacking = connection.execute(
        select(epoch.c.parent, taken.label("taken"), func.coalesce(parent.c.backed_up, NONE_TAKEN).label("backed_up"))
        .select_from(epoch.outerjoin(parent, and_(parent.c.box == epoch.c.box, parent.c.epoch == epoch.c.parent)))
        .where(epoch.c.box == report.box, epoch.c.parent != NO_PARENT, taken < epoch.c.parent_sequence)
        .limit(HEADS_MAX)
    )
    asked = {
        row.parent: Mark(row.parent, row.taken, row.backed_up)
        for row in lacking
        if is_epoch(row.parent) and row.parent not in names
    }
    return [*asked.values(), *(known.get(name, Mark(name, NONE_TAKEN, NONE_TAKEN)) for name in names)][:HEADS_MAX]


def _epoch(connection: Connection, box: str, name: str) -> Row[Any] | None:
    epoch = schema.epoch
    return connection.execute(select(epoch).where(epoch.c.box == box, epoch.c.epoch == name)).one_or_none()


def _with_payload(batch: Batch) -> Iterable[str]:
    return {event.learner for event in batch.events if event.learner and event.payload is not None}


def _hash(text: str) -> bytes:
    try:
        return from_base64url(text)
    except ValueError:
        return b""
