"""Boards start from the image that is shipped: the real loader, kernel, systemd, nginx and box, emulated by QEMU."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from edge.birth.seed import FILE as SEED_FILE
from edge.birth.seed import Seed
from provisioning.image import boot
from tests.image.board import Board
from tests.image.card import DATA_MIB, MIB, SLOT_B_MIB, Card
from tests.image.conftest import Image
from tests.image.story import card_identity, disk_id, put_update
from tests.phones import Phones, phones_at_hand
from tests.signing_in import press

COMPRESSED_BYTES_MAX = 260_000_000
PASSWORD = "a long way down the hill"
PIN = "4719"
SEED = Seed(
    id="q2w3e4r5t6z7u2i3",
    batch="",
    number=7,
    campus_name="Ali Sabieh",
    hub="",
    token="",
    staff_code="KMTRD-XWPCF",
    wifi=None,
    settings={"name": "Ali Sabieh 07", "timezone": "Africa/Djibouti"},
    made_seconds=1_790_000_000,
)

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    with phones_at_hand() as phones:
        yield phones


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_a_card_becomes_a_box_and_a_learner_signs_in(arch: str, image: Image, tmp_path: Path, phones: Phones) -> None:
    """From the power switch to a learner's name on the page, in a real browser; then the power is cut in the middle of
    things, and it is the same box with the same learner."""
    assert image(arch).with_name(f"{arch}.img.zst").stat().st_size <= COMPRESSED_BYTES_MAX
    board = Board.with_card(arch, image(arch), tmp_path)
    board.put(SEED_FILE, SEED.to_bytes())
    with board:
        assert board.page().status_code in (200, 303)
        class_code = claim(board, phones.phone(), SEED.staff_code)
        join(board, phones.phone(), "Amina", class_code)
        board.says("(is used, and erased from the card)")
    identity = card_identity(Card(board.disk))
    left = board.read(SEED_FILE)
    assert Seed.from_bytes(left).id == SEED.id
    assert SEED.staff_code.encode() not in left, "what is used once is erased from the card"
    assert Card(board.disk).data_bytes() > board.disk.stat().st_size - (DATA_MIB + 64) * MIB

    with board:
        board.page()
        sign_in_again(board, phones.phone(), "Amina", class_code)
    assert card_identity(Card(board.disk)) == identity
    assert Card(board.disk).is_whole()


def test_power_goes_while_a_card_becomes_a_box(image: Image, tmp_path: Path) -> None:
    """Cut in the middle of its first start, it is a box at its second."""
    board = Board.with_card("amd64", image("amd64"), tmp_path)
    board.start().says("(the data partition grows)")
    board.cut()
    with board:
        assert board.page().status_code in (200, 303)
    before = card_identity(Card(board.disk))
    with board:
        board.page()
    assert card_identity(Card(board.disk)) == before
    assert Card(board.disk).data_bytes() > board.disk.stat().st_size - (DATA_MIB + 64) * MIB


def test_a_card_without_its_data_partition_keeps_nothing_and_says_so(image: Image, tmp_path: Path) -> None:
    """A box that served as ever would keep what learners do in memory, and lose it with the power."""
    board = Board.with_card("amd64", image("amd64"), tmp_path)
    board.put(SEED_FILE, SEED.to_bytes())
    Card(board.disk).spoil_data()

    with board:
        page = board.page_that_says("partition")

    assert page.status_code == 503
    assert board.read(SEED_FILE) == SEED.to_bytes(), "the seed waits for a card that keeps it"


def test_new_software_is_tried_once_and_stays_when_it_is_well(image: Image, tmp_path: Path) -> None:
    board = Board.with_card("amd64", image("amd64"), tmp_path)
    put_update(board)

    with board:
        board.page()
        board.says("slot (b) is well, and stays")

    assert set(board.start_files("loader/entries")) == {"qanat-a.conf", "qanat-b.conf"}
    with board:
        board.page()
        assert f"{boot.root(disk_id(board), 'b')}" in board.said_to_kernel()


@pytest.mark.parametrize("is_spoilt", [True, False], ids=["a root that cannot be read", "a box that does not answer"])
def test_new_software_that_is_not_well_is_left_for_the_old(image: Image, tmp_path: Path, is_spoilt: bool) -> None:
    board = Board.with_card("amd64", image("amd64"), tmp_path)
    put_update(board)
    if is_spoilt:
        Card(board.disk).spoil_slot(SLOT_B_MIB)
    else:
        name = "loader/entries/qanat-b+1.conf"
        board.put(name, board.read(name).rstrip() + b" systemd.mask=qanat-box.service qanat.trial_seconds=20\n")

    board.start()
    board.wait_until_off()  # QEMU ends where a machine would start again
    with board:
        assert board.page().status_code in (200, 303)
        assert f"{boot.root(disk_id(board), 'a')}" in board.said_to_kernel()


def claim(board: Board, page: Page, code: str) -> str:
    """Claim the box as staff do, and make a class. Returns its code."""
    page.goto(f"{board.address}/")
    page.wait_for_url(re.compile("/claim"))
    page.fill("[name=code]", code)
    page.fill("#f-password", PASSWORD)
    page.fill("[name=classroom]", "Grade 8 B")
    press(page)
    page.goto(f"{board.address}/classes")
    page.click("main a[href^='/classes/']")
    page.goto(f"{page.url}/code")
    return page.inner_text(".big")


def join(board: Board, page: Page, name: str, class_code: str) -> None:
    page.goto(f"{board.address}/join")
    page.fill("[name=code]", class_code)
    page.click("main form button")
    page.goto(f"{board.address}/join")
    page.fill("[name=name]", name)
    page.click("main form button")
    page.fill("[name=pin]", PIN)
    page.click("main form button")
    page.goto(f"{board.address}/")
    assert name in page.inner_text("h1")


def sign_in_again(board: Board, page: Page, name: str, class_code: str) -> None:
    page.goto(f"{board.address}/sign-in")
    page.fill("[name=code]", class_code)
    page.click("main form button")
    page.get_by_role("link", name=name).click()
    page.fill("[name=pin]", PIN)
    page.click("main form button")
    page.goto(f"{board.address}/")
    assert name in page.inner_text("h1")
