"""Birth: a box takes what its seed says, once, and lets go of the seed's secrets when they have served.

* The seed lies in the data folder, where the first boot put it. It is taken when the box opens, before anything else:
  settings that box.toml does not have yet, the staff code, and which card this is.
* Taking may be cut at any line: it is done again, with the same end, until one transaction says that it is done.
* A seed with another id counts only while the box belongs to no hub: a new one is put on a card whose token failed.
* A seed that cannot be read or used keeps no box from opening; it is an alarm.
* The secrets go once the box has its hub, or once a box without a token has its staff: first is written what the card's
  own copy is to become (`SPENT_FILE`, for whoever may write there), then the seed itself.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlite_utils.migrations import Migrations

from catalog.db import Connection
from catalog.durable import write_file
from catalog.fault import CallerFault
from edge.config import FILE as SETTINGS_FILE
from edge.config import NAME_CHARACTERS_MAX

if TYPE_CHECKING:
    from edge.birth.seed import Seed
    from edge.box import Box

SEED_FILE = "seed.json"
SPENT_FILE = "seed-spent"
"""The bytes that are to stand in the place of the card's seed: the same seed without its secrets."""
SECRET_MODE = 0o600

migrations = Migrations("edge.birth")


@migrations()
def birth(connection: Connection) -> None:
    connection.execute(
        """
        create table birth (
            only integer primary key check (only = 1),
            seed text not null,
            batch text not null,
            number integer not null,
            campus_name text not null
        ) strict
        """
    )


class Birth:
    """What a box has of its seed."""

    def __init__(self, box: "Box") -> None:
        self._box = box
        self._seed = box.data / SEED_FILE
        self._spent = box.data / SPENT_FILE

    def take(self) -> None:
        """Take the seed, if there is one that is not taken yet. What cannot be used is an alarm."""
        try:
            seed = self._read()
            if seed is not None and self._counts(seed):
                self._take(seed)
        except CallerFault:
            self._box.alarms.raise_("seed-refused")
            return
        self._box.alarms.settle("seed-refused")

    def waiting(self) -> "Seed | None":
        """The seed by whose token this box is to be enrolled; None where there is nothing to do, or no token for it.

        A seed that cannot be read was said when the box opened.
        """
        if self._box.hub is not None:
            return None
        seed = self._taken()
        return seed if seed is not None and seed.token and seed.hub else None

    def let_go(self) -> None:
        """Erase the secrets that have served: with the hub's welcome, or with the claim of a box that has no token.

        May be cut at any line, and is done again: the seed itself is the last that changes.
        """
        seed = self._taken()
        if seed is None or seed == seed.spent():
            return
        if self._box.hub is None and (seed.token or not self._box.setup.is_claimed):
            return
        left = seed.spent().to_bytes()
        write_file(self._spent, left, SECRET_MODE)
        write_file(self._seed, left, SECRET_MODE)

    def document(self) -> Mapping[str, Any]:
        """How birth stands: from which card, and whether it is enrolled, waiting, refused, or alone (no token)."""
        row = self._box.database.read().execute("select seed, batch, number, campus_name from birth").fetchone()
        if row is None:
            return {"state": "none", "seed": "", "batch": "", "number": 0, "campus_name": "", "is_spent": True}
        seed = self._taken()
        return {**dict(row), "state": self._state(), "is_spent": seed is None or seed == seed.spent()}

    def _state(self) -> str:
        if self._box.hub is not None:
            return "enrolled"
        if self.waiting() is None:
            return "alone"
        is_refused = any(alarm.kind == "token-refused" for alarm in self._box.alarms.standing())
        return "refused" if is_refused else "waiting"

    def _counts(self, seed: "Seed") -> bool:
        return seed.id != self._taken_id() and (self._box.hub is None or self._taken_id() is None)

    def _take(self, seed: "Seed") -> None:
        self._set(seed)
        record_code = self._box.setup.take_code(seed.staff_code) if seed.staff_code else _record_nothing

        def work(connection: Connection) -> None:
            connection.execute(
                "insert or replace into birth (only, seed, batch, number, campus_name) values (1, ?, ?, ?, ?)",
                [seed.id, seed.batch, seed.number, seed.campus_name],
            )
            record_code(connection)
            self._box.alarms.settle_in(connection, "token-refused")

        self._box.database.write(work)

    def _set(self, seed: "Seed") -> None:
        """Write the settings of the seed that box.toml does not have; where its hub is, the seed knows best."""
        name = " ".join(seed.campus_name.split())[:NAME_CHARACTERS_MAX]
        said = {**({"name": name} if name else {}), **seed.settings}
        here = _settings_in(self._box.data / SETTINGS_FILE)
        missing = {name: value for name, value in said.items() if name not in here}
        if seed.hub and self._box.hub is None:
            missing["hub"] = seed.hub
        if missing:
            self._box.add_config(missing)

    def _taken_id(self) -> str | None:
        row = self._box.database.read().execute("select seed from birth").fetchone()
        return row["seed"] if row else None

    def _taken(self) -> "Seed | None":
        """The seed that was taken, as it lies here now; None where there is none, or one that cannot be read."""
        try:
            seed = self._read()
        except CallerFault:
            return None
        return seed if seed is not None and seed.id == self._taken_id() else None

    def _read(self) -> "Seed | None":
        """Raises CallerFault where there is something that is no seed."""
        if not self._seed.exists():
            return None
        # Loaded where there is one: most starts have none.
        from edge.birth.seed import SEED_BYTES_MAX, Seed

        try:
            with self._seed.open("rb") as file:
                return Seed.from_bytes(file.read(SEED_BYTES_MAX + 1))
        except OSError as error:
            raise CallerFault(f"{self._seed} cannot be read: {error.strerror}.", "Look who may read it.") from error


def _settings_in(path: Path) -> Mapping[str, Any]:
    """What box.toml says by itself. Raises CallerFault."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise CallerFault(f"{path} cannot be read: {error}.", "Check that the file is text and may be read.") from error


def _record_nothing(connection: Connection) -> None:
    """The box draws its own code."""
