"""Campus journals: what the hub says to each campus, written as boxes write theirs, and followed by every box of it.

* An event is appended inside the caller's transaction, with what is read out of it; nobody else writes the same
  journal meanwhile, so that several processes of one hub never give a number twice.
* Each run of the hub writes epochs of its own, and names what it goes on from. So a hub that was put back from a backup
  never says a second thing under a name that is taken; what it had said and lost it asks its boxes for.
* What a box gives back is taken because the hub itself signed it, and at no box's word.
* Which events a box lacks is worked out from what it says it has: nothing is kept per box, and nothing is sent twice
  in a night but by chance.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select, text, update

from catalog.digest import sha256
from catalog.manifest import canonical
from sync.batch import Batch, BatchRefused, blanked
from sync.clock import Clock
from sync.continuation import NONE_TAKEN, Forked, continued
from sync.events import (
    CHAIN_START,
    KEY_BYTES,
    NO_PAYLOAD_HASH,
    PAYLOAD_BYTES_MAX,
    PUBLIC_SALT_KEY,
    Event,
    is_as_its_kind,
    is_kind,
    payload_hash,
)
from sync.following.followed import parents_in
from sync.following.signed import opened, signed
from sync.hub import projections, schema
from sync.hub.campus import kept
from sync.hub.campus.forgetting import blank, untold
from sync.hub.campus.standing import held_of, lacking, tips
from sync.hub.engine import insert
from sync.hub.fleet import Refused
from sync.keys import KeyPair, PublicKey, base64url, from_base64url
from sync.wire import CAN_FOLLOW, Followed, Report

START_BYTES = 12
EPOCH_BYTES = 12
GIVEN_BACK = ""
"""The start of an epoch that came back from a box: no run of the hub goes on with it."""


class History(Protocol):
    """What a box lacks of its own journal, and of those of boxes that it replaces."""

    def __call__(self, connection: Connection, box: Row[Any], report: Report, *, tells_ends: bool) -> bytes | None:
        """The next signed batch; None where it has all."""
        ...


Refresh = Callable[[Connection, str], None]
"""Says what is new to a campus, in the transaction of the answer."""


class CampusJournals:
    """The hub's own journal for each campus."""

    def __init__(
        self, keys: KeyPair, clock: Clock, random_bytes: Callable[[int], bytes], history: History | None = None
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._random_bytes = random_bytes
        self._history = history
        self._start = ""
        self._refreshes: list[Refresh] = []

    def when_asked(self, refresh: Refresh) -> None:
        """Let another part of the hub say what is new to a campus, before one of its boxes is answered."""
        self._refreshes.append(refresh)

    def append(
        self, connection: Connection, campus: str, kind: str, payload: Mapping[str, Any], learner: str = ""
    ) -> Event:
        """Say one thing to a campus, in the caller's writing transaction, and read it out into the hub's own tables.

        `learner` is "" for what is nobody's. A "learner" event gets the learner's key from here.
        """
        assert is_kind(kind), f"{kind!r} is no kind of event"
        _lock(connection, campus)
        epoch, sequence, previous = self._end(connection, campus)
        key = self._key(connection, campus, epoch, learner) if learner else PUBLIC_SALT_KEY
        fields = {**payload, "key": base64url(key)} if kind == "learner" else payload
        assert is_as_its_kind(kind, fields), f"a {kind} event cannot say {sorted(fields)}"
        data = canonical(fields)
        assert len(data) <= PAYLOAD_BYTES_MAX, "what is said is too long: whoever asks for it looks before"
        hashed = payload_hash(key, campus, epoch, sequence + 1, data)
        event = self._event(epoch, sequence + 1, kind, learner, data, hashed)
        last = kept.write(connection, campus, previous, event)
        keys = {learner: key} if learner else {}
        projections.project(connection, campus, Batch(campus, epoch, previous, (event,), last, keys))
        return event

    def erase(self, connection: Connection, campus: str, learner: str) -> None:
        """Tell a campus to forget a learner of whom this journal spoke; what it said is blanked, the key destroyed."""
        _lock(connection, campus)
        blank(connection, campus, learner)
        epoch, sequence, previous = self._end(connection, campus)
        kept.write(
            connection, campus, previous, self._event(epoch, sequence + 1, "erased", learner, None, NO_PAYLOAD_HASH)
        )

    def next_batch(self, connection: Connection, box: Row[Any], report: Report, *, tells_ends: bool = True) -> bytes:
        """The oldest events that this box lacks of its campus's journal, signed; then of its history; or b"".

        `tells_ends`: the report says where the box's own journal ends.
        """
        if CAN_FOLLOW not in report.can:
            return b""
        for refresh in self._refreshes:
            refresh(connection, box.campus)
        for learner in untold(connection, box.campus):
            self.erase(connection, box.campus, learner)
        own = {one.epoch: one.sequence for one in report.follows if one.writer == box.campus}
        epochs = kept.epochs_of(connection, box.campus)
        held = held_of(epochs, own)
        for epoch in epochs:
            last = held.get(epoch.name, NONE_TAKEN)
            if last < epoch.last and (batch := kept.batch_after(connection, box.campus, epoch.name, last)) is not None:
                return signed(batch, self._keys)
        history = None if self._history is None else self._history(connection, box, report, tells_ends=tells_ends)
        return history or b""

    def asks(self, connection: Connection, box: Row[Any], report: Report) -> list[Followed]:
        """What this hub said once and has lost, and this box can give back: it was put back from a backup."""
        own = {one.epoch: one.sequence for one in report.follows if one.writer == box.campus}
        if not own:
            return []
        wanted = lacking(kept.epochs_of(connection, box.campus), own)
        return [Followed(box.campus, epoch, sequence) for epoch, sequence in sorted(wanted.items())]

    def take_back(self, connection: Connection, box: Row[Any], data: bytes) -> bool:
        """Take what a box gives back of this hub's own words. Returns whether anything of it was lost here.

        Raises Refused where this hub did not sign it, or where it is another campus's.
        """
        try:
            came = opened(data, PublicKey(self._keys.public))
            if came.box != box.campus:
                raise BatchRefused("These events are another campus's.", "Set the box up anew for its own campus.")
            _lock(connection, box.campus)
            taken, last = kept.end_of(connection, box.campus, came.epoch)
            new = continued(came, taken, last)
        except Forked as forked:
            raise Refused(
                "batch",
                "This hub has said other things under the same numbers.",
                "Two hubs may share one key: keep one.",
            ) from forked
        except BatchRefused as fault:
            raise Refused("batch", fault.sentence, fault.hint) from fault
        if new is None:
            return False
        without = blanked(new, _erased(connection, box.campus, new))
        self._take(connection, box.campus, without, is_first=taken == NONE_TAKEN)
        return True

    def _take(self, connection: Connection, campus: str, batch: Batch, *, is_first: bool) -> None:
        if is_first:
            kept.begin(connection, campus, batch.epoch, GIVEN_BACK, parents_in(batch))
        else:
            # Its end is no longer where this run left it.
            table = schema.campus_epoch.c
            named = (table.campus == campus, table.epoch == batch.epoch)
            connection.execute(update(schema.campus_epoch).where(*named).values(start=GIVEN_BACK))
        last = batch.previous_hash
        for event in batch.events:
            last = kept.write(connection, campus, last, event)
        for learner, key in batch.keys.items():
            row = {"campus": campus, "epoch": batch.epoch, "learner": learner, "key": key}
            connection.execute(insert(connection, schema.campus_key).values(row).on_conflict_do_nothing())
        for event in batch.events:
            if event.kind == "erased" and event.learner:
                blank(connection, campus, event.learner)
        projections.project(connection, campus, batch)

    def _end(self, connection: Connection, campus: str) -> tuple[str, int, bytes]:
        """Where this run's epoch ends; begins one where the journal's end is another run's, or it has two ends."""
        self._start = self._start or base64url(self._random_bytes(START_BYTES))
        epochs = kept.epochs_of(connection, campus)
        ends = tips(epochs)
        newest = ends[-1] if ends else None
        if newest is not None and newest.start == self._start and len(ends) == 1:
            return newest.name, *kept.end_of(connection, campus, newest.name)
        name = base64url(self._random_bytes(EPOCH_BYTES))
        fields: dict[str, Any] = {}
        if newest is not None:
            last = kept.end_of(connection, campus, newest.name)[1]
            fields = {"parent": newest.name, "sequence": newest.last, "hash": base64url(last)}
        if len(ends) > 1:
            fields["also"] = [[one.name, one.last] for one in ends[:-1]]
        kept.begin(connection, campus, name, self._start, {one.name: one.last for one in ends})
        data = canonical(fields)
        hashed = payload_hash(PUBLIC_SALT_KEY, campus, name, 0, data)
        return name, 0, kept.write(connection, campus, CHAIN_START, self._event(name, 0, "epoch", "", data, hashed))

    def _key(self, connection: Connection, campus: str, epoch: str, learner: str) -> bytes:
        table = schema.campus_key.c
        rows = connection.execute(
            select(table.epoch, table.key).where(table.campus == campus, table.learner == learner)
        )
        known = {row.epoch: bytes(row.key) for row in rows}
        if epoch in known:
            return known[epoch]
        drawn = self._key_known(connection, campus, learner) or next(iter(known.values()), b"")
        key = drawn or self._random_bytes(KEY_BYTES)
        connection.execute(schema.campus_key.insert().values(campus=campus, epoch=epoch, learner=learner, key=key))
        return key

    def _key_known(self, connection: Connection, campus: str, learner: str) -> bytes:
        """The key that this learner's box gave them: one learner, one key to destroy."""
        table = schema.learner.c
        known = connection.execute(select(table.key).where(table.campus == campus, table.learner == learner)).scalar()
        try:
            key = from_base64url(known or "")
        except ValueError:
            return b""
        return key if len(key) == KEY_BYTES else b""

    def _event(self, epoch: str, sequence: int, kind: str, learner: str, data: bytes | None, hashed: bytes) -> Event:
        now = self._clock.now()
        monotonic_ms = int(now.monotonic_seconds * 1000)
        return Event(epoch, sequence, kind, learner, data, hashed, now.wall_seconds, monotonic_ms, now.is_trusted)


def _lock(connection: Connection, campus: str) -> None:
    """Let nobody else write this campus's journal until the transaction ends. (SQLite has one writer anyhow.)"""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(sha256(b"qanat campus journal\0" + campus.encode())[:8], "big", signed=True)
        connection.execute(text("select pg_advisory_xact_lock(:number)"), {"number": number})


def _erased(connection: Connection, campus: str, batch: Batch) -> set[str]:
    if not batch.keys:
        return set()
    erased = schema.erased.c
    found = select(erased.learner).where(erased.campus == campus, erased.learner.in_(list(batch.keys)))
    return set(connection.execute(found).scalars())
