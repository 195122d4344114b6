"""`qanat provision batch` and `report`, as they are typed."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalog.fault import CallerFault
from provisioning.batch.book import Book
from provisioning.cli import qanat
from sync.enrolment import Token
from sync.token_batch import TokenBatch


def run(*words: object) -> Result:
    return CliRunner().invoke(qanat, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    out, data = tmp_path / "wadi.qanat-batch", tmp_path / "hub"
    run("hub", "token", "--data", data, "--campus", "Wadi")
    words = ("--count", 3, "--address", "https://hub.example", "--out", out)
    run("hub", "batch", "--data", data, "--campus", "Wadi", *words)
    return out


def new(folder: Path, *words: object) -> Result:
    return run("provision", "batch", "new", "--out", folder, "--country", "KE", *words)


def test_a_batch_is_made_from_a_file_with_no_hub_near(tmp_path: Path, file: Path) -> None:
    said = new(tmp_path / "batch", "--from", file, "--set", "night_mb=50", "--set", 'layers=["audio"]')

    batch = TokenBatch.from_bytes(file.read_bytes())
    book = Book.open(tmp_path / "batch")
    assert [str(one) for one in batch.tokens] == [book.seed(number).token for number in (1, 2, 3)]
    assert (50, ["audio"]) == (book.seed(1).settings["night_mb"], list(book.seed(1).settings["layers"]))
    assert batch.hub_fingerprint in said.stderr
    assert "holds secrets" in said.stdout


def test_a_batch_is_made_at_the_hub_itself_in_one_command(tmp_path: Path, file: Path) -> None:
    words = ("--hub-data", tmp_path / "hub", "--campus", "Wadi", "--count", 2, "--hub", "https://hub.example", "--json")

    said: dict[str, Any] = json.loads(new(tmp_path / "batch", *words).stdout)
    again: dict[str, Any] = json.loads(new(tmp_path / "batch", *words).stdout)

    assert (2, True, False) == (said["cards"], said["is_new"], again["is_new"])
    assert said["id"] == again["id"]
    assert "Wadi" == said["campus_name"]
    assert Token.parse(Book.open(tmp_path / "batch").seed(1).token)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--campus", "Coast"), "for Wadi, not for Coast"),
        (("--count", 30), "3 tokens here, not 30"),
        (("--of-hub", "a" * 16), "not of a"),
    ],
)
def test_a_file_that_is_not_what_was_meant_is_refused(
    tmp_path: Path, file: Path, words: tuple[object, ...], says: str
) -> None:
    with pytest.raises(CallerFault, match=says):
        new(tmp_path / "batch", "--from", file, *words)


def test_another_batch_is_not_taken_for_the_one_that_is_there(tmp_path: Path, file: Path) -> None:
    new(tmp_path / "batch", "--from", file)

    with pytest.raises(CallerFault, match="another batch"):
        new(tmp_path / "batch", "--from", file, "--count", 5)


def test_it_must_be_said_where_tokens_come_from(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="--from FILE"):
        CliRunner().invoke(
            qanat, ["provision", "batch", "new", "--out", str(tmp_path), "--country", "KE"], standalone_mode=False,
            catch_exceptions=False,
        )  # fmt: skip


def test_the_report_has_a_line_for_each_card_and_no_secret(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "batch"
    new(folder, "--from", file)
    book = Book.open(folder)
    book.note_burned(1, "/dev/sdb", "0x1b534d", "a" * 64)
    book.note_failed(2, "=cmd|' /C calc'!A0", "/dev/sdc")

    text = run("provision", "report", folder, "--csv").stdout

    rows = list(csv.DictReader(io.StringIO(text)))
    assert ["burned", "failed", "new"] == [row["state"] for row in rows]
    assert ("/dev/sdb", "0x1b534d") == (rows[0]["device"], rows[0]["card"])
    assert "'=cmd|' /C calc'!A0" == rows[1]["what"]
    seed = book.seed(1)
    assert seed.wifi is not None
    assert [] == [one for one in (seed.token, seed.staff_code, seed.wifi.password) if one in text]


def test_the_report_in_words_says_what_failed(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "batch"
    new(folder, "--from", file)
    Book.open(folder).note_failed(2, "The card holds less than it says.", "/dev/sdc")

    assert "Wadi 02: failed in /dev/sdc" in run("provision", "report", folder).stdout
