"""A box of a simulated world: it begins from a template, and every byte that crosses its link is counted here too.

* What the box's own ledger says is never asked for what crossed: the wire counts, and both must agree.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sync.budget.windows import night_number
from sync.wire import SESSION_PATH
from tests.stories.box import CampusBox
from tests.wire import Wire

KEPT_MAX = 8
NIGHT_MB = 1


@dataclass
class CountingWire(Wire):
    """A wire that tells what crosses it, and keeps the last reports and what was answered to them."""

    count: Callable[[int], None] = lambda size_bytes: None
    former: list[tuple[httpx.Request, httpx.Response]] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.count(len(request.read()))
        reply = super().handle_request(request)
        if request.url.path == SESSION_PATH and reply.status_code == httpx.codes.OK:
            self.former = [*self.former[1 - KEPT_MAX :], (request, reply)]
        return httpx.Response(reply.status_code, headers=reply.headers, stream=_Counted(reply.stream, self.count))


@dataclass
class _Counted(httpx.SyncByteStream):
    body: Any
    count: Callable[[int], None]

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.body:
            self.count(len(piece))
            yield piece


class SimulatedBox(CampusBox):
    """A real box on a card in memory."""

    wire: CountingWire

    def __init__(self, *arguments: Any, card: Callable[[Path], None], is_metered: bool) -> None:
        """`card` writes the first card of this box into a folder."""
        self._first_card = card
        self.is_metered = is_metered
        self.crossed: Counter[int] = Counter()
        """Bytes that crossed the link since this card was put in, by the night under which the box counts."""
        self._booked_before = 0
        self._cards = 0
        self.versions: dict[str, int] = {}
        """The newest version that this card has shown of each course."""
        super().__init__(*arguments)
        self.wire = CountingWire(self.wire.app, count=self._crosses)
        self.begins_to_count()

    def comes_up(self) -> None:
        machine = "".join(filter(str.isalnum, self.name))
        self.parts = {"soc": machine, "card": f"{machine}-{self._cards}"}
        if not self.data.exists():
            self._first_card(self.data)
            self._card.put_in(self.data)
        super().comes_up()
        if self.is_metered:
            self.box.config = self.box.config.with_changes({"night_mb": NIGHT_MB})

    def runs_from(self, card: Path) -> None:
        self._cards += 1
        super().runs_from(card)
        self.versions.clear()
        self.begins_to_count()

    def reads_its_card_again(self) -> None:
        """A whole round of the scrub: what rotted is found, and fetched in the next session."""
        self.box.scrubbing.all_now(lambda done_bytes, total_bytes: None)

    def begins_to_count(self) -> None:
        """From here on every byte must be in the ledger."""
        self.crossed.clear()
        self._booked_before = self._booked()

    def called(self) -> dict[tuple[str, str], str]:
        """What each class and each learner is called on this box's pages."""
        people = self.box.people
        found = {}
        for group in people.classrooms():
            found["class", group.id] = group.name
            found |= {("learner", one.id): one.name for one in people.learners(group.id)}
        return found

    def known(self, epoch: str) -> int:
        """How far this box knows an epoch of its journal: what it wrote itself, and what came home of it."""
        rows = self.box.database.read().execute(
            """
            select max(sequence) from event join epoch on epoch.place = event.place where epoch = :epoch
            union select sequence from cut join epoch on epoch.place = cut.place where epoch = :epoch
            union select taken from followed_epoch where epoch = :epoch and writer = :box
            """,
            {"epoch": epoch, "box": self.id},
        )
        return max((row[0] for row in rows if row[0] is not None), default=-1)

    @property
    def booked_bytes(self) -> int:
        """What the box itself says that has crossed since then."""
        return self._booked() - self._booked_before

    def _booked(self) -> int:
        row = self.box.database.read().execute("select coalesce(sum(own_bytes), 0) from ledger").fetchone()
        return int(row[0])

    def _crosses(self, size_bytes: int) -> None:
        self.crossed[night_number(self.box.config.windows, self.box.ledger.local_seconds())] += size_bytes


def files_in(folder: Path) -> list[Path]:
    """Every file with anything in it, in an order that is the same each time."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
