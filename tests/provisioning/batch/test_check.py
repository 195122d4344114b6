"""A box on the desk against its card: a real box's answer, and each way in which one may not be as it should."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.app import create_app
from edge.box import Box
from provisioning.batch.book import Book, State
from provisioning.batch.check import Colour, Facts, NoBoxThere, ask, check
from sync.clock import SystemClock
from tests.edge.conftest import WoundClock, no_way

ADDRESS = "http://10.0.0.7/"
WELL = Facts("boxboxboxboxboxb", "3" * 16, "0.2.0", "00", ("water",), 0, True, True, True, True)
"""What a box says that came well from card 2, which is for Djibouti: of it the kernel knows no rules."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box.open(tmp_path / "box", clock=WoundClock(), random_bytes=lambda count: b"r" * count, open_link=no_way)
    yield box
    box.close()


def answering(answer: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))


def colours(findings: Any) -> list[Colour]:
    return [one.colour for one in findings]


def test_a_box_of_this_batch_is_asked_and_noted(book: Book, box: Box) -> None:
    """The test's box stands on the machine's own disk, so that one thing is wrong with it, or none."""
    (box.data / "seed.json").write_bytes(book.seed(2).to_bytes())
    with httpx.Client(transport=httpx.WSGITransport(app=create_app(box))) as client:
        facts = ask(ADDRESS, client, SystemClock())

    checked = check(book, replace(facts, is_on_own_partition=True))

    assert checked.card is not None
    assert (2, True) == (checked.card.number, checked.is_well)
    assert (State.CHECKED, box.id) == (book.card(2).state, book.card(2).box)


def test_a_box_that_is_as_it_should_be_is_all_green(book: Book) -> None:
    checked = check(book, WELL, ["water"])

    assert {Colour.GREEN} == set(colours(checked.findings))
    assert State.CHECKED is book.card(2).state


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (replace(WELL, is_on_own_partition=False), "no partition of its own"),
        (replace(WELL, courses=()), "courses are missing: water"),
        (replace(WELL, rotten_files=3), "as they were: 3"),
        (replace(WELL, wifi_country="US"), "rules of US, not of 00"),
        (replace(WELL, is_enrolled=False), "has no token"),
    ],
)
def test_what_is_wrong_is_red_and_noted_in_the_book(book: Book, facts: Facts, says: str) -> None:
    checked = check(book, facts, ["water"])

    assert 1 == colours(checked.findings).count(Colour.RED)
    assert State.FAILED is book.card(2).state
    assert says in book.card(2).what


@pytest.mark.parametrize(
    "facts",
    [
        replace(WELL, is_enrolled=False, is_token_spent=False),
        replace(WELL, is_token_spent=False),
        replace(WELL, wifi_country=""),
        replace(WELL, is_all_read=False),
    ],
)
def test_what_cannot_be_told_yet_fails_nobody(book: Book, facts: Facts) -> None:
    checked = check(book, facts)

    assert 1 == colours(checked.findings).count(Colour.OPEN)
    assert checked.is_well


def test_a_box_of_another_batch_is_red_and_no_card_is_touched(book: Book) -> None:
    checked = check(book, replace(WELL, seed="z" * 16))

    assert (None, False) == (checked.card, checked.is_well)
    assert {State.NEW} == {card.state for card in book.cards()}


def test_two_cards_that_became_one_box_are_noticed(book: Book) -> None:
    check(book, WELL)

    checked = check(book, replace(WELL, seed="4" * 16))

    assert not checked.is_well
    assert "same box as card 2" in book.card(3).what


def test_a_box_that_was_mended_is_green_again(book: Book) -> None:
    check(book, replace(WELL, is_on_own_partition=False))
    check(book, WELL)

    assert (State.CHECKED, "") == (book.card(2).state, book.card(2).what)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"courses":7}',
        b"[" * 100_000,
        b"x" * (1 << 20),
        b'{"box":"<script>","seed":"","software":"1","wifi_country":"","courses":[],"rotten_files":0,"is_all_read":true,'
        b'"is_token_spent":true,"is_enrolled":true,"is_on_own_partition":true}',
    ],
)
def test_what_is_no_box_is_not_believed(body: bytes) -> None:
    with (
        answering(lambda request: httpx.Response(200, stream=httpx.ByteStream(body))) as client,
        pytest.raises(NoBoxThere),
    ):
        ask(ADDRESS, client, SystemClock())


def test_no_more_is_read_of_an_endless_answer_than_a_box_would_say() -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 4096
            yield b" " * 4096

    with answering(lambda request: httpx.Response(200, content=endless())) as client, pytest.raises(NoBoxThere):
        ask(ADDRESS, client, SystemClock())

    assert sent <= 300_000


def test_a_box_without_ground_says_where_to_look() -> None:
    with answering(lambda request: httpx.Response(503)) as client, pytest.raises(NoBoxThere, match="page says why"):
        ask(ADDRESS, client, SystemClock())


@pytest.mark.parametrize("address", ["", "10.0.0.7", "http://[", "ftp://10.0.0.7/", "http://10.0.0.7:99999/"])
def test_an_address_that_is_none_is_said(address: str) -> None:
    with httpx.Client() as client, pytest.raises(NoBoxThere):
        ask(address, client, SystemClock())
