"""Enclosed: what came with a letter of the hub, sealed for this box: followed journals, and the signed catalogue.

* It is read only where the letter, which the hub signed, names it; what is inside bears signatures of its own.
* One batch that cannot be taken keeps neither the others nor the courses out: it is said.
* It is unsealed into memory that is bounded, never into a file: it tells of learners.
"""

import io
from functools import partial
from typing import TYPE_CHECKING

from catalog.digest import digest_of
from catalog.fault import Fault
from sync.batch import BatchRefused
from sync.carry.carrier import Carrier, insert_name
from sync.carry.insert import INSERT_BYTES_MAX, Insert
from sync.carry.letter import Down, LetterRefused
from sync.carry.sealed import unseal
from sync.fields import MessageRefused
from sync.keys import PublicKey

if TYPE_CHECKING:
    from edge.box import Box


def take_in(box: "Box", letter: Down, carrier: Carrier, hub: PublicKey) -> list[Fault]:
    """Take in what is enclosed with a letter that was proven. Returns what could not be taken, and why."""
    if not letter.insert:
        return []
    try:
        insert = _opened(box, letter, carrier)
    except (LetterRefused, MessageRefused) as refused:
        return [refused]
    faults: list[Fault] = []
    for signed in insert.batches:
        try:
            box.database.write(partial(box.following.take, signed=signed, hub=hub))
        except BatchRefused as refused:
            faults.append(refused)
    seconds = letter.answer.wall_seconds
    box.database.write(lambda connection: box.catalogues.hear_time(connection, seconds))
    fault = box.database.write(lambda connection: box.catalogues.take(connection, insert.metadata))
    return [*faults, fault] if fault is not None else faults


def _opened(box: "Box", letter: Down, carrier: Carrier) -> Insert:
    """Raises LetterRefused, MessageRefused."""
    name = insert_name(box.id)
    if name not in carrier.files():
        raise _missing()
    plain = io.BytesIO()
    with carrier.open(name) as sealed:
        unseal(sealed, plain, box.keys, INSERT_BYTES_MAX)
    if digest_of(plain.getvalue()) != letter.insert:
        raise _missing()
    return Insert.from_bytes(plain.getvalue())


def _missing() -> LetterRefused:
    return LetterRefused(
        "What the hub enclosed with its letter to this box is not on the stick.",
        "Courses that were known before come all the same. Have the hub write the stick again for the rest.",
    )
