"""The metered link: counted ahead, ended in time, slowed down, and given back."""

import contextlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.budget.allowance import Allowance, Limit, lent
from sync.clock import Moment
from sync.link import LinkBroken, Reply, Traffic
from sync.links.metered import (
    MESSAGE_BYTES,
    PIECE_BYTES,
    STEP_BYTES,
    BudgetSpent,
    MeteredLink,
    Terms,
    WindowClosed,
    receive_bytes,
)

HEAD_BYTES = 200


@dataclass
class Watch:
    """A clock that only waiting moves."""

    seconds: float = 0.0

    def now(self) -> Moment:
        return Moment(0, self.seconds, is_trusted=False)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Way:
    """A link that brings pieces of a given size, each counted as it comes."""

    piece_bytes: int = 10_000
    breaks_after: int | None = None
    traffic: Traffic = field(default_factory=Traffic)

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        self.traffic += Traffic(HEAD_BYTES, HEAD_BYTES + len(body), 1)
        return Reply(200, {}, b"")

    def fetch(self, name: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        assert size_bytes is not None
        self.traffic += Traffic(HEAD_BYTES, HEAD_BYTES, 1)
        while offset < size_bytes:
            if self.breaks_after is not None and offset >= self.breaks_after:
                raise LinkBroken("cut")
            piece = bytes(min(self.piece_bytes, size_bytes - offset))
            offset += len(piece)
            self.traffic += Traffic(len(piece))
            yield piece


@dataclass
class Account:
    """What the ledger was told, in order."""

    booked: list[int] = field(default_factory=list)

    @property
    def total_bytes(self) -> int:
        return sum(self.booked)


def courses(course_bytes: int, limit: Limit = Limit.NIGHT) -> Terms:
    return Terms(Allowance(course_bytes + 100_000, course_bytes, limit), goes_on={limit: "tomorrow"})


def metered(terms: Terms, way: Way | None = None, watch: Watch | None = None) -> tuple[MeteredLink, Account]:
    account = Account()
    return MeteredLink(way or Way(), watch or Watch(), terms, account.booked.append), account


def test_what_crosses_is_on_the_account_and_nothing_else() -> None:
    link, account = metered(Terms())
    with link:
        link.exchange("/sync/session", bytes(3000), {})
        came = sum(map(len, link.fetch("pack", 0, 70_000)))

    assert 70_000 == came
    assert 3000 + 70_000 + 4 * HEAD_BYTES == account.total_bytes == link.moved.total_bytes


def test_every_byte_is_on_the_account_before_it_moves() -> None:
    """Whenever the power may go, the account shows at least what has crossed, and less than a step too much."""
    link, account = metered(Terms(), way := Way(piece_bytes=PIECE_BYTES))
    for _ in link.fetch("pack", 0, 5_000_000):
        over_bytes = account.total_bytes - way.traffic.total_bytes
        assert 0 <= over_bytes <= STEP_BYTES

    assert max(account.booked) <= STEP_BYTES


def test_an_account_is_settled_when_the_link_breaks_too() -> None:
    link, account = metered(Terms(), way := Way(breaks_after=30_000))
    with pytest.raises(LinkBroken), link:
        list(link.fetch("pack", 0, 70_000))

    assert way.traffic.total_bytes == account.total_bytes


def test_a_process_that_is_ended_leaves_its_step_on_the_account() -> None:
    link, account = metered(Terms(), way := Way())
    with pytest.raises(KeyboardInterrupt), link:
        next(link.fetch("pack", 0, 70_000))
        raise KeyboardInterrupt

    assert way.traffic.total_bytes <= STEP_BYTES == account.total_bytes


def test_courses_end_where_progress_needs_the_rest() -> None:
    link, account = metered(courses(50_000))
    came = bytearray()
    with pytest.raises(BudgetSpent, match="Tonight's bytes are spent; the rest comes tomorrow"), link:
        for piece in link.fetch("pack", 0, 1_000_000):
            came += piece

    assert 50_000 == len(came)
    assert account.total_bytes <= 50_000 + 2 * HEAD_BYTES


def test_progress_still_goes_when_courses_have_ended() -> None:
    link, _ = metered(Terms(Allowance(100_000, 0, Limit.MONTH)))
    link.exchange("/sync/session", bytes(60_000), {})

    with pytest.raises(BudgetSpent, match="This month's bytes"):
        next(link.fetch("pack", 0, 1000))


def test_progress_that_would_break_the_quota_is_not_begun() -> None:
    link, account = metered(Terms(Allowance(50_000, 0, Limit.MONTH)), way := Way())
    with pytest.raises(BudgetSpent):
        link.exchange("/sync/session", bytes(50_001 - MESSAGE_BYTES), {})

    assert (0, 0) == (way.traffic.requests, account.total_bytes)


def test_a_pack_that_is_whole_is_whole_though_nothing_is_left() -> None:
    link, _ = metered(courses(20_000 + 2 * HEAD_BYTES), Way())

    assert 20_000 == sum(map(len, link.fetch("pack", 0, 20_000)))


def test_what_was_lent_is_said_to_be_lent() -> None:
    link, _ = metered(Terms(lent(30_000), goes_on={Limit.LENT: "in the next night"}))

    with pytest.raises(BudgetSpent) as spent:
        list(link.fetch("pack", 0, 90_000))
    assert "The bytes lent are spent; the rest comes in the next night." == spent.value.sentence
    assert "lend it" not in spent.value.hint


def test_a_window_that_closes_ends_the_courses_after_the_piece_that_came() -> None:
    hours = iter([True, True, False])
    link, _ = metered(Terms(is_open=lambda: next(hours), goes_on={None: "from 01:00 on"}))
    came: list[bytes] = []
    with pytest.raises(WindowClosed, match="from 01:00 on"):
        came.extend(link.fetch("pack", 0, 90_000))

    assert [10_000, 10_000] == [len(piece) for piece in came]


def test_progress_does_not_ask_for_a_window() -> None:
    link, _ = metered(Terms(is_open=lambda: False))

    assert 200 == link.exchange("/sync/session", b"", {}).status


def test_the_rate_is_kept_over_a_whole_pack() -> None:
    watch = Watch()
    link, _ = metered(Terms(rate_bytes=32_000), watch=watch)
    list(link.fetch("pack", 0, 640_000))

    assert 19.0 <= watch.seconds <= 20.1


def test_a_link_that_is_slower_than_the_rate_is_not_held_up() -> None:
    watch = Watch()
    link, _ = metered(Terms(rate_bytes=32_000), watch=watch)
    waited = 0.0
    for _ in link.fetch("pack", 0, 640_000):
        before = watch.seconds = watch.seconds + 1.0
        waited += watch.seconds - before

    assert 0.0 == waited
    assert 64.0 == watch.seconds


@pytest.mark.parametrize(("rate_bytes", "expected"), [(0, 0), (1000, 16 * 1024), (32_000, 32_000), (10_000_000, 0)])
def test_a_slow_rate_keeps_the_machine_from_fetching_ahead(rate_bytes: int, expected: int) -> None:
    assert expected == receive_bytes(rate_bytes)


@given(
    allowed=st.integers(0, 3_000_000),
    reserve=st.integers(PIECE_BYTES + HEAD_BYTES * 2, 300_000),
    sizes=st.lists(st.integers(0, 900_000), max_size=8),
    piece=st.integers(1000, PIECE_BYTES),
)
def test_bytes_stay_within_the_allowance(allowed: int, reserve: int, sizes: list[int], piece: int) -> None:
    terms = Terms(Allowance(allowed + reserve, allowed, Limit.NIGHT))
    link, account = metered(terms, way := Way(piece_bytes=piece))
    with link:
        for size_bytes in sizes:
            with contextlib.suppress(BudgetSpent):
                link.exchange("/sync/session", bytes(size_bytes), {})
            with contextlib.suppress(BudgetSpent):
                list(link.fetch("pack", 0, size_bytes))

    assert way.traffic.total_bytes == account.total_bytes <= allowed + reserve
