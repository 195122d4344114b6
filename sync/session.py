"""A session: what box and hub do whenever there is a link.

* Progress first: what learners did goes up before anything comes down. Then packs, in the order of the plan's lanes.
* When nothing is new it is one request. What was shelved is told in one more.
* A session may stop at any line. What was acknowledged stays so, what was spooled stays spooled, what is half done is
  done again or forgotten; no one has to clean up before the next one.
* A course that cannot come (no room, a damaged pack) is said, its staging freed, and the rest of the night goes on.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from catalog.batch import Batch
from catalog.db import Connection, Database
from catalog.durable import free_bytes
from catalog.fault import ContentFault, DiskFull, Fault, LinkFault
from catalog.manifest import CORE, Layer, Release
from catalog.releases import Releases
from catalog.shelf import Shelf
from catalog.store import Store
from sync import batch as batches
from sync.budget import Lanes
from sync.clock import Clock
from sync.events import is_learner
from sync.exchange import RETRY_SECONDS_FIRST, TRIES_MAX, Exchange, HubRefused, Thread
from sync.journal import Journal
from sync.keys import KeyPair, PublicKey
from sync.link import Link, LinkBroken, PackMissing, Traffic
from sync.patch.apply import apply
from sync.patch.format import PackRefused
from sync.plan import chosen
from sync.spool import Spool
from sync.wire import Answer, Holding, Parcel, Report, shelf_digest

Listener = Callable[[Mapping[str, Any]], None]
"""Hears how it goes: {"doing", "name"}, and "done_bytes" and "total_bytes" while a pack comes. It may stop the session
by raising."""

Forget = Callable[[Connection, str], None]
"""Removes what the box keeps of an erased learner outside the journal, in the caller's transaction."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session went. `faults` are what could not be done and why; without any, the box has all it wants."""

    traffic: Traffic
    events_up: int
    shelved: tuple[str, ...]
    """Courses of which something new is on the shelf."""
    seconds: float
    faults: tuple[Fault, ...]
    wait_seconds: int
    """The hub asks not to come again before so long; 0 leaves it to the box."""
    hub_seconds: int
    """The wall time that the hub signed."""


@dataclass
class Session:
    """One box and its hub, for one session. Make a new one each time."""

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
    health: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._exchange = Exchange(self.database, self.link, self.keys, self.hub, self.clock, self.random_bytes)
        self._faults: list[Fault] = []
        self._shelved: list[str] = []
        self._settled: set[str] = set()
        """Packs that had their turn in this session, well or not."""
        self._events_up = 0
        self._is_batch_refused = False

    def run(self, lanes: Lanes = Lanes.ALL) -> Outcome:
        """Do all that `lanes` allow, and say how it went.

        Raises LinkFault where not even the first report was answered, BoxFault where the box itself cannot go on.
        """
        start = self.clock.now().monotonic_seconds
        before = self.link.traffic
        answer = self.report_progress()
        if lanes is Lanes.ALL:
            with self._said(LinkFault):
                while self.receive_packs(answer):
                    answer = self.report_progress()
        return Outcome(
            traffic=self.link.traffic - before,
            events_up=self._events_up,
            shelved=tuple(dict.fromkeys(self._shelved)),
            seconds=self.clock.now().monotonic_seconds - start,
            faults=tuple(self._faults),
            wait_seconds=answer.wait_seconds,
            hub_seconds=answer.wall_seconds,
        )

    def report_progress(self) -> Answer:
        """Tell the hub how we are, until it has every event and knows our shelf. Returns its last answer.

        Raises LinkFault.
        """
        self.listener({"doing": "reporting", "name": ""})
        self._exchange.settle(self._believe)
        answer = self._report()
        said: tuple[str, int, bool] | None = None
        while (to_say := self._to_say(answer)) is not None:
            if to_say == said:
                self._faults.append(_nothing_taken())
                break
            said = to_say
            answer = self._report()
        return answer

    def receive_packs(self, answer: Answer) -> bool:
        """Fetch and shelve what the plan names and the disk can take. Returns whether the shelf is any newer.

        Raises LinkFault where the link ends it.
        """
        if not answer.more_plan:
            self.spool.drop_others({parcel.pack for parcel in answer.plan})
        if not answer.plan:
            return False
        self.shelf.tidy()
        shelved_before = len(self._shelved)
        for parcel in self._choose(answer.plan):
            with self._said(ContentFault, DiskFull, PackMissing):
                self._receive(parcel)
        if len(self._shelved) > shelved_before:
            with self._said(ContentFault, DiskFull):
                self.shelf.ensure_trees()
        return len(self._shelved) > shelved_before

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
        holdings = [Holding(*row) for row in self.shelf.holdings()]
        shelf = shelf_digest(holdings)
        now = self.clock.now()
        unsent = None if self._is_batch_refused else self.journal.next_batch()
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
            batch=unsent[1] if unsent else b"",
        )

    def _believe(self, connection: Connection, report: Report, answer: Answer) -> None:
        """What a signed answer changes, in the transaction that ends its report."""
        self.journal.take_marks(connection, answer.marks)
        for learner in filter(is_learner, answer.erased):
            self.journal.erase(connection, learner)
            self.forget(connection, learner)
        if report.batch:
            taken = {mark.epoch: mark.taken for mark in answer.marks}
            sent = batches.decode(report.batch)
            self._events_up += sum(event.sequence <= taken.get(sent.epoch, -1) for event in sent.events)

    def _to_say(self, answer: Answer) -> tuple[str, int, bool] | None:
        """What another report would bring: the first event that waits, and whether the hub asked for the holdings."""
        unsent = None if self._is_batch_refused else self.journal.next_batch()
        if unsent is None:
            return ("", 0, True) if answer.wants_holdings else None
        return unsent[0].epoch, unsent[0].first_sequence, answer.wants_holdings

    def _choose(self, plan: Sequence[Parcel]) -> Iterator[Parcel]:
        """What to take of the plan now, in order; what is left for another night is said, and not looked at again."""
        open_plan = [parcel for parcel in plan if parcel.pack not in self._settled]
        roots = {parcel.root for parcel in open_plan}
        held = {(root, name) for root in roots for name in self.releases.layers_present(root)}
        choice = chosen(open_plan, free_bytes(self.store.folder), held, self.spool.offset)
        for skipped in choice.skipped:
            self._settled.add(skipped.parcel.pack)
            self._faults.append(
                DiskFull(skipped.sentence, "Free some space or take a larger card; what is here stays as it is.")
            )
        for parcel in choice.take:
            self._settled.add(parcel.pack)
            if self._is_older(parcel):
                self._faults.append(_rolled_back(parcel))
            elif parcel.layer == CORE or CORE in self.releases.layers_present(parcel.root):
                # Without its core a film could not be opened: it waits for the night that brings both.
                yield parcel

    def _is_older(self, parcel: Parcel) -> bool:
        release = self.shelf.release(parcel.course)
        return release is not None and release.version > parcel.version

    def _receive(self, parcel: Parcel) -> None:
        """Bring one layer from the hub to the shelf; what was damaged on the way is fetched once more.

        Raises DiskFull, PackRefused, LinkFault. Nothing stays but what may be gone on with.
        """
        try:
            self._fetch(parcel)
            try:
                self._shelve(parcel)
            except PackRefused as refused:
                if not refused.good_bytes:
                    raise
                self.spool.cut(parcel.pack, refused.good_bytes)
                self._fetch(parcel)
                self._shelve(parcel)
        except (ContentFault, DiskFull):
            self.spool.drop(parcel.pack)
            raise
        self.spool.drop(parcel.pack)
        self._shelved.append(parcel.course)
        self.shelf.tree(parcel.course)

    def _fetch(self, parcel: Parcel) -> None:
        """Spool the pack, from the byte where it was left; a link that breaks is taken up again while it gets on."""
        name, size_bytes = parcel.pack, parcel.size_bytes
        if self.spool.offset(name) > size_bytes:
            self.spool.drop(name)
        tried = 0
        while (offset := self.spool.offset(name)) < size_bytes:
            try:
                with closing(self._watched(parcel, offset)) as pieces:
                    self.spool.write(name, pieces, size_bytes)
            except LinkBroken:
                tried = 1 if self.spool.offset(name) > offset else tried + 1
                if tried == TRIES_MAX:
                    raise
                self.clock.wait(RETRY_SECONDS_FIRST << tried)

    def _watched(self, parcel: Parcel, offset: int) -> Generator[bytes, None, None]:
        done_bytes, total_bytes = offset, parcel.size_bytes
        with closing(self.link.fetch(parcel.pack, offset, total_bytes)) as pieces:
            for piece in pieces:
                yield piece
                done_bytes += len(piece)
                told = {
                    "doing": "fetching",
                    "name": _name(parcel),
                    "done_bytes": done_bytes,
                    "total_bytes": total_bytes,
                }
                self.listener(told)

    def _shelve(self, parcel: Parcel) -> None:
        """Rebuild the layer, prove it, and switch: files, index, shelf and event are one transaction."""
        self.listener({"doing": "shelving", "name": _name(parcel)})
        with self.store.batch() as batch:
            release, layer = apply(self.spool.path(parcel.pack), batch, parcel.root, parcel.layer)
            if (release.course, release.version) != (parcel.course, parcel.version):
                raise PackRefused(
                    f"The plan's {parcel.course} {parcel.version} is in truth {release.course} {release.version}.",
                    "Tell the hub's staff: its plan does not fit its courses.",
                )
            batch.place()
            self.database.write(lambda connection: self._record(connection, batch, release, layer))

    def _record(self, connection: Connection, batch: Batch, release: Release, layer: Layer) -> None:
        batch.record(connection)
        self.releases.record(connection, release, [layer])
        layers = sorted({*self.releases.layers_present(release.root), layer.name})
        self.shelf.switch(connection, release, layers)
        payload = {"course": release.course, "version": release.version, "root": release.root, "layers": layers}
        self.journal.append(connection, "shelved", "", payload)

    @contextmanager
    def _said(self, *kinds: type[Fault]) -> Iterator[None]:
        """A fault of these kinds ends this much and no more; it is told with the outcome."""
        try:
            yield
        except kinds as fault:
            self._faults.append(fault)


def _name(parcel: Parcel) -> str:
    return parcel.course if parcel.layer == CORE else f"{parcel.course} ({parcel.layer})"


def _nothing_taken() -> LinkFault:
    return LinkFault(
        "The hub answered, and took nothing of what was sent.",
        "The box keeps it and offers it again; if it stays so, tell the hub's staff.",
    )


def _rolled_back(parcel: Parcel) -> ContentFault:
    return ContentFault(
        f"The hub plans {parcel.course} {parcel.version}, and a newer version is here already.",
        "Nothing rolls back by itself; to go back, publish the older content as a new version.",
    )
