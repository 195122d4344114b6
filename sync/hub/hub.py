"""The hub, put together: one data folder, everything that works on it.

* `Hub.open` is the only place where the parts of a hub meet; clock and randomness come in from outside.
* Several processes may open the same folder; each keeps nothing in memory that another may change.
* `start` and `close` only add and end threads: every part can be stepped without them.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from catalog.db import Database
from catalog.durable import make_folder
from catalog.publish import Catalog, Published
from sync.clock import Clock
from sync.hub.answers import Answers
from sync.hub.campus.demand import Demands
from sync.hub.campus.elsewhere import Elsewhere
from sync.hub.campus.journals import CampusJournals
from sync.hub.campus.notices import Notices
from sync.hub.campus.roster import Roster
from sync.hub.carrying import Carrying
from sync.hub.drafts.chunks import Chunks
from sync.hub.drafts.drafts import Drafts
from sync.hub.drafts.jobs import Jobs
from sync.hub.drafts.weighing import Weighing
from sync.hub.enclosing import Enclosing
from sync.hub.engine import open_engine, sqlite_url
from sync.hub.fleet import Fleet
from sync.hub.gifts import Gifts
from sync.hub.intake import Intake
from sync.hub.keeping.adoptions import Adoptions
from sync.hub.keeping.keeping import Keeping
from sync.hub.overview import Overview
from sync.hub.packing import Packing
from sync.hub.previews import Previews
from sync.hub.progress import ProgressBook
from sync.hub.publishing import Publishing
from sync.hub.second_factor import SecondFactors
from sync.hub.secure.certificates import Certificates
from sync.hub.staff import Staff
from sync.hub.trust.catalogue import SignedCatalogue
from sync.hub.trust.keys import FOLDER, KeyRing
from sync.keys import KeyPair
from sync.patch.jpeg import JpegXl
from sync.web import sessions

KEY_FILE = Path("keys/hub.key")
FOLDER_MODE = 0o700
UPLOADS = "uploads"
DRAFTS = "drafts"
PREVIEWS = "previews"
CARRY = "carry"
UPLOAD_BYTES_MAX = 8 << 30


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub's parts over one data folder."""

    data: Path
    engine: Engine
    catalog: Catalog
    keys: KeyPair
    clock: Clock
    random_bytes: Callable[[int], bytes]
    fleet: Fleet
    intake: Intake
    answers: Answers
    journals: CampusJournals
    roster: Roster
    elsewhere: Elsewhere
    notices: Notices
    demands: Demands
    certificates: Certificates
    keeping: Keeping
    carrying: Carrying
    gifts: Gifts
    adoptions: Adoptions
    trust: SignedCatalogue
    packing: Packing
    drafts: Drafts
    weighing: Weighing
    jobs: Jobs
    publishing: Publishing
    previews: Previews
    progress: ProgressBook
    overview: Overview
    staff: Staff
    second_factors: SecondFactors
    sessions_database: Database
    sessions: sessions.DatabaseSessions

    @classmethod
    def open(
        cls, data: Path, clock: Clock, random_bytes: Callable[[int], bytes], database_url: str | None = None
    ) -> "Hub":
        """Open the hub in this folder, or make it. Raises BoxFault or CallerFault where that cannot be."""
        make_folder(data, FOLDER_MODE)
        engine = open_engine(database_url or sqlite_url(data / "hub.db"))
        keys = KeyPair.load_or_make(data / KEY_FILE)
        catalog = Catalog.open(data)
        sessions_database = Database(data / "sessions.db", [sessions.migrations])
        trust = SignedCatalogue(engine, catalog.releases, KeyRing(data / FOLDER), clock)
        packing = Packing(catalog, engine, data / "packs", clock, JpegXl.find(), trust.catch_up)
        fleet = Fleet(engine, keys, clock, random_bytes)
        intake = Intake(engine)
        intake.readout.catch_up()
        keeping = Keeping.of(engine, data, catalog, keys, intake.readout, clock, random_bytes)
        journals = CampusJournals(keys, clock, random_bytes, keeping.history.after)
        elsewhere = Elsewhere(engine, journals, intake.readout, clock)
        journals.when_asked(elsewhere.tell)
        notices = Notices(engine, journals, clock, random_bytes)
        journals.when_asked(notices.tell_of_revoked)
        demands = Demands(engine, catalog.releases, journals, clock)
        journals.when_asked(demands.tell)
        certificates = Certificates(engine, data, journals, clock)
        journals.when_asked(certificates.tell)
        drafts = Drafts(engine, Chunks(data / DRAFTS), clock, random_bytes, UPLOAD_BYTES_MAX)
        weighing = Weighing(catalog, engine, drafts)
        publishing = Publishing(catalog, engine, packing, drafts, weighing, fleet, notices, intake.readout, clock)
        enclosing = Enclosing(journals, trust, data / CARRY)
        carrying = Carrying(engine, keys, fleet, intake, packing, enclosing, clock, data / CARRY)
        return cls(
            data=data,
            engine=engine,
            catalog=catalog,
            keys=keys,
            clock=clock,
            random_bytes=random_bytes,
            fleet=fleet,
            intake=intake,
            answers=Answers(engine, intake, packing, fleet, journals, keeping.history, trust, clock),
            journals=journals,
            elsewhere=elsewhere,
            roster=Roster(engine, journals, intake.readout, random_bytes),
            notices=notices,
            demands=demands,
            certificates=certificates,
            keeping=keeping,
            carrying=carrying,
            gifts=Gifts(data / CARRY / "gifts", carrying, clock, random_bytes),
            adoptions=Adoptions(engine, keys, fleet, keeping.history, clock, random_bytes),
            trust=trust,
            packing=packing,
            drafts=drafts,
            weighing=weighing,
            jobs=Jobs(catalog, drafts, clock, publishing.demand_own, weighing.weigh_missing),
            publishing=publishing,
            previews=Previews(catalog, data / PREVIEWS, clock, random_bytes),
            progress=ProgressBook(engine, intake.readout),
            overview=Overview(engine, fleet, packing, clock),
            staff=Staff(engine, data, clock, random_bytes, keys),
            second_factors=SecondFactors(engine, clock, random_bytes),
            sessions_database=sessions_database,
            sessions=sessions.DatabaseSessions(sessions_database, clock, random_bytes),
        )

    def publish(self, sources: Sequence[Path], **about: Any) -> Published:
        """Publish, and build the packs before coming back: boxes get it with their next call.

        `about`: see `Publishing.publish`. Raises CallerFault, ContentFault, DiskFull or BoxFault.
        """
        published = self.publishing.publish(sources, **about)
        self.packing.build_missing()
        return published

    def clear_uploads(self) -> None:
        """Remove what a power cut left of uploads and of drafts. Only for the process that serves the pages."""
        shutil.rmtree(self.data / UPLOADS, ignore_errors=True)
        (self.data / UPLOADS).mkdir()
        self.jobs.tidy()
        self.previews.keep_only([])

    def start(self) -> None:
        """Build packs, import drafts and read out progress in the background, and keep sessions."""
        self.sessions_database.start()
        self.intake.readout.start()
        self.packing.start()
        self.jobs.start()

    def close(self) -> None:
        """Let everything go; what was acknowledged is on the disk already."""
        self.jobs.close()
        self.packing.close()
        self.intake.readout.close()
        self.sessions_database.close()
        self.catalog.close()
        self.engine.dispose()
