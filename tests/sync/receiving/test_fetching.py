"""A file comes from a link into the spool, however often the link breaks."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from random import Random

import pytest

from catalog.fault import BoxFault, LinkFault
from sync.link import HubBusy, LinkBroken, NotTheHub, Unreachable
from sync.receiving.fetching import TRIES_MAX, Fetcher
from sync.receiving.spool import Spool
from tests.sync.conftest import HandClock
from tests.wire import SimulatedLink, noise

BOOK = noise(120_000)


class Troubled(SimulatedLink):
    """A link to the book that first fails in these ways."""

    def __init__(self, *troubles: Exception) -> None:
        super().__init__({"book": BOOK})
        self._troubles: Iterator[Exception] = iter(troubles)

    def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        for trouble in self._troubles:
            raise trouble
        yield from super().fetch(name, offset, size_bytes)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


@pytest.fixture
def fetch(spool: Spool, clock: HandClock) -> Callable[..., None]:
    """Fetch the book over this link."""

    def fetch(link: SimulatedLink, hear: Callable[[int], None] = lambda done_bytes: None) -> None:
        Fetcher(link, spool, clock, Random(7).randbytes).fetch("book", len(BOOK), hear)

    return fetch


def test_it_goes_on_at_the_byte_after_every_cut(fetch: Callable[..., None], spool: Spool) -> None:
    link = SimulatedLink({"book": BOOK}, [10_000, 1, 70_000])

    fetch(link)

    assert BOOK == spool.path("book").read_bytes()
    assert (len(BOOK), 4) == (link.traffic.bytes_down, link.traffic.requests)


def test_what_is_here_already_is_not_asked_for(fetch: Callable[..., None]) -> None:
    fetch(SimulatedLink({"book": BOOK}))
    link = SimulatedLink({})

    fetch(link)

    assert [] == link.asked


@pytest.mark.parametrize("trouble", [LinkBroken("Cut."), Unreachable("Nobody."), HubBusy("Busy.")])
def test_what_may_be_over_in_a_minute_is_waited_for(
    fetch: Callable[..., None], clock: HandClock, trouble: LinkFault
) -> None:
    before_seconds = clock.monotonic_seconds

    fetch(Troubled(*[trouble] * (TRIES_MAX - 1)))

    assert 0 < clock.monotonic_seconds - before_seconds < 60


def test_a_link_that_brings_nothing_again_and_again_ends_it(fetch: Callable[..., None]) -> None:
    with pytest.raises(Unreachable):
        fetch(Troubled(*[Unreachable("Nobody.")] * TRIES_MAX))


def test_a_link_that_gets_on_is_given_all_the_tries_again(fetch: Callable[..., None]) -> None:
    link = SimulatedLink({"book": BOOK}, [cut for _ in range(10) for cut in (*[0] * (TRIES_MAX - 2), 9_000)])

    fetch(link)

    assert len(BOOK) == link.traffic.bytes_down


@pytest.mark.parametrize("trouble", [NotTheHub("A page."), HubBusy("Busy.", wait_seconds=3600), LinkFault("Spent.")])
def test_what_waiting_does_not_mend_ends_it_at_once(
    fetch: Callable[..., None], clock: HandClock, trouble: LinkFault
) -> None:
    before_seconds = clock.monotonic_seconds

    with pytest.raises(type(trouble)):
        fetch(Troubled(trouble))

    assert before_seconds == clock.monotonic_seconds


def test_a_busy_hub_is_left_alone_for_as_long_as_it_says(fetch: Callable[..., None], clock: HandClock) -> None:
    before_seconds = clock.monotonic_seconds

    fetch(Troubled(HubBusy("Busy.", wait_seconds=45)))

    assert 45 <= clock.monotonic_seconds - before_seconds < 45 + 4


def test_a_strangers_answer_does_not_spoil_what_comes_behind_it(spool: Spool, clock: HandClock) -> None:
    """Eight bytes of something else came first, once; kept, the whole pack would have had to come twice."""
    strange = iter([b"\0rubbish"])

    class Strange(SimulatedLink):
        def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
            for answer in strange:
                yield answer
                raise LinkBroken("That was all.")
            yield from super().fetch(name, offset, size_bytes)

    link = Strange({"pack": b"QPCK" + BOOK})
    fetcher = Fetcher(link, spool, clock, Random(7).randbytes)

    fetcher.fetch("pack", len(BOOK) + 4, lambda done_bytes: None, b"QPCK")

    assert b"QPCK" + BOOK == spool.path("pack").read_bytes()


def test_who_listens_may_stop_it_before_a_pause(fetch: Callable[..., None], clock: HandClock) -> None:
    before_seconds = clock.monotonic_seconds

    def stops(done_bytes: int) -> None:
        raise BoxFault("Told to stop.")

    with pytest.raises(BoxFault):
        fetch(Troubled(LinkBroken("Cut.")), stops)

    assert before_seconds == clock.monotonic_seconds
