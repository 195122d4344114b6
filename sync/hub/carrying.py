"""Carrying: what the hub writes to sticks and phones, and takes from them.

* A letter to a box is the answer that it would get over a link now. Nothing new to say: the same letter, byte for byte.
* Letters go first, then packs, the most urgent first; what several boxes need is written once. What has no room is
  said, and what is there can be used without it.
* A box's letter is taken as its reports are: by the same intake, once, whole and in order, erased learners left out.
* What a letter changes of the box's state counts only when no newer letter was taken; a box restored from an old card
  goes on above the numbers that the hub has seen, and a restored hub above those that its boxes have.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, Row, func, select, update

from catalog.digest import Digest, digest_of, digest_of_file
from catalog.durable import disk_fault
from catalog.fault import Fault, LinkFault
from sync.carry.carrier import Carrier, Listed, up_names
from sync.carry.insert import Insert
from sync.carry.letter import NO_NONCE, UP_BYTES_MAX, Down, Up, down_letter, read_up
from sync.carry.sealed import unseal
from sync.clock import Clock
from sync.hub import schema
from sync.hub.answers import ERASURES_MAX, PARCELS_MAX
from sync.hub.enclosing import Enclosing
from sync.hub.engine import insert as inserting
from sync.hub.engine import reading, writing
from sync.hub.fleet import Fleet, Refused, find, note_state, revoked
from sync.hub.intake import Contradicted, Intake, marks_for
from sync.hub.offers import Due
from sync.hub.packing import Packing
from sync.keys import KeyPair
from sync.plan import lane_of
from sync.wire import HEADS_MAX, Answer, Head, Parcel, Report, holdings_of


@dataclass(frozen=True, slots=True)
class Letters:
    """What is to be carried to some boxes: a letter each, and the packs that these name, the most urgent first."""

    bodies: Mapping[str, bytes]
    """By box."""
    packs: tuple[Listed, ...]
    inserts: Mapping[str, bytes] = field(default_factory=dict)
    """What is enclosed with a letter, sealed, by box."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one box's letter."""

    box: str
    name: str
    campus: str
    events: int
    """Events that the hub did not have."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came from a stick or a phone. `faults` are the letters that could not be taken, and why."""

    heard: tuple[Heard, ...]
    faults: tuple[Fault, ...]

    @property
    def events(self) -> int:
        return sum(one.events for one in self.heard)

    @property
    def campuses(self) -> list[str]:
        """The campuses whose boxes wrote, each once."""
        return list(dict.fromkeys(one.campus for one in self.heard))


class Carrying:
    """The hub's side of sticks and phones."""

    def __init__(
        self,
        engine: Engine,
        keys: KeyPair,
        fleet: Fleet,
        intake: Intake,
        packing: Packing,
        enclosing: Enclosing,
        clock: Clock,
        folder: Path,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._fleet = fleet
        self._intake = intake
        self._packing = packing
        self._enclosing = enclosing
        self._clock = clock
        self._folder = folder

    def letters(self, campuses: Collection[str]) -> Letters:
        """A letter to every box of these campuses. Reads a pack whole when it is listed for the first time."""
        with reading(self._engine) as connection:
            boxes = _boxes_of(connection, campuses)
            plans = {box.id: self._plan(connection, box) for box in boxes}
        packs = self._listed(plans.values())
        bodies, inserts = {}, {}
        for box in boxes:
            plan = [parcel for parcel in plans[box.id] if parcel.pack in packs]
            with writing(self._engine) as connection:
                insert = self._enclosing.insert(connection, box)
                bodies[box.id] = self._letter(connection, box.id, plan, packs, insert)
            if not insert.is_empty:
                inserts[box.id] = self._enclosing.sealed(box, insert)
        urgent = by_urgency([[one for one in plan if one.pack in packs] for plan in plans.values()])
        return Letters(bodies, tuple(packs[pack] for pack in urgent), inserts)

    def path(self, listed: Listed) -> Path | None:
        """Where a pack lies at the hub; None where it is gone by now."""
        return self._packing.find(listed.pack)

    def take(self, carrier: Carrier) -> Taken:
        """Take in every letter of a box that lies there. A letter that cannot be taken does not keep others out.

        Raises StickBroken where the carrier itself is gone, DiskFull or BoxFault where the hub's own disk will not do.
        """
        heard: list[Heard] = []
        faults: list[Fault] = []
        for name in up_names(carrier.files()):
            with carrier.open(name) as sealed:
                try:
                    heard.append(self._take(sealed, faults))
                except (LinkFault, Refused) as fault:
                    faults.append(fault)
        return Taken(tuple(heard), tuple(faults))

    def _take(self, sealed: BinaryIO, faults: list[Fault]) -> Heard:
        """Take one letter; a batch in it that cannot be taken is added to `faults`, and the rest goes on.

        Raises LetterRefused, Refused.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with TemporaryFile(dir=self._folder) as plain:
                unseal(sealed, plain, self._keys, UP_BYTES_MAX)
                plain.seek(0)
                letter, batches = read_up(plain, self._fleet.key)
                return self._heard(letter, batches, faults)
        except OSError as error:
            raise disk_fault(error, self._folder) from error

    def _heard(self, letter: Up, batches: Iterable[bytes], faults: list[Fault]) -> Heard:
        box_id = letter.report.box
        with reading(self._engine) as connection:
            before = _events(connection, box_id)
        for batch in batches:
            try:
                with writing(self._engine) as connection:
                    box, report = _living(connection, box_id), self._report(letter, batch)
                    self._intake.take(connection, box, report, self._now(), is_live=False)
            except Contradicted as contradicted:
                self._intake.flag(box_id, contradicted.epoch, self._now())
                faults.append(contradicted)
            except Refused as refused:
                if refused.code != "batch":
                    raise
                faults.append(refused)
        self._intake.readout.wake()
        with writing(self._engine) as connection:
            box = _living(connection, box_id)
            if self._is_newest(connection, letter):
                note_state(connection, letter.report, self._now())
            events = _events(connection, box_id) - before
        return Heard(box.id, box.name, box.campus, events)

    def _report(self, letter: Up, batch: bytes) -> Report:
        return replace(letter.report, batch=batch)

    def _is_newest(self, connection: Connection, letter: Up) -> bool:
        """Note the letter's number; tells whether no later one was taken before."""
        table = schema.letter
        row = _letter_row(connection, letter.report.box)
        if letter.heard > row.number:
            # The hub was restored from a backup: its next letter goes above what the box has believed.
            connection.execute(
                update(table).where(table.c.box == row.box).values(number=letter.heard, says="", body=b"")
            )
        if letter.number <= row.heard:
            if letter.number < row.heard:
                # An old letter, or a box that was restored from an old card: the next letter tells it how far it was.
                connection.execute(update(table).where(table.c.box == row.box).values(says=""))
            return False
        asked = json.dumps([head.epoch for head in letter.report.heads])
        connection.execute(update(table).where(table.c.box == row.box).values(heard=letter.number, asked=asked))
        return True

    def _plan(self, connection: Connection, box: Row[Any]) -> Sequence[Parcel]:
        """What the box lacks, as far as the hub knows what it holds; its packs that lie ready, in order."""
        return self._due(connection, box).parcels[:PARCELS_MAX]

    def _due(self, connection: Connection, box: Row[Any]) -> Due:
        holdings = holdings_of(json.loads(box.holdings))
        return self._packing.due(connection, box.campus, holdings, json.loads(box.can))

    def _listed(self, plans: Iterable[Sequence[Parcel]]) -> dict[str, Listed]:
        """Every pack of these plans that is there, with the name of its bytes."""
        packs = {parcel.pack: parcel.size_bytes for plan in plans for parcel in plan}
        table = schema.carried_pack
        with reading(self._engine) as connection:
            known = {row.name: row.digest for row in connection.execute(select(table))}
        listed = {}
        for pack, size_bytes in packs.items():
            path = self._packing.find(pack)
            if path is None or not path.exists():
                continue
            digest = known.get(pack) or digest_of_file(path)
            if pack not in known:
                with writing(self._engine) as connection:
                    row = {"name": pack, "digest": digest}
                    connection.execute(inserting(connection, table).values(row).on_conflict_do_nothing())
            listed[pack] = Listed(pack, size_bytes, Digest(digest))
        return listed

    def _letter(
        self,
        connection: Connection,
        box_id: str,
        plan: Sequence[Parcel],
        packs: Mapping[str, Listed],
        insert: Insert,
    ) -> bytes:
        """The letter that says this; the last one again where it says the same."""
        box = _living(connection, box_id)
        row = _letter_row(connection, box_id)
        answer = Answer(
            request=NO_NONCE,
            # Where the talk over the link stands: by it the box tells whether it has heard anything newer since.
            nonce=box.nonce,
            marks=marks_for(connection, _asking(connection, row)),
            plan=plan,
            erased=_erased(connection, box_id),
            withdrawn=self._due(connection, box).withdrawn,
        )
        listed = tuple({parcel.pack: packs[parcel.pack] for parcel in plan}.values())
        enclosed = "" if insert.is_empty else insert.digest
        letter = Down(self._keys.public, box.id, box.campus, row.number, row.heard, answer, listed, enclosed)
        # Numbers apart: two sides that answered each other's answers would never come to rest.
        says = digest_of(replace(letter, number=0, heard=0).to_bytes())
        if row.says == says:
            return bytes(row.body)
        timed = replace(answer, wall_seconds=self._now())
        body = down_letter(replace(letter, number=row.number + 1, answer=timed), self._keys)
        connection.execute(
            update(schema.letter)
            .where(schema.letter.c.box == box_id)
            .values(number=row.number + 1, says=says, body=body)
        )
        return body

    def _now(self) -> int:
        return self._clock.now().wall_seconds


def by_urgency(plans: Sequence[Sequence[Parcel]]) -> list[str]:
    """The packs of several plans, each once: by lane, and within it what stands first in its plan first."""
    placed = sorted(
        (lane_of(parcel.layer), place, number, parcel.pack)
        for number, plan in enumerate(plans)
        for place, parcel in enumerate(plan)
    )
    return list(dict.fromkeys(pack for *_, pack in placed))


def _boxes_of(connection: Connection, campuses: Collection[str]) -> Sequence[Row[Any]]:
    box = schema.box
    here = (
        select(box).where(box.c.campus.in_(campuses), box.c.revoked_seconds.is_(None)).order_by(box.c.campus, box.c.id)
    )
    return connection.execute(here).all()


def _living(connection: Connection, box_id: str) -> Row[Any]:
    """The box's row, locked. Raises Refused where it was taken out of service."""
    box = find(connection, box_id, is_locking=True)
    if box is None or box.revoked_seconds is not None:
        raise revoked()
    return box


def _letter_row(connection: Connection, box_id: str) -> Row[Any]:
    table = schema.letter
    first = {"box": box_id, "number": 0, "says": "", "body": b"", "heard": 0, "asked": "[]"}
    connection.execute(inserting(connection, table).values(first).on_conflict_do_nothing())
    return connection.execute(select(table).where(table.c.box == box_id)).one()


def _asking(connection: Connection, row: Row[Any]) -> Report:
    """What a box would report that asks about every epoch of its own, and those that its last letter asked about.

    The second are how a restored hub learns of epochs that it has lost.
    """
    epoch = schema.epoch
    own = select(epoch.c.epoch).where(epoch.c.box == row.box).order_by(epoch.c.epoch)
    names = dict.fromkeys([*json.loads(row.asked), *connection.execute(own).scalars()])
    heads = [Head(name, 0, NO_NONCE) for name in list(names)[:HEADS_MAX]]
    return Report(row.box, NO_NONCE, NO_NONCE, heads, shelf="", free_bytes=0, wall_seconds=0, is_clock_trusted=False)


def _erased(connection: Connection, box_id: str) -> list[str]:
    notice = schema.erasure_notice
    rows = select(notice.c.learner).where(notice.c.box == box_id).order_by(notice.c.learner).limit(ERASURES_MAX)
    return list(connection.execute(rows).scalars())


def _events(connection: Connection, box_id: str) -> int:
    epoch = schema.epoch
    return int(connection.execute(select(func.sum(epoch.c.taken + 1)).where(epoch.c.box == box_id)).scalar_one() or 0)
