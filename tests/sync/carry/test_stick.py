"""The stick: what is written survives being pulled, and nothing on it leads anywhere else."""

import os
from pathlib import Path

import pytest

from catalog.digest import digest_of
from catalog.fault import Damaged
from sync.carry import carrier
from sync.carry.carrier import Listed, StickBroken, is_whole, parts_of, pieces_of
from sync.carry.stick import FOLDER, Stick
from tests.wire import noise

PACK = noise(300_000)
LISTED = Listed("core-1", len(PACK), digest_of(PACK))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pack"
    path.write_bytes(PACK)
    return path


def hear(size_bytes: int) -> None:
    """Nobody watches."""


def test_a_pack_comes_back_from_any_byte(stick: Stick, source: Path) -> None:
    stick.add(LISTED, source, hear)

    assert [PACK, PACK[123_456:], b""] == [b"".join(pieces_of(stick, LISTED, at)) for at in (0, 123_456, len(PACK))]


def test_a_pack_longer_than_a_file_may_be_lies_in_parts(
    stick: Stick, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier.parts_of, "__defaults__", (100_001,))

    stick.add(LISTED, source, hear)

    assert [100_001, 100_001, 99_998] == list(stick.files().values())
    assert PACK[150_000:] == b"".join(pieces_of(stick, LISTED, 150_000))


def test_no_file_is_longer_than_fat32_takes() -> None:
    parts = parts_of(Listed("core-1", 9_000_000_000, digest_of(b"")))

    assert 3 == len(parts)
    assert max(part.size_bytes for part in parts) < 0xFFFFFFFF
    assert 9_000_000_000 == sum(part.size_bytes for part in parts)


def test_a_pack_that_is_there_is_not_written_again(stick: Stick, source: Path) -> None:
    assert [len(PACK), 0] == [stick.add(LISTED, source, hear) for _ in range(2)]


def test_a_pack_that_is_not_as_listed_never_gets_its_name(stick: Stick, source: Path) -> None:
    source.write_bytes(PACK[:-1] + b"?")

    with pytest.raises(Damaged):
        stick.add(LISTED, source, hear)

    assert {} == stick.files()


def test_what_a_pulled_stick_left_half_written_is_no_file_and_goes(stick: Stick) -> None:
    stick.make()
    half = stick.folder / f".{parts_of(LISTED)[0].name}.part"
    half.write_bytes(PACK[:1000])

    assert ({}, False) == (stick.files(), is_whole(stick.files(), LISTED))
    assert 1 == stick.keep_only(())
    assert not half.exists()


def test_what_people_keep_on_the_stick_stays(stick: Stick) -> None:
    stick.make()
    for name in ("Holiday.jpg", "notes.txt"):
        (stick.folder / name).write_text("mine")

    stick.keep_only(())

    assert ["Holiday.jpg", "notes.txt"] == sorted(path.name for path in stick.folder.iterdir())


def test_a_link_on_a_stick_is_not_followed(stick: Stick, tmp_path: Path) -> None:
    """Whoever made the stick would have the box read its own key, or write over its own database."""
    secret = tmp_path / "box.key"
    secret.write_text("secret")
    stick.make()
    name = "down-a.letter"
    (stick.folder / name).symlink_to(secret)
    (stick.folder / f".{name}.part").symlink_to(secret)

    assert {} == stick.files()
    with pytest.raises(StickBroken):
        stick.open(name)
    stick.write(name, b"letter")
    assert ("secret", b"letter") == (secret.read_text(), (stick.folder / name).read_bytes())
    assert not (stick.folder / name).is_symlink()


def test_a_pipe_on_a_stick_holds_nobody_up(stick: Stick) -> None:
    stick.make()
    os.mkfifo(stick.folder / "down-a.letter")

    assert {} == stick.files()
    with pytest.raises(StickBroken):
        stick.open("down-a.letter")


def test_a_folder_that_is_a_link_is_none_of_ours(stick: Stick, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (stick.disk / FOLDER).symlink_to(tmp_path / "elsewhere")

    assert (False, {}) == (stick.is_ours, stick.files())
    with pytest.raises(StickBroken):
        stick.write("down-a.letter", b"letter")
    assert [] == list((tmp_path / "elsewhere").iterdir())


def test_a_stick_that_was_taken_out_is_said(stick: Stick, source: Path) -> None:
    stick.add(LISTED, source, hear)
    (stick.folder / parts_of(LISTED)[0].name).unlink()

    with pytest.raises(StickBroken, match="cannot be used any more"):
        list(pieces_of(stick, LISTED))
