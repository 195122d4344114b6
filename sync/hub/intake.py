"""Intake: boxes' progress comes in, once, whole and in order.

* A batch is kept as it came. Its chain is proven against where the hub stands, it is read out into tables, and the
  mark moves: one transaction, and only after its commit is anything acknowledged.
* What the hub has already is skipped; what would leave a gap is not taken, and the marks say where to begin.
* Two epochs that go on from one place are a cloned or restored card: both are taken, told apart and flagged.
* An erased learner stays erased: payloads are blanked in what is kept, and in all that still comes, for ever.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, delete, func, or_, select, update

from sync.batch import Batch, BatchRefused, blanked, decode, encode, verify
from sync.events import CHAIN_START, fields_of, is_epoch
from sync.hub import projections, schema
from sync.hub.engine import erasing, insert, writing
from sync.hub.fleet import Refused
from sync.keys import from_base64url
from sync.wire import HEADS_MAX, Mark, Report

NONE_TAKEN = -1
NO_PARENT = ""
REBUILT_AT_ONCE = 200


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
    """Takes batches in, and can read them all out again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, connection: Connection, box: Row[Any], report: Report, now_seconds: int) -> None:
        """Take what is new of a report's batch, in the caller's transaction.

        Raises Refused where the batch is damaged, another box's, or contradicts what is held; nothing is taken then.
        """
        if not report.batch:
            return
        try:
            came = decode(report.batch)
            new = self._new_part(connection, box.id, came)
        except BatchRefused as fault:
            raise Refused("batch", fault.sentence, fault.hint) from fault
        if new is None:
            return
        kept = self._filtered(connection, box, new)
        self._keep(connection, box, kept, report.batch if kept is came else encode(kept), now_seconds)
        self._move_mark(connection, box.id, new)
        self._flag_forks(connection, box.id, new, now_seconds)
        projections.project(connection, box.campus, kept)
        for event in new.events:
            if event.kind == "erased" and event.learner:
                self._erase(connection, box, event.learner, now_seconds)

    def flag(self, box: str, epoch: str, now_seconds: int) -> None:
        """Flag an epoch that two machines write; nothing of the second one's was taken."""
        row = {"box": box, "epoch": epoch, "parent": epoch, "parent_sequence": NONE_TAKEN, "found_seconds": now_seconds}
        with writing(self._engine) as connection:
            connection.execute(insert(connection, schema.fork).values(row).on_conflict_do_nothing())

    def rebuild(self) -> int:
        """Empty the projections and read every batch out again, in one transaction. Returns how many batches."""
        count, last = 0, 0
        with writing(self._engine) as connection:
            projections.clear(connection)
            while rows := _batches_after(connection, last):
                for row in rows:
                    projections.project(connection, row.campus, decode(row.body))
                count, last = count + len(rows), rows[-1].id
        return count

    def _new_part(self, connection: Connection, box: str, batch: Batch) -> Batch | None:
        """What of the batch the hub lacks, proven to continue what it has; None where there is nothing to take."""
        if batch.box != box:
            raise Refused(
                "batch", "The events are another box's.", "Each box brings its own; update the box's software."
            )
        held = _epoch(connection, box, batch.epoch)
        taken, last_hash = (held.taken, held.hash) if held is not None else (NONE_TAKEN, CHAIN_START)
        if batch.first_sequence > taken + 1:
            return None
        if taken >= batch.first_sequence:
            # The beginning is here already. It must be the same beginning, as far as both reach.
            verify(batch, batch.previous_hash)
            if batch.last_sequence < taken:
                return None
            if batch.hash_at(taken) != last_hash:
                raise Contradicted(batch.epoch)
            if batch.last_sequence == taken:
                return None
            batch = batch.after(taken)
        verify(batch, last_hash)
        return batch

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

    def _flag_forks(self, connection: Connection, box: str, batch: Batch, now_seconds: int) -> None:
        """Flag epochs that do not go on where their parent ends, or share the parent with another."""
        epoch = schema.epoch
        own = _epoch(connection, box, batch.epoch)
        assert own is not None, "the mark was moved just now"
        family = connection.execute(
            select(epoch).where(
                epoch.c.box == box,
                or_(epoch.c.parent == own.epoch, epoch.c.parent == own.parent, epoch.c.epoch == own.parent),
            )
        ).all()
        flags = [
            {
                "box": box,
                "epoch": one.epoch,
                "parent": one.parent,
                "parent_sequence": one.parent_sequence,
                "found_seconds": now_seconds,
            }
            for one in forked(family)
        ]
        if flags:
            connection.execute(insert(connection, schema.fork).on_conflict_do_nothing(), flags)

    def _erase(self, connection: Connection, box: Row[Any], learner: str, now_seconds: int) -> None:
        """Forget a learner of this campus: names, progress, and every payload in what is kept."""
        row = {"campus": box.campus, "learner": learner, "erased_seconds": now_seconds}
        connection.execute(insert(connection, schema.erased).values(row).on_conflict_do_nothing())
        projections.forget(connection, box.campus, learner)
        _blank_kept(connection, box.campus, learner)
        erasing(connection)
        notice = schema.erasure_notice
        connection.execute(delete(notice).where(notice.c.box == box.id, notice.c.learner == learner))


def marks_for(connection: Connection, report: Report) -> list[Mark]:
    """How far the hub has each epoch that a report names, and each that one of its own names as a parent it lacks.

    The second is how a restored hub asks for what it lost: a box names only epochs that it believes not taken.
    """
    epoch, parent = schema.epoch, schema.epoch.alias()
    names = [head.epoch for head in report.heads]
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


def forked(family: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Those epochs of a family that a single, unbroken card could not have written."""
    by_name = {one.epoch: one for one in family}
    siblings: dict[str, list[Row[Any]]] = {}
    for one in family:
        siblings.setdefault(one.parent, []).append(one)
    return [one for one in family if len(siblings[one.parent]) > 1 or _contradicts(one, by_name.get(one.parent))]


def _contradicts(child: Row[Any], parent: Row[Any] | None) -> bool:
    """Tell whether the parent went on after the child branched off, or ended otherwise than the child says."""
    if parent is None or parent.taken < child.parent_sequence:
        return False
    return parent.taken > child.parent_sequence or bytes(parent.hash) != bytes(child.parent_hash)


def _blank_kept(connection: Connection, campus: str, learner: str) -> None:
    batch, index = schema.batch, schema.batch_learner
    of_learner = (index.c.campus == campus, index.c.learner == learner)
    numbers = connection.execute(select(index.c.batch).where(*of_learner)).scalars().all()
    for number in numbers:
        body = connection.execute(select(batch.c.body).where(batch.c.id == number)).scalar_one()
        without = encode(blanked(decode(body), {learner}))
        connection.execute(update(batch).where(batch.c.id == number).values(body=without))
    connection.execute(delete(index).where(*of_learner))


def _batches_after(connection: Connection, number: int) -> Sequence[Row[Any]]:
    batch = schema.batch
    later = select(batch).where(batch.c.id > number).order_by(batch.c.id).limit(REBUILT_AT_ONCE)
    return connection.execute(later).all()


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
