"""Cards: which of a box's epochs one unbroken card could not have written, and what must have happened then.

* A new epoch that begins at an older place than where the journal stood: the card was put back from a copy. The ends
  that were left behind are remembered.
* An end that was left behind grows, and then the other one again: two cards write by turns, the box was cloned. Once
  alone may be another copy that was put back.
* Two machines with one memory of the talk betray themselves too: one offers the nonce that the other was told.
* A box says on what hardware it runs. Another card once is a card that was replaced; the former one again, and again
  the other, are two.
* What an old letter brings late is no news, and proves neither.
* A lost reply, a second process on the same card, a restored hub are none of these: they leave one line of epochs.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, delete, exists, literal, or_, select, update

from sync.batch import Batch
from sync.hub import schema
from sync.hub.engine import insert, writing
from sync.hub.keeping.alarms import Kind, raise_alarm, settle

NONE_TAKEN = -1
UNKNOWN_PARENT = "?"
"""The parent of an epoch whose beginning is lost: nothing is known of it, so nothing contradicts it."""

SIGNS_MIN = 2
"""So often something must be seen that takes a second card before we say that there is one."""

PRINTS_MAX = 16
"""On so many kinds of hardware a box is remembered to have run."""

Tip = tuple[str, int]
"""An end of a journal: an epoch, and its last sequence."""


def grown(connection: Connection, box: Row[Any], batch: Batch, now_seconds: int, *, is_live: bool) -> None:
    """See what a batch that was just taken says of its box's cards, in the caller's transaction.

    `batch` is what was new of it, and the epoch's mark stands behind it. `is_live`: the box itself spoke just now.
    """
    flags = _new_flags(connection, box.id, batch.epoch, now_seconds)
    left = _left(connection, box.id)
    if not flags and not left:
        return
    is_news = is_live or was_written_after(batch, box.seen_seconds)
    own = (batch.epoch, batch.last_sequence)
    if _place_before(connection, box.id, batch) in left:
        if is_news:
            _count_turn(connection, box.id, now_seconds)
            _leave(connection, box.id, [tip for tip in _tips(connection, box.id) if tip != own])
        else:
            _leave(connection, box.id, [own])
    elif flags:
        raise_alarm(connection, box.id, Kind.CARD_RESTORED, now_seconds)
        connection.execute(update(schema.card_sign).where(schema.card_sign.c.box == box.id).values(turns=0))
        _leave(connection, box.id, [tip for tip in _tips(connection, box.id) if tip != own] if is_news else [own])


def contradicted(engine: Engine, box: str, epoch: str, now_seconds: int) -> None:
    """Flag an epoch that two machines write; nothing of the second one's was taken."""
    row = {"box": box, "epoch": epoch, "parent": epoch, "parent_sequence": NONE_TAKEN, "found_seconds": now_seconds}
    with writing(engine) as connection:
        connection.execute(insert(connection, schema.fork).values(row).on_conflict_do_nothing())
        raise_alarm(connection, box, Kind.JOURNAL_CONTRADICTS, now_seconds)


def thread_lost(engine: Engine, box: str, offered: str, told: str, now_seconds: int) -> None:
    """A box spoke with the nonce `offered`, which does not count, and is told the one that does.

    A box keeps a report until it is answered, so one that lost a reply repeats the report. To offer what was told to
    it when the thread was lost before, and used since, takes a second machine that had heard the same from us.
    """
    table = schema.card_sign
    with writing(engine) as connection:
        before = _signs(connection, box)
        told_again = before.told_again + (before.told == offered)
        connection.execute(update(table).where(table.c.box == box).values(told=told, told_again=told_again))
        if told_again > before.told_again and told_again >= SIGNS_MIN:
            _two_cards(connection, box, now_seconds)
        # It has not heard what the last answer said of backups, whatever it offers next.
        notice = schema.backup_notice
        connection.execute(notice.update().where(notice.c.box == box).values(said_in=""))
        _tell_erasures(connection, box)


def runs_on(connection: Connection, box: str, said: Sequence[str], now_seconds: int) -> None:
    """Hear on what a box runs, in the caller's transaction: another card than before, or two by turns, is an alarm.

    One card in another machine is no news: it was moved. A box that does not say changes nothing.
    """
    if not said:
        return
    card, machine = said[:2]
    table = schema.hardware_print
    rows = connection.execute(select(table).where(table.c.box == box)).all()
    last = next((row for row in rows if row.is_last), None)
    own = next((row for row in rows if (row.card, row.machine) == (card, machine)), None)
    if own is not None and own is last:
        connection.execute(update(table).where(*_is(own)).values(last_seconds=now_seconds))
        return
    is_other = last is not None and last.card != card
    is_return = is_other and any(row.card == card for row in rows)
    connection.execute(update(table).where(table.c.box == box).values(is_last=0))
    if own is None:
        _forget_oldest(connection, rows)
        row = {"box": box, "card": card, "machine": machine, "first_seconds": now_seconds}
        new = {"last_seconds": now_seconds, "is_last": 1, "returns": int(is_return)}
        connection.execute(table.insert().values(**row, **new))
    else:
        again = {"last_seconds": now_seconds, "is_last": 1, "returns": own.returns + is_return}
        connection.execute(update(table).where(*_is(own)).values(again))
    if is_return and sum(row.returns for row in rows) + 1 >= SIGNS_MIN:
        _two_cards(connection, box, now_seconds)
    elif is_other:
        raise_alarm(connection, box, Kind.HARDWARE_CHANGED, now_seconds, **_both(connection, box))


def _is(row: Row[Any]) -> Sequence[Any]:
    table = schema.hardware_print.c
    return table.box == row.box, table.card == row.card, table.machine == row.machine


def _forget_oldest(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Keep no more of them than anybody would look at."""
    if len(rows) >= PRINTS_MAX:
        oldest = min(rows, key=lambda row: (row.is_last, row.last_seconds, row.first_seconds))
        connection.execute(delete(schema.hardware_print).where(*_is(oldest)))


def _both(connection: Connection, box: str) -> dict[str, str]:
    """The two cards from which a box ran last; nothing where it did not say of two."""
    table = schema.hardware_print
    newest = table.c.is_last.desc(), table.c.last_seconds.desc(), table.c.first_seconds.desc()
    cards = connection.execute(select(table.c.card).where(table.c.box == box).order_by(*newest)).scalars()
    last, *before = dict.fromkeys(cards) or [""]
    return {"first": before[0], "last": last} if before else {}


def _tell_erasures(connection: Connection, box: str) -> None:
    """A card that was put back may know people again whom it had forgotten: it is told of all of them once more."""
    gone, notice = schema.erased, schema.erasure_notice
    campus = select(schema.box.c.campus).where(schema.box.c.id == box).scalar_subquery()
    told = select(literal(box), gone.c.learner).where(gone.c.campus == campus)
    rows = insert(connection, notice).from_select(["box", "learner"], told)
    connection.execute(rows.on_conflict_do_nothing())


def _count_turn(connection: Connection, box: str, now_seconds: int) -> None:
    """Count that an end which was left behind grew; that the ends take turns needs a second card."""
    turns = _signs(connection, box).turns + 1
    connection.execute(update(schema.card_sign).where(schema.card_sign.c.box == box).values(turns=turns))
    if turns >= SIGNS_MIN:
        _two_cards(connection, box, now_seconds)


def _two_cards(connection: Connection, box: str, now_seconds: int) -> None:
    """Say that two cards write under one name, which explains more than a card that was put back."""
    raise_alarm(connection, box, Kind.CARD_CLONED, now_seconds, **_both(connection, box))
    settle(connection, box, Kind.CARD_RESTORED, now_seconds)
    settle(connection, box, Kind.HARDWARE_CHANGED, now_seconds)


def _signs(connection: Connection, box: str) -> Row[Any]:
    table = schema.card_sign
    none_yet = insert(connection, table).values(box=box, told="", told_again=0, turns=0)
    connection.execute(none_yet.on_conflict_do_nothing())
    return connection.execute(select(table).where(table.c.box == box)).one()


def was_written_after(batch: Batch, seen_seconds: int | None) -> bool:
    """Tell whether anything in it was written, by a clock that its box trusted, after the box was last heard."""
    return any(event.is_trusted and event.wall_seconds > (seen_seconds or 0) for event in batch.events)


def forked(family: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Those epochs of a family that a single, unbroken card could not have written."""
    by_name = {one.epoch: one for one in family}
    siblings: dict[str, int] = {}
    for one in family:
        siblings[one.parent] = siblings.get(one.parent, 0) + 1
    return [
        one
        for one in family
        if one.parent != UNKNOWN_PARENT and (siblings[one.parent] > 1 or _contradicts(one, by_name.get(one.parent)))
    ]


def _contradicts(child: Row[Any], parent: Row[Any] | None) -> bool:
    """Tell whether the parent went on after the child branched off, or ended otherwise than the child says."""
    if parent is None or parent.taken < child.parent_sequence:
        return False
    return parent.taken > child.parent_sequence or bytes(parent.hash) != bytes(child.parent_hash)


def _new_flags(connection: Connection, box: str, name: str, now_seconds: int) -> list[str]:
    """Flag those epochs around this one that do not fit, and name those that were not flagged before."""
    epoch, fork = schema.epoch, schema.fork
    parent = select(epoch.c.parent).where(epoch.c.box == box, epoch.c.epoch == name).scalar_subquery()
    family = connection.execute(
        select(epoch).where(
            epoch.c.box == box,
            or_(epoch.c.epoch == name, epoch.c.parent == name, epoch.c.parent == parent, epoch.c.epoch == parent),
        )
    ).all()
    found = forked(family)
    if not found:
        return []
    known = set(connection.execute(select(fork.c.epoch).where(fork.c.box == box)).scalars())
    flags = [
        {
            "box": box,
            "epoch": one.epoch,
            "parent": one.parent,
            "parent_sequence": one.parent_sequence,
            "found_seconds": now_seconds,
        }
        for one in found
        if one.epoch not in known
    ]
    if flags:
        connection.execute(insert(connection, fork).on_conflict_do_nothing(), flags)
    return [str(flag["epoch"]) for flag in flags]


def _place_before(connection: Connection, box: str, batch: Batch) -> Tip:
    """Where the journal stood when the first event of this batch was written, as its card remembered it."""
    if batch.first_sequence > 0:
        return batch.epoch, batch.first_sequence - 1
    epoch = schema.epoch
    row = connection.execute(
        select(epoch.c.parent, epoch.c.parent_sequence).where(epoch.c.box == box, epoch.c.epoch == batch.epoch)
    ).one()
    return row.parent, row.parent_sequence


def _tips(connection: Connection, box: str) -> list[Tip]:
    """Every end of a box's journal on which no other epoch goes on."""
    epoch, child = schema.epoch, schema.epoch.alias()
    goes_on = exists().where(
        and_(child.c.box == epoch.c.box, child.c.parent == epoch.c.epoch, child.c.parent_sequence >= epoch.c.taken)
    )
    rows = connection.execute(select(epoch.c.epoch, epoch.c.taken).where(epoch.c.box == box, ~goes_on))
    return [(row.epoch, row.taken) for row in rows]


def _left(connection: Connection, box: str) -> set[Tip]:
    tip = schema.left_tip
    rows = connection.execute(select(tip.c.epoch, tip.c.sequence).where(tip.c.box == box))
    return {(row.epoch, row.sequence) for row in rows}


def _leave(connection: Connection, box: str, tips: Sequence[Tip]) -> None:
    """Remember the ends that were left behind, in place of those that were before."""
    connection.execute(delete(schema.left_tip).where(schema.left_tip.c.box == box))
    rows = [{"box": box, "epoch": name, "sequence": sequence} for name, sequence in tips]
    if rows:
        connection.execute(schema.left_tip.insert(), rows)
