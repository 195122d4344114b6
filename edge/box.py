"""A box, put together: the one place that knows all its parts.

* One process holds a box at a time: `Box.open` takes a lock on the data folder and refuses while another has it.
* Opening mends what a power cut left: half-written files go, missing trees are made again, the journal opens an epoch.
* Every part gets its clock, its randomness and its disk from here; nothing below reaches for the world.
* The box works from the moment it is opened; `start` only adds the thread that steps the writer.
"""

import fcntl
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self

from catalog import releases, scrub, shelf, store
from catalog.db import Connection, Database
from catalog.durable import free_bytes, write_file
from catalog.fault import BoxFault, CallerFault
from catalog.releases import Releases
from catalog.scrub import Scrub
from catalog.shelf import Shelf
from catalog.store import Store
from edge.birth import birth, hardware, renewal
from edge.birth.birth import Birth
from edge.birth.enrolling import Enrolling
from edge.birth.hardware import Hardware
from edge.birth.renewal import Renewal, own_keys
from edge.campus import asking, words
from edge.campus.asking import Asking
from edge.campus.campus import Campus
from edge.campus.projecting import Projecting
from edge.carrying import letters
from edge.carrying.sticks import Sticks
from edge.config import FILE, Config, changed
from edge.keeping import alarms, since, trust, upkeep, watch
from edge.keeping.alarms import Alarms
from edge.keeping.watch import Watch
from edge.learning import learning, moving, results
from edge.learning.learning import Learning
from edge.learning.lrs import migrations as lrs_migrations
from edge.learning.lrs.lrs import Lrs
from edge.learning.packages import states
from edge.learning.packages.states import States
from edge.learning.quiz import tries
from edge.learning.quiz.tries import Tries
from edge.learning.results import Results
from edge.library import launches
from edge.library.books import Books
from edge.library.content import CourseContent
from edge.library.indexing import Indexing
from edge.library.launches import Launches, LaunchingSessions
from edge.nights import ledger, night, scrubbing, uplink
from edge.nights.ledger import Ledger
from edge.nights.live import Live
from edge.nights.night import Nights
from edge.nights.nightly import Chance, Listener, Nightly, Told
from edge.nights.scrubbing import Scrubbing
from edge.people import accounts, people
from edge.people.accounts import Accounts
from edge.people.people import People
from edge.portal.portal import Visitors
from edge.secure import secure
from edge.secure.secure import Secure
from edge.staff import claim
from edge.staff.claim import Setup
from sync import enrolment, exchange, journal
from sync.clock import Clock
from sync.enrolment import Pinned
from sync.following import followed
from sync.following.followed import Following
from sync.journal import Journal
from sync.keys import box_id
from sync.link import Link
from sync.receiving import catalogues, wants
from sync.receiving.catalogues import Catalogues
from sync.receiving.spool import Spool
from sync.receiving.wants import Wants
from sync.web import sessions

if TYPE_CHECKING:
    from edge.nights.neighbours import Neighbours
    from sync.budget.forecast import Forecast

MIGRATIONS = (
    store.migrations,
    releases.migrations,
    shelf.migrations,
    journal.migrations,
    exchange.migrations,
    enrolment.migrations,
    wants.migrations,
    catalogues.migrations,
    sessions.migrations,
    people.migrations,
    accounts.migrations,
    learning.migrations,
    results.migrations,
    tries.migrations,
    states.migrations,
    moving.migrations,
    claim.migrations,
    launches.migrations,
    night.migrations,
    ledger.migrations,
    letters.migrations,
    followed.migrations,
    words.migrations,
    asking.migrations,
    alarms.migrations,
    watch.migrations,
    upkeep.migrations,
    scrub.migrations,
    scrubbing.migrations,
    birth.migrations,
    hardware.migrations,
    renewal.migrations,
    secure.migrations,
    *lrs_migrations.ALL,
)
"""Every table of box.db; each set belongs to the file of its noun."""

FOLDER_MODE = 0o700
LOCK_FILE = "box.lock"
RESET_FILE = "reset.asked"
"""There once the box is to forget everybody (`edge/keeping/reset.py`)."""


OpenLink = Callable[[str], AbstractContextManager[Link]]
"""Makes the link to the hub at an address; leaving it hangs up. Nothing is asked of the network yet."""


class SettableClock(Clock, Protocol):
    """A clock that can be told the time: by the hub, by a person, and by what is known to have been."""

    def correct(self, wall_seconds: int) -> None: ...

    def hear(self, wall_seconds: int) -> None: ...

    def not_before(self, wall_seconds: int) -> None: ...


class Box:
    """Everything a box has. Made by `open` alone."""

    def __init__(
        self,
        data: Path,
        config: Config,
        clock: SettableClock,
        random_bytes: Callable[[int], bytes],
        open_link: OpenLink,
        lock: int,
    ) -> None:
        self.data = data
        self.config = config
        self.clock = clock
        self.random_bytes = random_bytes
        self.open_link = open_link
        self._lock = lock
        self.is_closed = False
        self.open_again: Callable[[], None] = lambda: None
        """Lets the box be closed and opened anew, once whoever asks has their answer; set by who serves it."""
        self.database = Database(data / "box.db", MIGRATIONS)
        self.keys = own_keys(data / "keys", self.database)
        self.id = box_id(self.keys.public)
        self.store = Store(data / "store", self.database)
        self.releases = Releases(self.database, self.store)
        self.shelf = Shelf(self.database, self.releases, self.store, data / "trees")
        self.spool = Spool(data / "spool")
        self.journal = Journal(self.database, self.id, clock, random_bytes)
        self.alarms = Alarms(self.database, clock)
        self.watch = Watch(self.database, self.alarms, clock)
        self.journal.when_marked(self.watch.marked)
        self.launches = Launches(
            self.database, data / "launches", data / "trees", config, random_bytes(launches.SECRET_BYTES)
        )
        self.sessions = LaunchingSessions(self.database, clock, random_bytes, self.launches)
        self.people = People(self.database, self.journal, random_bytes)
        self.accounts = Accounts(self.database, self.people, clock, random_bytes, self.keys)
        self.learning = Learning(self.database, self.journal, clock)
        self.results = Results(self.database, self.journal, clock)
        self.tries = Tries(self.database, self.learning, self.results)
        self.packages = States(self.database, self.learning, self.results)
        self.lrs = Lrs(self.database, self.journal, clock, random_bytes, data)
        self.visitors = Visitors()
        self.content = CourseContent(self)
        self.setup = Setup(self.database, self.people, clock, random_bytes, data)
        self.hardware = Hardware(self.database, self.alarms, clock)
        self.renewal = Renewal(self)
        self.birth = Birth(self)
        self.enrolling = Enrolling(self)
        self.wants = Wants(self.database, self.releases, self.spool, lambda layer: self.config.wants_layer(layer))
        self.catalogues = Catalogues(self.database, clock, lambda: self.config.catalogue_grace_days)
        self.ledger = Ledger(self.database, clock, lambda: self.config, uplink.read)
        self.live = Live(clock)
        self.nights = Nights(self.database)
        self.nightly = Nightly(
            self.nights, self.id, clock, lambda: self.config, lambda: self.hub is not None, self._run_session, self.live
        )
        self.scrubbing = Scrubbing(
            Scrub(self.store, self.shelf), self.database, lambda: self.config, lambda: self.nightly.is_running
        )
        self.sticks = Sticks(self)
        self.books = Books(data, self.shelf, lambda: self.nightly.is_running)
        self.indexing = Indexing(data, self.shelf, self.store, clock, lambda: self.nightly.is_running)
        self.campus = Campus(self.database, self.journal, self.people, clock, random_bytes)
        self.asking = Asking(self.database, self.journal, lambda: {one.course for one in self.shelf.shelved()})
        projecting = Projecting(self.database, self.journal, self.people, random_bytes)
        self.secure = Secure(self.database, self.journal, data, self.id, lambda: self.config)
        self.following = Following(self.database, projecting.project, self.id)
        self.shelf.when_moved(moving.move)
        self.people.when_forgotten(self.learning.forget)
        self.people.when_forgotten(self.results.forget)
        self.people.when_forgotten(self.tries.forget)
        self.people.when_forgotten(self.packages.forget)
        self.people.when_forgotten(self.lrs.forget)
        self.people.when_forgotten(self.campus.forget)
        self.people.when_forgotten(self.following.forget)
        self.people.when_forgotten(self.asking.forget)
        self.people.when_locked_out(self._end_sessions)

    @classmethod
    def open(
        cls,
        data: Path,
        config: Config | None = None,
        *,
        clock: SettableClock,
        random_bytes: Callable[[int], bytes],
        open_link: OpenLink,
        parts: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Open the box in `data`, or make a new one there; `config` stands in for its box.toml.

        `parts`: what is known of the hardware (`edge.birth.hardware.parts_of`).

        Raises BoxFault while another process holds it, CallerFault where box.toml cannot be read.
        """
        lock = _take_lock(data)
        try:
            if (data / RESET_FILE).exists():
                config = _reset(data, config)
            box = cls(data, config or read_config(data), clock, random_bytes, open_link, lock)
            box._mend(parts)
        except BaseException:
            os.close(lock)
            raise
        return box

    def start(self) -> None:
        """Let a thread of its own step the writer."""
        self.database.start()

    def close(self) -> None:
        """Let a session end where it is, commit what waits, and let the box go."""
        self.is_closed = True
        self.nightly.tell_to_stop()
        self.sticks.wait()
        self.nightly.stop()
        self.indexing.stop()
        if "neighbours" in self.__dict__:
            self.neighbours.close()
        self.database.close()
        os.close(self._lock)

    @property
    def hub(self) -> Pinned | None:
        """The hub that this box belongs to; None until it is enrolled."""
        return enrolment.pinned(self.database)

    @property
    def earliest_seconds(self) -> int:
        """No moment of this box is before this."""
        return max(since.earliest_seconds(self.data), self.watch.seen_seconds)

    @property
    def keeper(self) -> Self:
        """Who keeps what is done here."""
        return self

    @property
    def free_bytes(self) -> int:
        return free_bytes(self.data)

    @cached_property
    def neighbours(self) -> "Neighbours":
        """The boxes on the same network."""
        # Loaded when somebody first looks around.
        from edge.nights.neighbours import Neighbours, port_announced

        return Neighbours(
            self.id, port_announced(self.config), lambda: self.config.neighbour_addresses, clock=self.clock
        )

    def forecast(self) -> "Forecast":
        """By which day the rest of the courses will be here."""
        # Loaded when somebody first asks: the first page needs none of it.
        from edge.nights.outlook import forecast_of

        return forecast_of(self)

    def change_config(self, settings: Mapping[str, Any]) -> None:
        """Write these settings to box.toml, lasting, and use them from now on (ports at the next start).

        Raises CallerFault where a value cannot be.
        """
        self._write_config(settings)
        self.config = self.config.with_changes(settings)

    def add_config(self, settings: Mapping[str, Any]) -> None:
        """The same, but what this run was told otherwise than box.toml says stands above it. Raises CallerFault."""
        here = read_config(self.data)
        self._write_config(settings)
        untold = {name: value for name, value in settings.items() if getattr(self.config, name) == getattr(here, name)}
        self.config = self.config.with_changes(untold)

    def _write_config(self, settings: Mapping[str, Any]) -> None:
        path = self.data / FILE
        text = changed(path.read_text() if path.exists() else "", settings)
        write_file(path, text.encode())

    def _end_sessions(self, connection: Connection, person: str) -> None:
        """Sign a person out everywhere, in the caller's transaction. Undone, it costs them one more click."""
        connection.execute("delete from session where person = ?", [person])
        self.launches.forget_person(connection, person)

    def _run_session(self, chance: Chance, listener: Listener) -> Told:
        # Loaded at the first session: the pages need none of it.
        from edge.nights import channel

        told = channel.run(self, chance, listener)
        upkeep.after_night(self)
        trust.look(self)
        self.secure.look()
        return told

    def _mend(self, parts: Mapping[str, str]) -> None:
        self.birth.take()
        self.hardware.look(parts)
        self.renewal.look()
        self.store.sweep()
        self.shelf.ensure_trees()
        self.launches.sweep()
        self.lrs.attachments.sweep()
        self.nights.find_cut()
        self.watch.look(self.clock.now())
        self.clock.not_before(self.earliest_seconds)
        trust.look(self)
        self.journal.open_epoch()


def _reset(data: Path, config: Config | None) -> Config | None:
    """Make a new box of the one that was asked to forget everybody."""
    # Loaded once in the life of a box, if ever.
    from edge.keeping import reset

    reset.finish(data)
    return config and config.with_changes(reset.OTHER_HUB)


def read_config(data: Path) -> Config:
    """The settings in the data folder's box.toml; defaults where there is none. Raises CallerFault."""
    path = data / FILE
    try:
        return Config.from_toml(path.read_text(encoding="utf-8")) if path.exists() else Config()
    except (OSError, UnicodeDecodeError) as error:
        raise CallerFault(f"{path} cannot be read: {error}.", "Check that the file is text and may be read.") from error


def _take_lock(data: Path) -> int:
    try:
        data.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        lock = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CallerFault(
            f"The folder {data} cannot be used: {error.strerror}.", "Name another with --data."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise BoxFault(
            f"Another process is using the box in {data}.", "Stop it first, or let it do the work: it answers commands."
        ) from error
    return lock
