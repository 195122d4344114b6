"""The secure address: HTTPS as an extra beside the HTTP that always works.

* The key is made here, when the hub first says under which zone boxes have names; it never leaves the box.
* What the hub sends is judged before it counts: for this box's name and key, or it is as if it had not come.
* Chain and key are one file, put in the place of the former in one step: what serves them never sees a pair that does
  not fit. Whoever serves HTTPS watches that file; without it there is no HTTPS, and nothing else changes.
* It is offered only while it is good: by a clock that is trusted, begun, and for more than three days more. A secure
  address that greets people with a warning teaches them to click warnings away.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.durable import write_file
from edge.campus import words
from edge.config import Config
from sync import enrolment
from sync.campus.ownership import Side, Word
from sync.certificates import (
    ASKED,
    CERTIFICATE,
    CertificateRefused,
    chain_in,
    request_for,
    secure_name,
    zone_ruled,
)
from sync.clock import Moment
from sync.journal import Journal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

KEY_FILE = Path("keys/secure.key")
SERVED_FILE = Path("keys/secure.pem")
"""The name in a line of its own, the chain and the key: for whoever serves HTTPS before the box."""
MODE = 0o600
OFFERED_SECONDS_MIN = 3 * 86_400
HTTPS_PORT = 443

migrations = Migrations("edge.secure")


@migrations()
def secure(connection: Connection) -> None:
    """What was asked for, by name; and what is served: until when it is good, and which of the hub's words it is."""
    connection.executescript(
        """
        create table secure_asked (
            only integer primary key check (only = 1),
            name text not null
        ) strict;
        create table secure_served (
            only integer primary key check (only = 1),
            name text not null,
            begins_seconds integer not null,
            ends_seconds integer not null,
            stamp blob not null,
            is_refused integer not null
        ) strict;
        """
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A secure address that can be given to people now."""

    address: str
    ends_seconds: int


@dataclass(frozen=True, slots=True)
class Served:
    """The certificate that is served, good or not. `is_refused`: the hub's last word was none for this box."""

    name: str
    begins_seconds: int
    ends_seconds: int
    is_refused: bool = False


class Secure:
    """This box's secure address."""

    def __init__(
        self, database: Database, journal: Journal, data: Path, box: str, config: Callable[[], Config]
    ) -> None:
        self._database = database
        self._journal = journal
        self._data = data
        self._box = box
        self._config = config
        self._looking = threading.Lock()
        self.served = self._read()

    def look(self) -> None:
        """Do what the hub's words ask for: make the key, ask, serve what came. Cheap where nothing is new."""
        with self._looking:
            if enrolment.pinned(self._database) is None:
                return
            said = words.about(self._database.read(), "policy", CERTIFICATE)
            zone = zone_ruled(word for word in said if word.side is Side.HUB and word.about == "policy")
            if not zone:
                self._end()
                return
            name = secure_name(self._box, zone)
            self._ask(name)
            given = [word for word in said if word.about == CERTIFICATE and word.id == self._box]
            for word in given:
                if word.side is Side.HUB:
                    self._take(name, word)

    def offer(self, moment: Moment) -> Offer | None:
        """The address that people can be sent to now; None where there is none that greets them without a warning."""
        port = self._config().secure_port
        if not port or self.served is None or not is_good(self.served, moment):
            return None
        return Offer(_address(self.served.name, port), self.served.ends_seconds)

    def document(self, moment: Moment) -> dict[str, Any] | None:
        """How it stands, as `qanat box status --json` prints it; None where the hub rules no zone."""
        asked = self._database.read().execute("select name from secure_asked where only = 1").fetchone()
        if asked is None:
            return None
        offer, served = self.offer(moment), self.served
        return {
            "name": asked["name"],
            "is_offered": offer is not None,
            "ends_seconds": served.ends_seconds if served and served.ends_seconds else None,
            "is_refused": served.is_refused if served else False,
        }

    def _ask(self, name: str) -> None:
        """Ask for a certificate for this name, once; again where the key was lost.

        A box under a new name has a new key: a copied card must not go on with the one of the card it was copied from.
        """
        asked = self._database.read().execute("select name from secure_asked where only = 1").fetchone()
        former = "" if asked is None else str(asked["name"])
        if former not in ("", name):
            self._end()
        elif former and (self._data / KEY_FILE).exists():
            return
        request = request_for(name, self._key() or self._new_key())

        def write(connection: Connection) -> None:
            self._journal.append(connection, ASKED, "", {"request": request})
            connection.execute(
                "insert into secure_asked (only, name) values (1, ?) on conflict do update set name = excluded.name",
                [name],
            )

        self._database.write(write)

    def _take(self, name: str, word: Word) -> None:
        """Serve what the hub sent, if it is new and for us."""
        row = self._database.read().execute("select name, stamp from secure_served where only = 1").fetchone()
        if row is not None and (row["stamp"], row["name"]) == (word.stamp, name):
            return
        key, chain = self._key(), str(word.says.get("chain", ""))
        if key is None:
            # The card did not keep it: without it the next look makes a new one, and asks.
            (self._data / KEY_FILE).unlink(missing_ok=True)
            return
        try:
            good = chain_in(chain, name, key.public_key())
        except CertificateRefused:
            # What is served stays: a former certificate for this name may be good for weeks.
            former = self.served if self.served and self.served.name == name else Served(name, 0, 0)
            self._keep(word, Served(name, former.begins_seconds, former.ends_seconds, is_refused=True))
            return
        # The file first: a power cut between the two puts the same file there once more.
        write_file(self._data / SERVED_FILE, f"# {name}\n{chain.rstrip()}\n{_pem(key)}".encode(), MODE)
        self._keep(word, Served(name, good.begins_seconds, good.ends_seconds))

    def _keep(self, word: Word, served: Served) -> None:
        row = [served.name, served.begins_seconds, served.ends_seconds, word.stamp, int(served.is_refused)]
        self._database.write(
            lambda connection: connection.execute(
                "insert or replace into secure_served (only, name, begins_seconds, ends_seconds, stamp, is_refused)"
                " values (1, ?, ?, ?, ?, ?)",
                row,
            )
        )
        self.served = served

    def _end(self) -> None:
        """The hub rules no zone any more: nothing is served under a name that may be another's tomorrow."""
        if self._database.read().execute("select 1 from secure_asked where only = 1").fetchone() is None:
            return
        for path in (SERVED_FILE, KEY_FILE):
            (self._data / path).unlink(missing_ok=True)

        def write(connection: Connection) -> None:
            connection.execute("delete from secure_asked")
            connection.execute("delete from secure_served")

        self._database.write(write)
        self.served = None

    def _read(self) -> Served | None:
        row = (
            self._database.read()
            .execute("select name, begins_seconds, ends_seconds, is_refused from secure_served where only = 1")
            .fetchone()
        )
        return Served(row[0], row[1], row[2], row[3] == 1) if row else None

    def _key(self) -> "EllipticCurvePrivateKey | None":
        """The key that is here; None where there is none, or the card did not keep it."""
        # Loaded where a zone is ruled, and only when something is new.
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            found = serialization.load_pem_private_key((self._data / KEY_FILE).read_bytes(), password=None)
        except (OSError, ValueError, TypeError):
            return None
        return found if isinstance(found, ec.EllipticCurvePrivateKey) else None

    def _new_key(self) -> "EllipticCurvePrivateKey":
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        write_file(self._data / KEY_FILE, _pem(key).encode(), MODE)
        return key


def is_good(served: Served, moment: Moment) -> bool:
    """Tell whether people can be sent there now: by a clock that counts, begun, and not about to end."""
    now_seconds = moment.wall_seconds
    return moment.is_trusted and served.begins_seconds <= now_seconds < served.ends_seconds - OFFERED_SECONDS_MIN


def _address(name: str, port: int) -> str:
    return f"https://{name}/" if port == HTTPS_PORT else f"https://{name}:{port}/"


def _pem(key: "EllipticCurvePrivateKey") -> str:
    from cryptography.hazmat.primitives import serialization

    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, serialization.NoEncryption()).decode()
