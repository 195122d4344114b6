"""A session: what box and hub do whenever there is a link.

* Progress first: what learners did goes up before anything comes down. With the answers come journals that the box
  follows and the signed catalogue. Then what rotted on the card, then packs, in the order of the plan's lanes.
* When nothing is new it is one request. What was shelved is told in one more.
* A session may stop at any line. What was acknowledged stays so, what was spooled stays spooled, what is half done is
  done again or forgotten; no one has to clean up before the next one.
* Whatever ends the courses' part (no room, a budget, a window, the link) is said, and fails nothing that is done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from catalog.db import Connection, Database, all_or_nothing
from catalog.durable import free_bytes
from catalog.fault import DiskFull, Fault, LinkFault
from catalog.releases import Releases
from catalog.scrub import Scrub
from catalog.shelf import Shelf
from catalog.store import Store
from sync import batch as batches
from sync.batch import BatchRefused
from sync.budget.due import Lanes
from sync.clock import Clock
from sync.events import is_learner
from sync.exchange import Exchange, HubRefused, Thread
from sync.journal import Journal
from sync.keys import KeyPair, PublicKey
from sync.link import Link, Traffic
from sync.parcel import is_single
from sync.patch.jpeg import JpegXl
from sync.receiving.catalogues import Catalogues
from sync.receiving.fetching import Fetcher
from sync.receiving.mending import Mending
from sync.receiving.neighbourhood import Neighbourhood
from sync.receiving.receiver import Listener, Receiver
from sync.receiving.repair import Repair
from sync.receiving.shelving import Shelving
from sync.receiving.spool import Spool
from sync.receiving.wants import Wants, every_layer
from sync.wire import (
    CAN_CATALOGUE,
    CAN_FOLLOW,
    CAN_JPEG_XL,
    CAN_PATCH,
    Answer,
    Followed,
    Holding,
    Parcel,
    Report,
    shelf_digest,
)

ROUNDS_MAX = 8
"""So often the hub is told in one session what was shelved, or what did not serve, and asked for a new plan."""

Forget = Callable[[Connection, str], None]
"""Removes what the box keeps of an erased learner outside the journal, in the caller's transaction."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session went. `faults` are what could not be done and why; without any, the box has all it wants."""

    traffic: Traffic
    """What crossed the link to the hub."""
    events_up: int
    shelved: tuple[str, ...]
    """Courses of which something new is on the shelf."""
    seconds: float
    faults: tuple[Fault, ...]
    wait_seconds: int = 0
    """The hub asks not to come again before so long; 0 leaves it to the box."""
    hub_seconds: int = 0
    """The wall time that the hub signed; 0 where no hub was asked."""
    neighbour_bytes: int = 0
    """What crossed to and from neighbours: it costs no budget."""


class Following(Protocol):
    """The journals of other writers that a box follows: the hub's own for its campus first of all."""

    def standing(self) -> Sequence[Followed]:
        """How far each is here."""
        ...

    def take(self, connection: Connection, signed: bytes, hub: PublicKey) -> bool:
        """Keep a batch, and what it says, in the caller's transaction. Returns whether anything was new.

        Raises BatchRefused.
        """
        ...

    def asked(self, asks: Sequence[Followed]) -> bytes | None:
        """The next batch that a restored hub lacks of its own journal, as it was signed; None where there is none."""
        ...


@dataclass
class Session:
    """One box and its hub, for one session. Make a new one each time.

    `neighbours` are links to other boxes near by; `is_wanted` says of a layer's name whether it comes to this box;
    `jpeg_xl` is there where this machine can unpack pictures.
    """

    database: Database
    journal: Journal
    store: Store
    releases: Releases
    shelf: Shelf
    spool: Spool
    link: Link
    keys: KeyPair
    hub: PublicKey
    clock: Clock
    random_bytes: Callable[[int], bytes]
    listener: Listener
    forget: Forget
    following: Following | None = None
    catalogues: Catalogues | None = None
    health: Mapping[str, Any] = field(default_factory=dict)
    neighbours: Sequence[Link] = ()
    jpeg_xl: JpegXl | None = None
    is_wanted: Callable[[str], bool] = every_layer
    hardware: Sequence[str] = ()
    """The print of what the box runs on (`Report.hardware`)."""
    renew: Callable[[Connection, str], None] | None = None
    """Keeps what lets a copy be a box of its own (`Answer.renew`)."""

    def __post_init__(self) -> None:
        self._exchange = Exchange(self.database, self.link, self.keys, self.hub, self.clock, self.random_bytes)
        self._wants = Wants(self.database, self.releases, self.spool, self.is_wanted)
        fetcher = Fetcher(self.link, self.spool, self.clock, self.random_bytes)
        self._neighbourhood = Neighbourhood(self.neighbours, self.store, self.releases, self.clock)
        repair = Repair(fetcher, self._neighbourhood)
        self._mending = Mending(self.store, Scrub(self.store, self.shelf), repair)
        shelving = Shelving(
            self.database, self.journal, self.store, self.releases, self.shelf, repair, self.jpeg_xl, self.catalogues
        )
        self._receiver = Receiver(shelving, fetcher, self._neighbourhood, self._wants, self.listener, self.is_wanted)
        self._faults: list[Fault] = []
        self._events_up = 0
        self._is_batch_refused = False
        self._asks: Sequence[Followed] = ()
        self._withdrawn: list[str] = []

    @property
    def refused(self) -> Sequence[str]:
        """What the hub itself refused in this session, by the wire's words."""
        return self._exchange.refused

    def run(self, lanes: Lanes = Lanes.ALL) -> Outcome:
        """Do all that `lanes` allow, and say how it went.

        Raises LinkFault where not even the first report was answered, BoxFault where the box itself cannot go on.
        """
        start = self.clock.now().monotonic_seconds
        before = self.link.traffic
        answer = self.report_progress()
        if self._withdrawn:
            # The hub hears it in this talk, and what they were made of gives its room to what comes next.
            self.shelf.free(self._withdrawn)
            answer = self.report_progress()
        if lanes is Lanes.ALL:
            with self._said(LinkFault, DiskFull):
                self._faults += self._mending.mend(lambda _: self.listener({"doing": "mending", "name": ""}))
            with self._said(LinkFault):
                for _ in range(ROUNDS_MAX):
                    self._let_go(answer)
                    if not self._receiver.receive(answer.plan):
                        break
                    answer = self.report_progress()
        return self._outcome(start, before, answer)

    def receive(self, plan: Sequence[Parcel]) -> Outcome:
        """Take in what this plan names and the link has, without a word to the hub: what a stick does.

        The plan must have been signed by the hub. What is shelved is told with the next report.
        Raises BoxFault where the box itself cannot go on.
        """
        start = self.clock.now().monotonic_seconds
        before = self.link.traffic
        with self._said(LinkFault):
            self._receiver.receive(plan)
        return self._outcome(start, before, None)

    def report_progress(self) -> Answer:
        """Tell the hub how we are, until it has every event and knows our shelf. Returns its last answer.

        Raises LinkFault.
        """
        self.listener({"doing": "reporting", "name": ""})
        self._exchange.settle(self._believe)
        answer = self._report()
        said: tuple[object, ...] | None = None
        while (to_say := self._to_say(answer)) is not None:
            if to_say == said:
                self._faults.append(_nothing_taken())
                break
            said = to_say
            answer = self._report()
        return answer

    def _outcome(self, start_seconds: float, before: Traffic, answer: Answer | None) -> Outcome:
        return Outcome(
            traffic=self.link.traffic - before,
            events_up=self._events_up,
            shelved=tuple(dict.fromkeys(self._receiver.shelved)),
            seconds=self.clock.now().monotonic_seconds - start_seconds,
            faults=(*self._receiver.faults(), *self._faults),
            wait_seconds=answer.wait_seconds if answer else 0,
            hub_seconds=answer.wall_seconds if answer else 0,
            neighbour_bytes=self._neighbourhood.moved_bytes,
        )

    def _let_go(self, answer: Answer) -> None:
        """Free what no plan names any more. Single files stay while a pack waits that may need them."""
        if answer.more_plan:
            return
        keep = {parcel.pack for parcel in answer.plan}
        if any(self.spool.is_whole(parcel.pack, parcel.size_bytes) for parcel in answer.plan):
            keep.update(filter(is_single, self.spool.names()))
        self.spool.drop_others(keep)

    def _report(self) -> Answer:
        try:
            return self._exchange.ask(self._composed, self._believe)
        except HubRefused as refused:
            if refused.code != "batch" or self._is_batch_refused:
                raise
            # The hub does not take these events; courses should come all the same. It is said, and tried again
            # in the next session: the journal keeps them.
            self._is_batch_refused = True
            self._faults.append(refused)
            return self._exchange.ask(self._composed, self._believe)

    def _composed(self, thread: Thread, request: str) -> Report:
        holdings = holdings_told(self.shelf, self._wants)
        shelf = shelf_digest(holdings)
        now = self.clock.now()
        return Report(
            box=self.journal.box,
            request=request,
            nonce=thread.nonce,
            heads=self.journal.heads(),
            shelf=shelf,
            free_bytes=free_bytes(self.store.folder),
            wall_seconds=now.wall_seconds,
            is_clock_trusted=now.is_trusted,
            holdings=holdings if shelf != thread.told_shelf else None,
            health=self.health,
            batch=self._next_batch(),
            can=capabilities(self.jpeg_xl, self.following, self.catalogues),
            follows=self.following.standing() if self.following else (),
            catalogues=self.catalogues.held() if self.catalogues else (),
            pruned=self.journal.pruned_heads(),
            given_back=self._given_back(),
            hardware=self.hardware,
        )

    def _next_batch(self) -> bytes:
        unsent = None if self._is_batch_refused else self.journal.next_batch()
        return unsent[1] if unsent else b""

    def _given_back(self) -> bytes:
        """What a restored hub lacks of its own journal."""
        return (self.following.asked(self._asks) or b"") if self.following else b""

    def _believe(self, connection: Connection, report: Report, answer: Answer) -> None:
        """What a signed answer changes, in the transaction that ends its report."""
        self.journal.take_marks(connection, answer.marks)
        self._wants.keep(connection, answer.plan)
        for learner in filter(is_learner, answer.erased):
            self.journal.erase(connection, learner)
            self.forget(connection, learner)
        self._asks = answer.asks
        if answer.renew and self.renew is not None:
            self.renew(connection, answer.renew)
        if answer.withdrawn:
            self._withdrawn += self.shelf.take_away(connection, answer.withdrawn)
        if answer.batch and self.following:
            with self._said(BatchRefused), all_or_nothing(connection):
                self.following.take(connection, answer.batch, self.hub)
        if self.catalogues:
            self.catalogues.hear_time(connection, answer.wall_seconds)
            if (fault := self.catalogues.take(connection, answer.metadata)) is not None:
                self._faults.append(fault)
        if report.batch:
            taken = {mark.epoch: mark.taken for mark in answer.marks}
            sent = batches.span_of(report.batch)
            last = min(sent.last_sequence, taken.get(sent.epoch, -1))
            self._events_up += max(0, last + 1 - sent.first_sequence)

    def _to_say(self, answer: Answer) -> tuple[object, ...] | None:
        """What another report would bring: the first event that waits, what the hub asked for, what we took of its."""
        unsent = None if self._is_batch_refused else self.journal.has_unsent()
        if unsent is None and not answer.wants_holdings and not answer.batch and not self._given_back():
            return None
        standing = tuple(self.following.standing()) if self.following else ()
        return unsent, answer.wants_holdings, tuple(answer.asks), standing

    @contextmanager
    def _said(self, *kinds: type[Fault]) -> Iterator[None]:
        """A fault of these kinds ends this much and no more; it is told with the outcome."""
        try:
            yield
        except kinds as fault:
            self._faults.append(fault)


def capabilities(
    jpeg_xl: JpegXl | None, following: Following | None = None, catalogues: Catalogues | None = None
) -> tuple[str, ...]:
    """What a box tells its hub that it can take."""
    able = {CAN_JPEG_XL: jpeg_xl, CAN_FOLLOW: following, CAN_CATALOGUE: catalogues}
    return (CAN_PATCH, *(word for word, what in able.items() if what is not None))


def holdings_told(shelf: Shelf, wants: Wants) -> list[Holding]:
    """What a box tells its hub that it has: what is in use, behind what it may build on; without unfit bases.

    Of a course, the release in use comes last.
    """
    unfit = wants.unfit_bases()
    rows = [*shelf.bases(), *shelf.holdings()]
    told = [(course, root, [one for one in layers if (root, one) not in unfit]) for course, root, layers in rows]
    return [Holding(course, root, layers) for course, root, layers in told if layers]


def _nothing_taken() -> LinkFault:
    return LinkFault(
        "The hub answered, and took nothing of what was sent.",
        "The box keeps it and offers it again; if it stays so, tell the hub's staff.",
    )
