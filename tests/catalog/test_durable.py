import errno
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import durable
from catalog.fault import BoxFault, DiskFull, PlaceRefused


@pytest.fixture
def small_files() -> Iterator[int]:
    """No file may pass this many bytes: what a failing disk does in the middle of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield 10_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, former)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EROFS])
def test_a_place_that_will_not_do_is_not_called_a_failing_card(number: int) -> None:
    fault = durable.disk_fault(OSError(number, "no"), Path("/media/nostick/amina.zip"))

    assert isinstance(fault, PlaceRefused)
    assert 2 == fault.exit_code
    assert fault.sentence.startswith("amina.zip cannot be written in nostick: ")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "box.toml"
    durable.write_file(path, b"old")
    durable.write_file(path, b"new")

    assert (b"new", ["box.toml"]) == (path.read_bytes(), os.listdir(tmp_path))


def test_a_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    durable.write_file(tmp_path / "box.key", b"secret", mode=0o600)

    assert 0o600 == (tmp_path / "box.key").stat().st_mode & 0o777


def test_a_write_that_fails_keeps_the_former_file_and_leaves_nothing(tmp_path: Path, small_files: int) -> None:
    path = tmp_path / "catalog"
    durable.write_file(path, b"old")

    with pytest.raises(BoxFault):
        durable.write_file(path, b"x" * (small_files + 1))

    assert (b"old", ["catalog"]) == (path.read_bytes(), os.listdir(tmp_path))


def test_names_and_disks_are_made_lasting(tmp_path: Path) -> None:
    durable.sync_folder(tmp_path)
    durable.sync_disk(tmp_path)


def test_room_is_taken_before_the_first_byte(tmp_path: Path) -> None:
    with (tmp_path / "spool").open("wb") as file:
        durable.reserve(file, 4096)

        assert 4096 == (tmp_path / "spool").stat().st_size


def test_nothing_is_reserved_for_an_empty_file(tmp_path: Path) -> None:
    with (tmp_path / "spool").open("wb") as file:
        durable.reserve(file, 0)

    assert 0 == (tmp_path / "spool").stat().st_size


def test_more_than_the_disk_has_is_refused_before_the_first_byte(tmp_path: Path) -> None:
    with (tmp_path / "spool").open("wb") as file, pytest.raises(BoxFault):
        durable.reserve(file, 1 << 62)


def test_there_is_room_on_this_disk(tmp_path: Path) -> None:
    assert durable.free_bytes(tmp_path) > 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_as_one(number: int) -> None:
    fault = durable.disk_fault(OSError(number, "full"), Path("/data/film.mp4"))

    assert isinstance(fault, DiskFull)
    assert "film.mp4" in fault.sentence


def test_a_failing_card_is_not_called_full() -> None:
    fault = durable.disk_fault(OSError(errno.EIO, "input/output error"), Path("/data/film.mp4"))

    assert not isinstance(fault, DiskFull)
    assert "card" in fault.hint


def test_a_folder_that_cannot_be_flushed_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by letting each flush of a class day fail: the new file was there, and the error had no words."""

    def refuses(folder: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(durable, "sync_folder", refuses)

    with pytest.raises(BoxFault, match=r"The disk refused to write box\.key"):
        durable.write_file(tmp_path / "box.key", b"secret")
    assert ["box.key"] == os.listdir(tmp_path)
