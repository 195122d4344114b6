"""Alarms: what somebody should look at, in words, until it has passed or staff say that it is settled.

* An alarm stands once per box and kind, since it was first seen; seen again, it stands on. A settled one comes back
  when the same is seen anew.
* What can be worked out from what the hub knows anyway (a box that is silent) is worked out, and kept nowhere.
* Every alarm has its sentence and its next step here, in English; pages say them in the reader's language.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import Connection, Engine, case, select, update

from sync.hub import schema
from sync.hub.engine import insert, reading
from sync.wire import Report

DAY_SECONDS = 86_400
SILENT_SECONDS = 14 * DAY_SECONDS
CLOCK_SECONDS_MAX = DAY_SECONDS
"""How far a clock that its box trusts may be off before somebody should look."""
THE_HUB = ""
"""Where an alarm is about no box but the hub itself."""

N_ = str
"""Marks a sentence that pages say in the reader's language."""


class Kind(Enum):
    """What an alarm is about; the value is what programs and the database call it."""

    CARD_CLONED = "card-cloned"
    TOKEN_REUSED = "token-reused"  # noqa: S105 - a name, no secret
    JOURNAL_CONTRADICTS = "journal-contradicts"
    HUB_RESTORED = "hub-restored"
    BACKUP_FAILED = "backup-failed"
    KEYS_FORGOTTEN = "keys-forgotten"
    LIST_REFUSED = "list-refused"
    ERASURE_UNLISTED = "erasure-unlisted"
    GAP = "gap"
    CARD_RESTORED = "card-restored"
    HARDWARE_CHANGED = "hardware-changed"
    CLOCK_WRONG = "clock-wrong"
    CERTIFICATE_REFUSED = "certificate-refused"
    CERTIFICATE_FAILED = "certificate-failed"
    SILENT_BOX = "silent-box"


SENTENCES: Mapping[Kind, str] = {
    Kind.CARD_CLONED: N_("Two boxes write under this box's name."),
    Kind.TOKEN_REUSED: N_("Another machine came with the token that this box had used."),
    Kind.JOURNAL_CONTRADICTS: N_("A second machine writes other events under numbers that are taken."),
    Kind.HUB_RESTORED: N_("The hub was put back from a backup."),
    Kind.BACKUP_FAILED: N_("The nightly backup could not be made."),
    Kind.KEYS_FORGOTTEN: N_("Boxes know newer keys than this hub, and take nothing new from it."),
    Kind.LIST_REFUSED: N_("This box does not believe the hub's signed list, and takes nothing new."),
    Kind.ERASURE_UNLISTED: N_("Folders of backups that do not say yet who was erased: %(places)s."),
    Kind.GAP: N_("Some events of this box (%(events)s) are in no copy any more."),
    Kind.CARD_RESTORED: N_("This box went on from an older copy of its card."),
    Kind.HARDWARE_CHANGED: N_("This box runs from another card than before: %(last)s, and before %(first)s."),
    Kind.CLOCK_WRONG: N_("The box's clock is wrong: %(days)s days or more."),
    Kind.CERTIFICATE_REFUSED: N_("This box asks for a certificate that it may not have."),
    Kind.CERTIFICATE_FAILED: N_("No certificate could be got for this box; tries so far: %(tries)s."),
    Kind.SILENT_BOX: N_("Nothing was heard of this box for %(days)s days."),
}
TWINS = N_("Two boxes write under this box's name: one runs on %(first)s, the other on %(last)s.")
"""The same of a copied card whose two machines have said on what they run (`qanat box status` says it there)."""
HINTS: Mapping[Kind, str] = {
    Kind.CARD_CLONED: N_("Nothing is lost: both are kept apart. Find the copied card, and set that box up anew."),
    Kind.TOKEN_REUSED: N_(
        "It was refused. Burned again, a card needs a new seed; if nobody burned one, a card or its batch was copied."
    ),
    Kind.JOURNAL_CONTRADICTS: N_("What came first is kept. Find the copied card, and set that box up anew."),
    Kind.HUB_RESTORED: N_("Boxes send again what the backup lacked. Settle this when all of them have called."),
    Kind.ERASURE_UNLISTED: N_(
        "Put back from there, the hub would know them again. Connect that disk; settle this if it is gone for good."
    ),
    Kind.BACKUP_FAILED: N_("It is tried again each hour. `qanat hub backup` says what is in the way."),
    Kind.KEYS_FORGOTTEN: N_("Run `qanat hub keys rotate`, with two of the newest sticks if root keys lie on sticks."),
    Kind.LIST_REFUSED: N_("Run `qanat hub keys rotate` with the newest sticks. If this stays, enrol the box again."),
    Kind.GAP: N_("The hub lost them, and the box had cleared them away. How far learners came is kept."),
    Kind.CARD_RESTORED: N_("Nothing is lost: what was there before is kept. Ask at the box if this was meant."),
    Kind.HARDWARE_CHANGED: N_(
        "If its card was replaced, nothing is to be done: settle this. A former card must not be used again."
    ),
    Kind.CLOCK_WRONG: N_("Set the clock at the box, or let it reach a network. Progress is taken all the same."),
    Kind.CERTIFICATE_REFUSED: N_(
        "Its pages go on without it. Find out who changed the box; if in doubt, set it up anew."
    ),
    Kind.CERTIFICATE_FAILED: N_("It is tried again. `qanat hub certificates` says what is in the way; pages go on."),
    Kind.SILENT_BOX: N_("Ask there whether it has power and a network, or bring its progress here on a stick."),
}
_WORKED_OUT = frozenset(
    {Kind.SILENT_BOX, Kind.BACKUP_FAILED, Kind.KEYS_FORGOTTEN, Kind.LIST_REFUSED, Kind.CERTIFICATE_FAILED}
)
"""Nobody says that these are settled: they end when what they are about does."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that somebody should look at."""

    box: str
    kind: Kind
    since_seconds: int
    numbers: Mapping[str, int | str] = field(default_factory=dict)
    """Of what the sentence speaks; letters are hardware prints."""

    @property
    def plain_sentence(self) -> str:
        """The sentence, before its numbers are put in."""
        return TWINS if self.kind is Kind.CARD_CLONED and "first" in self.numbers else SENTENCES[self.kind]

    @property
    def sentence(self) -> str:
        return self.plain_sentence % self.numbers

    @property
    def hint(self) -> str:
        return HINTS[self.kind]

    @property
    def is_of_two_cards(self) -> bool:
        """Whether a copied card is in use beside the first: somebody has to find it."""
        return self.kind in (Kind.CARD_CLONED, Kind.JOURNAL_CONTRADICTS)

    @property
    def is_of_older_card(self) -> bool:
        """Whether a box runs from an older card: it was put back, and nothing has to be done."""
        return self.kind is Kind.CARD_RESTORED

    @property
    def can_settle(self) -> bool:
        """Whether staff can say that it is done with; what is worked out ends by itself."""
        return self.kind not in _WORKED_OUT

    def document(self) -> dict[str, object]:
        """As a command prints it for programs."""
        return {
            "kind": self.kind.value,
            "sentence": self.sentence,
            "hint": self.hint,
            "since_seconds": self.since_seconds,
        }


def raise_alarm(connection: Connection, box: str, kind: Kind, now_seconds: int, **numbers: int | str) -> None:
    """Let an alarm stand, in the caller's transaction: a new one since now, one that stands already on."""
    table = schema.alarm
    document = json.dumps(numbers, sort_keys=True)
    row = {"box": box, "kind": kind.value, "numbers": document, "since_seconds": now_seconds}
    statement = insert(connection, table).values(**row, last_seconds=now_seconds, settled_seconds=None)
    since = case((table.c.settled_seconds.is_(None), table.c.since_seconds), else_=statement.excluded.since_seconds)
    changed = {
        "numbers": statement.excluded.numbers,
        "since_seconds": since,
        "last_seconds": statement.excluded.last_seconds,
        "settled_seconds": None,
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["box", "kind"], set_=changed))


def settle(connection: Connection, box: str, kind: Kind, now_seconds: int) -> bool:
    """Let an alarm stand no more, in the caller's transaction. Returns whether it stood."""
    table = schema.alarm
    standing_one = (table.c.box == box, table.c.kind == kind.value, table.c.settled_seconds.is_(None))
    return connection.execute(update(table).where(*standing_one).values(settled_seconds=now_seconds)).rowcount > 0


def judge_clock(connection: Connection, report: Report, now_seconds: int) -> None:
    """See whether a clock that its box trusts is far off the hub's; one that is right again settles it."""
    if not report.is_clock_trusted:
        return
    off_seconds = abs(report.wall_seconds - now_seconds)
    if off_seconds > CLOCK_SECONDS_MAX:
        raise_alarm(connection, report.box, Kind.CLOCK_WRONG, now_seconds, days=off_seconds // DAY_SECONDS)
    else:
        settle(connection, report.box, Kind.CLOCK_WRONG, now_seconds)


def standing(connection: Connection, now_seconds: int) -> dict[str, list[Alarm]]:
    """Every alarm that stands, by box ("" is the hub), the most pressing first. Boxes out of service have none."""
    table, box = schema.alarm, schema.box
    in_service = {
        row.id: row.seen_seconds
        for row in connection.execute(select(box.c.id, box.c.seen_seconds).where(box.c.revoked_seconds.is_(None)))
    }
    rows = connection.execute(select(table).where(table.c.settled_seconds.is_(None)))
    found = [
        Alarm(row.box, Kind(row.kind), row.since_seconds, json.loads(row.numbers))
        for row in rows
        if row.box == THE_HUB or row.box in in_service
    ]
    found += [one for name, seen in in_service.items() if (one := silent(name, seen, now_seconds)) is not None]
    by_box: dict[str, list[Alarm]] = {}
    for one in sorted(found, key=lambda alarm: list(Kind).index(alarm.kind)):
        stands = by_box.setdefault(one.box, [])
        # A copied card explains more than one that was put back, and comes first.
        if one.kind is not Kind.CARD_RESTORED or Kind.CARD_CLONED not in {other.kind for other in stands}:
            stands.append(one)
    return by_box


def silent(box: str, seen_seconds: int | None, now_seconds: int) -> Alarm | None:
    """The alarm about a box that was heard once and has been silent since; None where it is not."""
    if seen_seconds is None or now_seconds - seen_seconds < SILENT_SECONDS:
        return None
    days = (now_seconds - seen_seconds) // DAY_SECONDS
    return Alarm(box, Kind.SILENT_BOX, seen_seconds + SILENT_SECONDS, {"days": days})


class Alarms:
    """Looks at what stands."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def standing(self, now_seconds: int) -> Mapping[str, Sequence[Alarm]]:
        """Every alarm that stands, by box ("" is the hub), the most pressing first."""
        with reading(self._engine) as connection:
            return standing(connection, now_seconds)
