"""Renewal: a box that runs from a copied card becomes a box of its own, under a new key, once its hub lets it.

* A copy makes a new key at once, and says it to its hub with each report for as long as its alarm stands; meanwhile it
  serves and reports under the name that it was copied with, and the hub keeps the two histories apart.
* Staff at the hub allow it. What they give is bound to the new key: nobody else can use it.
* The name changes when the hub has all that is here in a backup, in one transaction with the welcome: nothing that was
  acknowledged to a learner is left behind under the former name, and nothing is said twice.
* The former key stays, and so does the journal under it, to be read. Which key is the box's own, the database says:
  a cut between the two is mended at the next start.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.durable import move_into_place, sync_folder
from catalog.fault import BoxFault, CallerFault, LinkFault
from edge.birth.enrolling import pause_seconds
from sync import enrolment
from sync.clock import Moment
from sync.keys import KeyPair, box_id, fingerprint

if TYPE_CHECKING:
    from edge.box import Box

OWN_KEY = "box.key"
NEXT_KEY = "next-{card}.key"
"""Named by the card: whoever copies this one too makes a key of its own."""
FORMER_KEY = "former-{box}.key"

migrations = Migrations("edge.birth.renewal")


@migrations()
def renewal(connection: Connection) -> None:
    """What the hub gave: the secret of a token that is good for the next key alone."""
    connection.execute("create table renewal (only integer primary key check (only = 1), secret text not null) strict")


class NotQuiet(BoxFault):
    """Something was written while the box was about to change its name; it does so another time."""


def own_keys(folder: Path, database: Database) -> KeyPair:
    """The key that this box goes by; made where there is none yet, changed where the database says that it has."""
    keys = KeyPair.load_or_make(folder / OWN_KEY)
    pin = enrolment.pinned(database)
    own = box_id(keys.public)
    if pin is None or pin.box == own:
        return keys
    for path in sorted(folder.glob(NEXT_KEY.format(card="*"))):
        following = KeyPair.load(path)
        if pin.box == box_id(following.public):
            keys.save(folder / FORMER_KEY.format(box=own))
            move_into_place(path, folder / OWN_KEY)
            sync_folder(folder)
            return following
    return keys


class Renewal:
    """What one box does to get a name of its own."""

    def __init__(self, box: "Box") -> None:
        self._box = box
        self._failures = 0
        self._next_monotonic_seconds = 0.0
        self.is_done = False
        """The box has another name now, and has to be opened again."""
        self.when_done: Callable[[], None] = lambda: None

    @property
    def is_wanted(self) -> bool:
        """Whether this box runs from a copy, and nobody has said that it is the only one."""
        standing = {alarm.kind for alarm in self._box.alarms.standing()}
        return self._box.hub is not None and "hardware-changed" in standing

    def said(self) -> tuple[str, ...]:
        """What the report says of the hardware, and by which key this box would go."""
        row = self._box.hardware.now().row()
        return (*row, self._next_keys().public) if row and self.is_wanted else row

    def look(self) -> None:
        """Have the new key ready, at a start."""
        if self.is_wanted:
            self._next_keys()

    def hear(self, connection: Connection, secret: str) -> None:
        """Keep what the hub gives, in the transaction that believes its answer."""
        connection.execute("insert or replace into renewal (only, secret) values (1, ?)", [secret])

    def tick(self, moment: Moment) -> bool:
        """Change the name if that is allowed and it is quiet. Tells whether it was done."""
        secret = self._secret()
        if secret is None or self.is_done or moment.monotonic_seconds < self._next_monotonic_seconds:
            return False
        if not self._box.journal.is_safe():
            return False
        with suppress(BoxFault), self._box.nightly.alone():  # a session or a stick is at work: another minute does
            return self._ask(secret)
        return False

    def _ask(self, secret: str) -> bool:
        hub = self._box.hub
        assert hub is not None, "whoever was allowed something has a hub"
        keys = self._next_keys()
        token = enrolment.Token(secret, fingerprint(hub.hub_key))
        former = self._box.journal.box
        try:
            with self._box.open_link(hub.address) as link:
                try:
                    enrolment.enrol(
                        link, keys, token, self._box.config.name, hub.address, self._box.database,
                        self._box.random_bytes, lambda connection: self._become(connection, box_id(keys.public)),
                    )  # fmt: skip
                finally:
                    self._box.ledger.book(link.traffic.total_bytes)
        except (LinkFault, CallerFault, BoxFault):
            # It is asked again, with the same key, and gets the same welcome.
            self._box.journal.box = former
            self._failures += 1
            self._next_monotonic_seconds = self._box.clock.now().monotonic_seconds + pause_seconds(
                former, self._failures
            )
            return False
        self.is_done = True
        self._box.nightly.tell_to_stop()
        self.when_done()
        return True

    def _become(self, connection: Connection, name: str) -> None:
        """In the transaction that pins the welcome. Raises NotQuiet."""
        if not self._box.journal.become(connection, name):
            raise NotQuiet("Somebody did something just now.", "The box changes its name another time.")
        connection.execute("delete from renewal")
        for kind in ("hardware-changed", "card-cloned", "card-restored"):
            self._box.alarms.settle_in(connection, kind)

    def _next_keys(self) -> KeyPair:
        card = self._box.hardware.now().card
        return KeyPair.load_or_make(self._box.data / "keys" / NEXT_KEY.format(card=card))

    def _secret(self) -> str | None:
        row = self._box.database.read().execute("select secret from renewal where only = 1").fetchone()
        return row["secret"] if row else None
