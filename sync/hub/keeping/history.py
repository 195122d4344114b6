"""History: what a box had brought here goes home, to the box in its place, and to the box itself on an older card.

* Staff say which box replaces which; the old one is out of service from then on, and both belong to one campus.
* The old journal goes down as it came up, batch by batch, under the old box's name, signed by the hub: the new box
  keeps it beside its own, to read and never to go on with.
* A box that was replaced in its turn hands on what it had been given: histories follow one another.
* A box whose card was put back is given what its own journal lost, and with two cards under one name each what the
  other wrote: to read as well. Its journal stays what it wrote itself, so nothing of it comes up a second time.
* A hub that was put back from a backup asks for what it had sent home and lost. It takes it as it took it first.
* Erased learners are blanked in it, as in all that the hub keeps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select, update

from catalog.fault import CallerFault
from sync.batch import Batch, decode, encode
from sync.clock import Clock
from sync.continuation import NONE_TAKEN
from sync.following.signed import opened, signed
from sync.hub import schema
from sync.hub.campus.standing import Epoch, held_by_writer, held_of, lacking
from sync.hub.engine import insert, writing
from sync.hub.fleet import find
from sync.hub.keeping import audit
from sync.keys import KeyPair, PublicKey
from sync.wire import Followed, Head, Report

INDEXED_AT_ONCE = 200


class NotReplaced(CallerFault):
    """One box cannot take the place of the other: unknown, of another campus, or out of service."""


class History:
    """Replaces boxes, and sends home what they had."""

    def __init__(self, engine: Engine, keys: KeyPair, clock: Clock) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock

    def replace(self, old: str, new: str, who: str) -> str:
        """Say that the box `new` takes the place of `old`, which is never heard again. Returns their campus's id.

        Raises NotReplaced; nothing changes then.
        """
        now_seconds = self._clock.now().wall_seconds
        with writing(self._engine) as connection:
            former, other = find(connection, old, is_locking=True), find(connection, new, is_locking=True)
            _check(former, other)
            assert former is not None
            row = {"old": old, "new": new, "moment_seconds": now_seconds}
            statement = insert(connection, schema.replacement).values(row)
            changed = {"new": statement.excluded.new, "moment_seconds": statement.excluded.moment_seconds}
            connection.execute(statement.on_conflict_do_update(index_elements=["old"], set_=changed))
            moment = former.revoked_seconds or now_seconds
            connection.execute(update(schema.box).where(schema.box.c.id == old).values(revoked_seconds=moment))
            audit.note(connection, who, "replaced", {"box": old, "by": new}, now_seconds)
            return str(former.campus)

    def after(self, connection: Connection, box: Row[Any], report: Report, *, tells_ends: bool) -> bytes | None:
        """The next batch that this box lacks of its own journal and of those that it replaces, signed; None: none.

        `tells_ends`: the report says where the box's own journal ends.
        """
        batch = _lost_by(connection, box.id, report) if tells_ends else None
        if batch is not None:
            return signed(batch, self._keys)
        for old in replaced_by(connection, box.id):
            index(connection, old)
            # A box names the ends of what it has; what those go on from, it has too.
            batch = _next_batch(connection, old, held_of(_epochs(connection, old), _told(report, old)))
            if batch is not None:
                return signed(batch, self._keys)
        return None

    def asks(self, connection: Connection, box: Row[Any], report: Report) -> list[Followed]:
        """What came home to this box once and this hub has lost since: it was put back from a backup."""
        if not all(_taken(connection, box.id, head.epoch) >= head.sequence for head in report.heads):
            # What the box has in its own journal comes first; the rest goes on from there.
            return []
        wanted = []
        for writer in (box.id, *replaced_by(connection, box.id)):
            if told := _told(report, writer):
                lost = lacking(_epochs(connection, writer), told)
                wanted += [Followed(writer, epoch, sequence) for epoch, sequence in sorted(lost.items())]
        return wanted

    def given_back(self, connection: Connection, box: Row[Any], data: bytes) -> tuple[Row[Any], bytes] | None:
        """Whose batch this is that came home to a box and comes back, and the batch; None where it is no such.

        Raises BatchRefused where this hub did not sign it.
        """
        batch = opened(data, PublicKey(self._keys.public))
        if batch.box not in {box.id, *replaced_by(connection, box.id)}:
            return None
        writer = find(connection, batch.box, is_locking=True)
        return None if writer is None else (writer, encode(batch))


def _taken(connection: Connection, box: str, epoch: str) -> int:
    own = (schema.epoch.c.box == box, schema.epoch.c.epoch == epoch)
    found = connection.execute(select(schema.epoch.c.taken).where(*own)).scalar_one_or_none()
    return NONE_TAKEN if found is None else found


def replaced_by(connection: Connection, box: str) -> list[str]:
    """The boxes that this one stands for, the one just before it first."""
    table = schema.replacement
    found: list[str] = []
    asked = [box]
    while asked:
        rows = connection.execute(select(table.c.old).where(table.c.new.in_(asked)).order_by(table.c.old)).scalars()
        asked = [old for old in rows if old not in found and old != box]
        found += asked
    return found


def index(connection: Connection, box: str) -> None:
    """Note which events lie in which batch of a box; only those that are not noted yet are read."""
    span, batch = schema.batch_span, schema.batch
    last = connection.execute(select(func.max(span.c.batch)).where(span.c.box == box)).scalar_one() or 0
    later = select(batch.c.id, batch.c.body).where(batch.c.box == box, batch.c.id > last).order_by(batch.c.id)
    while rows := connection.execute(later.limit(INDEXED_AT_ONCE)).all():
        spans = [_span(box, row.id, row.body) for row in rows]
        connection.execute(insert(connection, span).on_conflict_do_nothing(), spans)
        later = later.where(batch.c.id > rows[-1].id)


def _span(box: str, number: int, body: bytes) -> dict[str, object]:
    came = decode(body)
    own = {"epoch": came.epoch, "first": came.first_sequence, "last": came.last_sequence}
    return {"batch": number, "box": box, **own}


def _lost_by(connection: Connection, box: str, report: Report) -> Batch | None:
    """The next batch of a box's own journal that is not on its card any more; None where it has all that we have."""
    if not _is_behind(connection, box, report.heads):
        return None
    epochs = _epochs(connection, box)
    held = held_by_writer(epochs, {head.epoch: head.sequence for head in report.heads}, _told(report, box))
    if held is None or all(held.get(epoch.name, NONE_TAKEN) >= epoch.last for epoch in epochs):
        return None
    index(connection, box)
    return _next_batch(connection, box, held)


def _is_behind(connection: Connection, box: str, heads: Sequence[Head]) -> bool:
    """Tell whether a box's journal may lack something that it wrote: ends were left behind, or its newest is not ours.

    A journal whose epochs contradict each other is nobody's history: then it is left where it is.
    """
    epoch, left, fork = schema.epoch.c, schema.left_tip.c, schema.fork.c
    contradicted = select(fork.epoch).where(fork.box == box, fork.parent == fork.epoch).limit(1)
    if connection.execute(contradicted).first() is not None:
        return False
    if connection.execute(select(left.epoch).where(left.box == box).limit(1)).first() is not None:
        return True
    later = select(epoch.epoch).where(epoch.box == box).limit(1)
    if heads:
        newest = heads[-1]
        grew = and_(epoch.epoch == newest.epoch, epoch.taken > newest.sequence)
        later = later.where(or_(grew, epoch.parent == newest.epoch))
    return connection.execute(later).first() is not None


def _told(report: Report, writer: str) -> dict[str, int]:
    """What a box says it was given of a writer's journal."""
    return {one.epoch: one.sequence for one in report.follows if one.writer == writer}


def _next_batch(connection: Connection, old: str, held: Mapping[str, int]) -> Batch | None:
    """The oldest batch that goes on from what is known of one of these epochs, as it is kept."""
    span, batch = schema.batch_span, schema.batch
    spans = connection.execute(select(span).where(span.c.box == old).order_by(span.c.batch))
    for row in spans:
        mark = held.get(row.epoch, NONE_TAKEN)
        # Behind a gap nothing can be proven to go on: what is there stays at the hub.
        if row.first <= mark + 1 <= row.last:
            return decode(connection.execute(select(batch.c.body).where(batch.c.id == row.batch)).scalar_one())
    return None


def _epochs(connection: Connection, box: str) -> list[Epoch]:
    epoch = schema.epoch
    rows = connection.execute(select(epoch).where(epoch.c.box == box))
    return [Epoch(row.epoch, row.taken, "", {row.parent: row.parent_sequence} if row.parent else {}) for row in rows]


def _check(old: Row[Any] | None, new: Row[Any] | None) -> None:
    """Raises NotReplaced."""
    if old is None or new is None:
        raise NotReplaced("There is no such box here.", "Take both ids from `qanat hub boxes`, or choose on the page.")
    if old.id == new.id:
        raise NotReplaced("A box cannot replace itself.", "Choose the new box that stands in the old one's place.")
    if old.campus != new.campus:
        raise NotReplaced(
            "The two boxes belong to different campuses.",
            "What learners did belongs to their campus: enrol the new box there, then say it again.",
        )
    if new.revoked_seconds is not None:
        raise NotReplaced(
            "The box that should take the place is out of service itself.", "Choose one that is in service."
        )
