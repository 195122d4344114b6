"""Enclosing: what goes with a letter that the letter itself may not say.

* A box that is reached by hand alone hears its campus's journal and the signed catalogue all the same.
* A new box gets all of it with its first stick, before it has said a word: what it may shelve comes with the courses.
* What it has of them it said in its last report or letter; what it lacks is enclosed, oldest first, as much as fits.
* The sealed file is kept as long as what is inside stays the same: a stick that has it is not written again.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from catalog.durable import disk_fault, write_file
from sync.batch import decode
from sync.carry.insert import BATCHES_MAX, Insert
from sync.carry.letter import NO_NONCE
from sync.carry.sealed import seal
from sync.following.signed import SIGNATURE_BYTES
from sync.hub.campus.journals import CampusJournals
from sync.hub.trust.catalogue import SignedCatalogue
from sync.keys import PublicKey
from sync.wire import CAN_CATALOGUE, CAN_FOLLOW, Followed, Head, Report

FOLDER = "inserts"
MODE = 0o600
ENCLOSED = (CAN_FOLLOW, CAN_CATALOGUE)
"""What a box must be able to take, for what is enclosed to be of use to it."""
UNTOLD = ""
"""The ends of a journal whose box has not told them since we keep them."""


class Enclosing:
    """Makes inserts."""

    def __init__(self, journals: CampusJournals, trust: SignedCatalogue, folder: Path) -> None:
        self._journals = journals
        self._trust = trust
        self._folder = folder

    def insert(self, connection: Connection, box: Row[Any]) -> Insert:
        """What this box is to be told beside its letter, in the caller's writing transaction."""
        asking, tells_ends = _asking(box), box.heads != UNTOLD
        batches: list[bytes] = []
        while len(batches) < BATCHES_MAX and (
            one := self._journals.next_batch(connection, box, asking, tells_ends=tells_ends)
        ):
            batches.append(one)
            asking = replace(asking, follows=_further(asking.follows, one))
        metadata = self._trust.full_in(connection) if CAN_CATALOGUE in asking.can else b""
        return Insert(tuple(batches), metadata)

    def sealed(self, box: Row[Any], insert: Insert) -> bytes:
        """The insert for this box's eyes only: the same bytes while it says the same. Raises DiskFull, BoxFault."""
        place = self._folder / FOLDER / f"{box.id}-{insert.digest}.age"
        try:
            if place.exists():
                return place.read_bytes()
            place.parent.mkdir(parents=True, exist_ok=True)
            sealed = io.BytesIO()
            seal(io.BytesIO(insert.to_bytes()), sealed, PublicKey(box.key))
            for former in place.parent.glob(f"{box.id}-*.age"):
                former.unlink(missing_ok=True)
        except OSError as error:
            raise disk_fault(error, place) from error
        write_file(place, sealed.getvalue(), MODE)
        return sealed.getvalue()


def _asking(box: Row[Any]) -> Report:
    """What the box would ask for, as far as it has said what it has."""
    follows = [Followed(*row) for row in json.loads(box.follows)]
    heads = [Head(*row) for row in json.loads(box.heads or "[]")]
    # Of a box that was never heard nobody knows that it is too old. One that is passes by what is enclosed.
    can = ENCLOSED if box.seen_seconds is None else [word for word in json.loads(box.can) if word in ENCLOSED]
    return Report(
        box.id, NO_NONCE, NO_NONCE, heads, shelf="", free_bytes=0, wall_seconds=0, is_clock_trusted=False,
        can=tuple(can), follows=follows,
    )  # fmt: skip


def _further(follows: Sequence[Followed], signed: bytes) -> list[Followed]:
    """What is here once this batch is here too."""
    batch = decode(signed[:-SIGNATURE_BYTES])
    others = [one for one in follows if (one.writer, one.epoch) != (batch.box, batch.epoch)]
    return [*others, Followed(batch.box, batch.epoch, batch.last_sequence)]
