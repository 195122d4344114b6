"""The sheet of labels, printed by poppler and read by zbar: what a phone's camera would read is what the seeds say."""

import random
import subprocess
from pathlib import Path

import pytest

from provisioning.batch.book import Book
from provisioning.batch.making import Wishes, make
from provisioning.labels.faces import Faces
from provisioning.labels.printing import sheet_of
from provisioning.labels.sheet import COLUMNS, HIGH_MM, LEFT_MM, LID_MM, ROWS, TOP_MM, WIDE_MM
from provisioning.labels.squares import ADDRESS, joins
from sync.clock import SystemClock
from sync.enrolment import Token
from sync.keys import KeyPair, fingerprint
from sync.token_batch import TokenBatch

pytestmark = pytest.mark.system

DOTS_PER_INCH = (150, 240, 300)
KEYS = KeyPair.from_seed(b"h" * 32)
CARDS = 13
"""One more than a page has."""
OUTSIDE, LID = slice(0, HIGH_MM - LID_MM), slice(HIGH_MM - LID_MM, HIGH_MM)


def batch_for(campus: str, folder: Path) -> Book:
    draws = random.Random(campus)
    secrets = ["".join(draws.choices("abcdefgh", k=24)) for _ in range(CARDS)]
    tokens = tuple(Token(secret, fingerprint(KEYS.public)) for secret in secrets)
    batch = TokenBatch("b" * 16, "wadiwadi", campus, "https://hub.example", KEYS.public, 5, 1 << 40, tokens)
    book, _ = make(folder, lambda: batch.to_bytes(KEYS), Wishes("KE"), SystemClock(), draws.randbytes)
    return book


def read_off(pdf: Path, place: int, part: slice) -> set[str]:
    """What a decoder reads in one label of the printed sheet, from near and from farther off, as a phone would."""
    page, on_page = divmod(place, COLUMNS * ROWS)
    left, top = LEFT_MM + on_page % COLUMNS * WIDE_MM, TOP_MM + on_page // COLUMNS * HIGH_MM
    box = (left, top + part.start, WIDE_MM, part.stop - part.start)
    found: set[str] = set()
    for dots in DOTS_PER_INCH:
        x, y, wide, high = (str(int(length * dots / 25.4)) for length in box)
        number = str(page + 1)
        drawn = subprocess.run(
            ["pdftoppm", "-r", str(dots), "-gray", "-f", number, "-l", number, "-x", x, "-y", y, "-W", wide, "-H", high,
             pdf], check=True, capture_output=True,
        )  # fmt: skip
        read = subprocess.run(
            ["zbarimg", "--quiet", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", "pnm:-"],
            input=drawn.stdout, check=True, capture_output=True,
        )  # fmt: skip
        found |= set(read.stdout.decode().splitlines())
    return found


@pytest.mark.parametrize(("campus", "language"), [("Hill; school: 7", "en"), ("مدرسة وادي حلفا", "ar"), ("ភូមិថ្មី", "fr")])
def test_each_square_of_the_sheet_says_what_its_seed_says(campus: str, language: str, tmp_path: Path) -> None:
    book = batch_for(campus, tmp_path / "batch")
    pdf = tmp_path / "sheet.pdf"

    made = sheet_of(book, language=language)
    pdf.write_bytes(made.pdf)

    seeds = [book.seed(card.number) for card in book.cards()]
    assert [{joins(seed.wifi), ADDRESS} for seed in seeds if seed.wifi] == [
        read_off(pdf, place, OUTSIDE) for place in range(CARDS)
    ]
    assert [{seed.id} for seed in seeds] == [read_off(pdf, place, LID) for place in range(CARDS)]
    assert () == made.unwritten


def test_names_in_arabic_and_khmer_are_set_in_letters_that_have_them() -> None:
    faces = Faces.found()

    assert ["NotoSansArabic-Regular.ttf"] == [path.name for path in faces.for_text("وادي 07")]
    assert {"NotoSansKhmer-Regular.ttf", "NotoSans-Regular.ttf"} == {path.name for path in faces.for_text("ភូមិ a1")}


def test_what_stands_on_the_sheet_in_letters_can_be_read_back(tmp_path: Path) -> None:
    book = batch_for("Hill school", tmp_path / "batch")
    pdf = tmp_path / "sheet.pdf"
    pdf.write_bytes(sheet_of(book, numbers=[7]).pdf)

    words = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout

    seed = book.seed(7)
    assert seed.wifi is not None
    for text in ("Hill school 07", seed.wifi.password, seed.staff_code, seed.id):
        assert text in words
    assert seed.token not in words


def test_letters_that_no_face_has_are_left_out_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "fonts"
    folder.mkdir()
    here = Faces.found().folder
    for name in ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSansMono-Regular.ttf"):
        (folder / name).symlink_to(here / name)
    book = batch_for("ភូមិថ្មី", tmp_path / "batch")
    pdf = tmp_path / "sheet.pdf"

    made = sheet_of(book, numbers=[1], fonts=folder)
    pdf.write_bytes(made.pdf)

    assert ("ភូមិថ្មី 01",) == made.unwritten
    wifi = book.seed(1).wifi
    assert wifi is not None
    assert joins(wifi) in read_off(pdf, 0, OUTSIDE)


def test_the_same_batch_prints_the_same_bytes(tmp_path: Path) -> None:
    book = batch_for("Hill school", tmp_path / "batch")

    assert sheet_of(book).pdf == sheet_of(book).pdf
