"""The signed catalogue, as the hub serves it: news for each box, all of it for sticks and mirrors.

* Whatever is on offer is signed before an answer names it: by the turn that built it, or by the answer itself.
* A box is told what it lacks, as a difference to what it holds, and nothing where it lacks nothing.
* A box that has seen higher numbers than the hub remembers has met this hub before a restore: all is signed anew above,
  and roots too where the keys for that are here. Where they are not, or a box believes none of it, staff hear of it.
* A catalogue that is mirrored is passed on as it came. The keys are made at the first need, and cost next to nothing.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, exists, select

from catalog.fault import Fault
from catalog.releases import Releases
from catalog.trust.roles import ROOT
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.keeping import alarms
from sync.hub.keeping.alarms import THE_HUB, Kind
from sync.hub.trust import documents, signing, told
from sync.hub.trust.documents import Standing
from sync.hub.trust.keys import KeyMissing, KeyRing
from sync.hub.trust.told import REFUSED_TIMES_MAX
from sync.wire import CAN_CATALOGUE, Catalogued, Report

if TYPE_CHECKING:
    from catalog.trust.delta import Part

PARTS_REMEMBERED_MAX = 64
"""A thousand boxes that hold the same are told the same; it is packed once."""


@dataclass(frozen=True, slots=True)
class _Way:
    """From what a box holds of a catalogue to what there is."""

    standing: Standing
    root_version: int
    timestamp_version: int


class SignedCatalogue:
    """What boxes may shelve, signed."""

    def __init__(self, engine: Engine, releases: Releases, ring: KeyRing, clock: Clock) -> None:
        self.ring = ring
        self.fault: Fault | None = None
        """Why nothing could be signed the last time; None when it could."""
        self._engine = engine
        self._releases = releases
        self._clock = clock
        self._parts: OrderedDict[_Way, Part] = OrderedDict()

    def catch_up(self) -> None:
        """Sign what is due, if that can be; `fault` says why not. What is on offer then waits to be signed."""
        with writing(self._engine) as connection:
            self.try_to_sign(connection)

    def sign(self, connection: Connection, above_version: int = 0) -> str:
        """Sign what is due, in the caller's transaction; returns the catalogue's name. Raises KeyMissing, BoxFault."""
        catalogue = self.begun(connection)
        if above_version or self._is_due(connection):
            signing.sign(connection, catalogue, self.ring.find, self._now(), above_version=above_version)
        return catalogue

    def begun(self, connection: Connection) -> str:
        """The catalogue's name, in the caller's transaction; it is made where there is none yet. Nothing is signed."""
        return signing.own(connection) or signing.begin(connection, self.ring, self._releases, self._now())

    def try_to_sign(self, connection: Connection, above_version: int = 0) -> None:
        """Sign what is due if that can be, in the caller's transaction. Where not, `fault` says why, and nothing of
        it stays: what was signed before goes on to serve."""
        try:
            with connection.begin_nested():
                self.sign(connection, above_version)
            self.fault = None
        except Fault as fault:
            self.fault = fault  # staff see it on the catalogue's page; boxes go on with what they have

    def metadata_for(self, connection: Connection, report: Report) -> bytes:
        """What this box should hear of catalogues, in the transaction of its answer; b"" where it lacks nothing."""
        if CAN_CATALOGUE not in report.can:
            return b""
        seen = {one.catalogue: one for one in report.catalogues}
        self._make_ready(connection, seen)
        self._hear_what_is_believed(connection, report.box, seen)
        ways = [way for one in documents.standings(connection) if (way := _way(one, seen.get(one.catalogue)))]
        for way in ways:
            if way.standing.is_own:
                told.tell(connection, report.box, way.standing)
        if not ways:
            return b""
        # Loaded when something goes down: it brings the compressor.
        from catalog.trust import delta

        return delta.to_bytes([self._part(connection, way) for way in ways])

    def full(self) -> bytes:
        """Every catalogue from its first root on, for sticks and letters."""
        with writing(self._engine) as connection:
            return self.full_in(connection)

    def full_in(self, connection: Connection) -> bytes:
        """`full`, in the caller's transaction."""
        from catalog.trust import delta

        self._make_ready(connection, {})
        return delta.to_bytes(
            [
                self._part(connection, _Way(one, 0, 0))
                for one in documents.standings(connection)
                if one.timestamp_version
            ]
        )

    def chain(self, catalogue: str) -> bytes | None:
        """One catalogue from its first root on, for a hub that mirrors it; None where it is not here."""
        from catalog.trust import delta

        with reading(self._engine) as connection:
            for one in documents.standings(connection):
                if one.catalogue == catalogue and one.timestamp_version:
                    return delta.to_bytes([self._part(connection, _Way(one, 0, 0))])
        return None

    def _make_ready(self, connection: Connection, seen: dict[str, Catalogued]) -> None:
        """Sign what is due before it is told."""
        standing = _own(connection)
        above_version = 0
        if standing is not None:
            box = seen.get(standing.catalogue)
            is_ahead = box is not None and box.timestamp_version > standing.timestamp_version
            differs = box is not None and not box.root_version and box.timestamp_version == standing.timestamp_version
            if box is not None and (is_ahead or differs):
                above_version = box.timestamp_version
            if standing.seen_root_version:
                self._catch_up_with_boxes(connection, standing, above_version)
        self.try_to_sign(connection, above_version)

    def _catch_up_with_boxes(self, connection: Connection, own: Standing, above_version: int) -> None:
        """Boxes have shown roots that this hub forgot: sign above them, or let somebody know."""
        if self._renew_above(connection, own, own.seen_root_version, above_version):
            alarms.settle(connection, THE_HUB, Kind.KEYS_FORGOTTEN, self._now())
        else:
            alarms.raise_alarm(connection, THE_HUB, Kind.KEYS_FORGOTTEN, self._now())

    def _renew_above(self, connection: Connection, own: Standing, above_root: int, above_version: int = 0) -> bool:
        """Sign roots above this one, with new keys for what the hub signs by itself: those of the backup may have been
        replaced since because they were stolen. Returns whether that could be.

        Only a hub that was put back does so unasked, and not without end, whatever boxes claim.
        """
        if not own.restored_root_version or above_root >= own.restored_root_version + documents.ROOTS_FORGOTTEN_MAX:
            return False
        try:
            with connection.begin_nested():
                self._renew(connection, own, above_root, above_version)
        except KeyMissing:
            return False
        return True

    def _renew(self, connection: Connection, own: Standing, above_root: int, above_version: int) -> None:
        from catalog.trust.metadata import publics_in

        root = documents.newest(connection, own.catalogue, ROOT)
        assert root is not None, "a catalogue begins with its root"
        signers = signing.root_signers(self.ring, root)
        keys = publics_in(root.body) | {role: [self.ring.make(role).public] for role in signing.ONLINE_ROLES}
        signing.add_roots(connection, own.catalogue, keys, signers, self._now(), above_root)
        above_version = max(above_version, own.timestamp_version)
        signing.sign(connection, own.catalogue, self.ring.find, self._now(), above_version=above_version)

    def _hear_what_is_believed(self, connection: Connection, box: str, seen: dict[str, Catalogued]) -> None:
        """A box that comes back without what it was told, time after time, does not believe it."""
        own = _own(connection)
        if own is None:
            return
        holds = seen.get(own.catalogue)
        before, times = told.times_refused(connection, box, holds)
        if before >= REFUSED_TIMES_MAX > times:
            alarms.settle(connection, box, Kind.LIST_REFUSED, self._now())
        if times < REFUSED_TIMES_MAX:
            return
        # It may hold another root of the same number, of before this hub was put back: one above serves both.
        is_same_number = holds is not None and holds.root_version == own.root_version
        if not (is_same_number and self._renew_above(connection, own, own.root_version)):
            alarms.raise_alarm(connection, box, Kind.LIST_REFUSED, self._now())

    def _part(self, connection: Connection, way: _Way) -> "Part":
        from catalog.trust import delta

        if way in self._parts:
            self._parts.move_to_end(way)
            return self._parts[way]
        name = way.standing.catalogue
        base = documents.held(connection, name, way.root_version, way.timestamp_version)
        now = documents.held(connection, name, way.standing.root_version, way.standing.timestamp_version)
        assert now is not None, "what the hub signed last is whole"
        known = {one.role: one.version for one in base.documents.values()} if base else {}
        news = documents.roots(connection, name, way.root_version)
        news += [one for one in now.documents.values() if one.role != "root" and known.get(one.role) != one.version]
        part = delta.part_of(name, news, base)
        self._parts[way] = part
        while len(self._parts) > PARTS_REMEMBERED_MAX:
            self._parts.popitem(last=False)
        return part

    def _is_due(self, connection: Connection) -> bool:
        role, own = schema.trust_role, schema.trust_catalogue
        is_changed = exists().where(role.c.is_due == signing.DUE, role.c.revoked_seconds.is_(None))
        is_old = exists().where(own.c.is_own == 1, own.c.renew_seconds <= self._now())
        return bool(connection.execute(select(is_changed | is_old)).scalar_one())

    def _now(self) -> int:
        return self._clock.now().wall_seconds


def _own(connection: Connection) -> Standing | None:
    return next((one for one in documents.standings(connection) if one.is_own), None)


def _way(standing: Standing, box: Catalogued | None) -> _Way | None:
    """What a box has to be told of a catalogue; None where that is nothing."""
    if not standing.timestamp_version:
        return None
    if box is None or not box.root_version:
        return _Way(standing, 0, 0)
    is_ahead = box.root_version > standing.root_version or box.timestamp_version > standing.timestamp_version
    is_same = (box.root_version, box.timestamp_version) == (standing.root_version, standing.timestamp_version)
    return None if is_ahead or is_same else _Way(standing, box.root_version, box.timestamp_version)
