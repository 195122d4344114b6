"""Keeping, put together: what staff and commands ask of a hub so that nothing in its care is lost, or kept too long."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from catalog.publish import Catalog
from sync.clock import Clock
from sync.hub.engine import writing
from sync.hub.exporting.exporting import Exporting
from sync.hub.fleet import Fleet
from sync.hub.keeping import alarms as alarms_
from sync.hub.keeping import audit as audit_
from sync.hub.keeping import forgotten as forgotten_
from sync.hub.keeping.alarms import Alarms, Kind
from sync.hub.keeping.audit import Audit
from sync.hub.keeping.backup import Backups
from sync.hub.keeping.erasing import Erasing
from sync.hub.keeping.forgotten import Forgotten
from sync.hub.keeping.history import History
from sync.hub.keeping.twins import Twins
from sync.hub.readout import Readout
from sync.keys import KeyPair


@dataclass(frozen=True, slots=True)
class Keeping:
    """The parts by which one hub is kept."""

    engine: Engine
    clock: Clock
    readout: Readout
    audit: Audit
    alarms: Alarms
    history: History
    twins: Twins
    erasing: Erasing
    backups: Backups
    exporting: Exporting

    @classmethod
    def of(
        cls, engine: Engine, data: Path, catalog: Catalog, keys: KeyPair, readout: Readout, clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> "Keeping":  # fmt: skip
        """The keeping of the hub in the folder `data`."""
        forgotten = Forgotten(engine, clock)
        return cls(
            engine=engine,
            clock=clock,
            readout=readout,
            audit=Audit(engine),
            alarms=Alarms(engine),
            history=History(engine, keys, clock),
            twins=Twins(engine, Fleet(engine, keys, clock, random_bytes), clock),
            erasing=Erasing(engine, forgotten, clock),
            backups=Backups(engine, data, catalog, keys, forgotten, clock),
            exporting=Exporting(engine, data, keys, readout, clock, random_bytes),
        )

    def settle(self, box: str, kind: Kind, who: str) -> None:
        """Staff say that an alarm is done with. One that stands no more is settled already."""
        now_seconds = self.clock.now().wall_seconds
        with writing(self.engine) as connection:
            if alarms_.settle(connection, box, kind, now_seconds):
                if kind is Kind.ERASURE_UNLISTED:
                    forgotten_.give_up(connection)
                audit_.note(connection, who, "settled", {"box": box, "alarm": kind.value}, now_seconds)

    def note(self, who: str, act: str, **about: str) -> None:
        """Write down what somebody did, where what was done is in a transaction of its own."""
        with writing(self.engine) as connection:
            audit_.note(connection, who, act, about, self.clock.now().wall_seconds)
