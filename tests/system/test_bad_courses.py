"""What staff may hand to `qanat hub publish` by mistake or from malice: a sentence, a next step, and nothing kept."""

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import CallerFault, ContentFault
from tests.catalog.conftest import film_bytes
from tests.system.machines import command

pytestmark = pytest.mark.system

BOMB_BYTES = 80 << 20
PAGE = "<!doctype html><title>Water</title><p>Water finds its way."


def corrupt(folder: Path) -> Path:
    whole = packed(folder, {"index.html": PAGE})
    whole.write_bytes(whole.read_bytes()[:-30])
    return whole


def slip(folder: Path) -> Path:
    return packed(folder, {"index.html": PAGE, "../../outside.html": PAGE})


def bomb(folder: Path) -> Path:
    return packed(folder, {"index.html": PAGE, "zeros.bin": bytes(BOMB_BYTES)})


def link(folder: Path) -> Path:
    path = packed(folder, {"index.html": PAGE})
    with zipfile.ZipFile(path, "a") as archive:
        pointer = zipfile.ZipInfo("passwords")
        pointer.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(pointer, "/etc/passwd")
    return path


def empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def cut_film(folder: Path) -> Path:
    (folder / "film.mp4").write_bytes(film_bytes()[:-500])
    return folder / "film.mp4"


def something_else(folder: Path) -> Path:
    (folder / "sheet.xlsx").write_bytes(b"\x00\x01\x02\x03" * 100)
    return folder / "sheet.xlsx"


def nothing_there(folder: Path) -> Path:
    return folder / "nowhere.zip"


def packed(folder: Path, members: dict[str, str | bytes]) -> Path:
    path = folder / "course.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (corrupt, ContentFault.exit_code),
        (slip, ContentFault.exit_code),
        (bomb, ContentFault.exit_code),
        (link, ContentFault.exit_code),
        (empty, ContentFault.exit_code),
        (cut_film, ContentFault.exit_code),
        (something_else, ContentFault.exit_code),
        (nothing_there, CallerFault.exit_code),
    ],
)
def test_a_bad_course_is_refused_in_words(tmp_path: Path, make: Callable[[Path], Path], code: int) -> None:
    source, data = make(tmp_path), tmp_path / "hub"

    ended = command("hub", "publish", str(source), "--data", str(data), "--course", "water")

    assert code == ended.returncode, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Hint: " in ended.stderr
    assert [] == [path for path in (data / "store").rglob("*") if path.is_file() and path.name != ".lock"]
    assert not (tmp_path / "outside.html").exists()


def test_names_in_an_old_alphabet_are_read(tmp_path: Path) -> None:
    """A zip from an old Windows machine, whose names are no UTF-8: it is taken, and the report says what was mended."""
    path = packed(tmp_path, {"index.html": PAGE, "XXX.html": PAGE})
    path.write_bytes(path.read_bytes().replace(b"XXX.html", b"\x82t\x82.html"))

    ended = command("hub", "publish", str(path), "--data", str(tmp_path / "hub"), "--course", "water")

    assert 0 == ended.returncode, ended.stderr
    assert "water, version 1" in ended.stdout
