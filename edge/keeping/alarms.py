"""Alarms: what happened to this box that somebody should know of, kept until it is over.

* An alarm stands from when it was first raised; raised again, it is the same alarm, with newer numbers.
* Some fade by themselves once nothing has raised them for a while: there is nothing to do about them but to know.
* The others stand until whoever raised them, or staff, says that they are settled.
* Kinds and numbers only: the words are in `edge/keeping/wording.py`, in each reader's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.manifest import canonical, parsed
from sync.clock import Clock

Kind = Literal[
    "card-cloned",
    "journal-damaged",
    "card-restored",
    "hub-rewound-journal",
    "hub-restored",
    "scrub-found",
    "clock-replaced",
    "catalogue-expired",
    "hardware-changed",
    "machine-changed",
    "token-refused",
    "seed-refused",
]
"""What can be raised, the most pressing first."""

KINDS: tuple[Kind, ...] = get_args(Kind)

DAY_SECONDS = 86_400
FADES_SECONDS: Mapping[Kind, int] = {
    "hub-restored": 14 * DAY_SECONDS,
    "hub-rewound-journal": 14 * DAY_SECONDS,
    "card-restored": 14 * DAY_SECONDS,
    "machine-changed": 14 * DAY_SECONDS,
}
"""How long an alarm stands that nothing raises again; the others stand until they are settled."""

STILL_SECONDS = 3600
"""Raised again with the same numbers within an hour, it is not written again."""

migrations = Migrations("edge.keeping.alarms")


@migrations()
def alarm(connection: Connection) -> None:
    connection.execute(
        """
        create table alarm (
            kind text primary key,
            since_seconds integer not null,
            last_seconds integer not null,
            numbers text not null
        ) strict, without rowid
        """
    )


@dataclass(frozen=True, slots=True)
class Alarm:
    """One standing alarm; wall times are the box's own."""

    kind: Kind
    since_seconds: int
    last_seconds: int
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_grave(self) -> bool:
        """Whether somebody has to do something; the others are only to be known."""
        return is_grave(self.kind)


class Alarms:
    """The alarms of one box."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def raise_(self, kind: Kind, **numbers: int) -> None:
        """Let this alarm stand, with these numbers in the place of former ones."""
        found = _find(self._database.read(), kind)
        if found is None or not self._is_still(found, numbers):
            self._database.write(lambda connection: self.raise_in(connection, kind, **numbers))

    def raise_in(self, connection: Connection, kind: Kind, **numbers: int) -> None:
        """The same, in the caller's transaction."""
        now_seconds = self._clock.now().wall_seconds
        found = _find(connection, kind)
        since_seconds = now_seconds if found is None or is_faded(found, now_seconds) else found.since_seconds
        connection.execute(
            "insert or replace into alarm (kind, since_seconds, last_seconds, numbers) values (?, ?, ?, ?)",
            [kind, since_seconds, now_seconds, canonical(numbers).decode()],
        )

    def add_in(self, connection: Connection, kind: Kind, **numbers: int) -> None:
        """The same, where what is found comes piece by piece: these numbers are added to those that stand."""
        found = _find(connection, kind)
        stand = found.numbers if found and not is_faded(found, self._clock.now().wall_seconds) else {}
        self.raise_in(connection, kind, **{name: stand.get(name, 0) + number for name, number in numbers.items()})

    def settle(self, kind: Kind) -> None:
        """It is over: nothing is shown of it any more."""
        if _find(self._database.read(), kind) is not None:
            self._database.write(lambda connection: self.settle_in(connection, kind))

    def settle_in(self, connection: Connection, kind: Kind) -> bool:
        """The same, in the caller's transaction; tells whether it stood."""
        return connection.execute("delete from alarm where kind = ?", [kind]).rowcount > 0

    def standing(self) -> list[Alarm]:
        """What stands now, the most pressing first."""
        rows = self._database.read().execute("select kind, since_seconds, last_seconds, numbers from alarm").fetchall()
        known = [_alarm(*row) for row in rows if row["kind"] in KINDS]
        now_seconds = self._clock.now().wall_seconds
        fresh = [one for one in known if not is_faded(one, now_seconds)]
        kinds = {one.kind for one in fresh}
        # Whose card was copied hears of that alone: "nothing is to be done" beside it would be wrong.
        explained = {"card-restored"} if "card-cloned" in kinds else set()
        return sorted((one for one in fresh if one.kind not in explained), key=lambda one: KINDS.index(one.kind))

    def _is_still(self, found: Alarm, numbers: Mapping[str, int]) -> bool:
        now_seconds = self._clock.now().wall_seconds
        is_recent = abs(now_seconds - found.last_seconds) < STILL_SECONDS
        return is_recent and found.numbers == numbers


def is_grave(kind: Kind) -> bool:
    """Tell whether somebody has to do something about it."""
    return kind not in FADES_SECONDS


def is_faded(alarm: Alarm, now_seconds: int) -> bool:
    """Tell whether an alarm has said what it had to say."""
    fades_seconds = FADES_SECONDS.get(alarm.kind)
    return fades_seconds is not None and now_seconds - alarm.last_seconds >= fades_seconds


def _find(connection: Connection, kind: Kind) -> Alarm | None:
    row = connection.execute(
        "select kind, since_seconds, last_seconds, numbers from alarm where kind = ?", [kind]
    ).fetchone()
    return _alarm(*row) if row else None


def _alarm(kind: Kind, since_seconds: int, last_seconds: int, numbers: str) -> Alarm:
    return Alarm(kind, since_seconds, last_seconds, parsed(numbers.encode(), dict))
