"""The spool in the field: cuts, crashes, full disks."""

import pytest

from catalog.fault import DiskFull
from sync.link import LinkBroken
from sync.receiving.spool import CHECKPOINT_BYTES, Spool

STEP = CHECKPOINT_BYTES
NAME = "core-abc-full-1"


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def bytes_of(length):
    return bytes(number % 251 for number in range(length))


def cut_after(data, size):
    """A link that carries this much and breaks."""
    for start in range(0, size, 60_000):
        yield data[start : min(start + 60_000, size)]
    raise LinkBroken("The connection to the hub was lost.")


def crash(spool, length):
    """Power goes while more was on its way to the disk than was made to last: the file is long, no mark says so."""
    (spool.folder / f"{NAME}.mark").unlink(missing_ok=True)
    spool.path(NAME).write_bytes(bytes_of(length))


def test_a_pack_comes_in_pieces_and_is_whole(spool):
    data = bytes_of(3 * STEP + 5)

    spool.write(NAME, [data[:100], data[100 : 2 * STEP], data[2 * STEP :]], len(data))

    assert spool.is_whole(NAME, len(data))
    assert data == spool.path(NAME).read_bytes()


def test_after_a_cut_it_goes_on_at_the_byte(spool):
    data = bytes_of(2 * STEP)
    with pytest.raises(LinkBroken):
        spool.write(NAME, cut_after(data, STEP + 12_345), len(data))

    assert STEP + 12_345 == spool.offset(NAME)


def test_a_pack_of_two_nights_is_the_same_as_of_one(spool):
    data = bytes_of(2 * STEP + 77)
    with pytest.raises(LinkBroken):
        spool.write(NAME, cut_after(data, 700_000), len(data))

    spool.write(NAME, [data[700_000:]], len(data))

    assert data == spool.path(NAME).read_bytes()


@pytest.mark.parametrize("length", [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP, 3 * STEP + 500_000])
def test_a_crash_costs_at_most_one_mebibyte(spool, length):
    crash(spool, length)

    offset = spool.offset(NAME)

    assert length - STEP <= offset <= length
    assert 0 == offset % STEP


def test_a_crash_after_a_night_that_ended_well_goes_on_from_that_night(spool):
    data = bytes_of(2 * STEP)
    spool.write(NAME, [data[:400_000]], len(data))
    with spool.path(NAME).open("ab") as file:
        file.write(b"not lasting")

    assert 400_000 == spool.offset(NAME)


def test_what_was_not_lasting_is_written_again(spool):
    data = bytes_of(2 * STEP)
    crash(spool, STEP + 300)
    offset = spool.offset(NAME)

    spool.write(NAME, [data[offset:]], len(data))

    assert data == spool.path(NAME).read_bytes()


def test_no_room_is_said_before_the_first_byte(spool):
    asked = []

    def pieces():
        asked.append(True)
        yield b""

    with pytest.raises(DiskFull):
        spool.write(NAME, pieces(), 1 << 42)

    assert [] == asked


def test_all_the_room_is_taken_before_the_second_piece(spool):
    taken = []

    def pieces():
        yield b"first"
        taken.append(spool.path(NAME).stat())
        yield b"second"

    spool.write(NAME, pieces(), 3 * STEP)

    assert 3 * STEP <= taken[0].st_blocks * 512
    assert taken[0].st_size < STEP


def test_a_damaged_end_is_cut_off_and_fetched_again(spool):
    data = bytes_of(2 * STEP)
    spool.write(NAME, [data[:STEP], bytes(STEP)], len(data))

    spool.cut(NAME, STEP - 10)
    spool.write(NAME, [data[spool.offset(NAME) :]], len(data))

    assert data == spool.path(NAME).read_bytes()


def test_a_crash_behind_a_cut_end_does_not_bring_the_old_mark_back(spool):
    spool.write(NAME, [bytes_of(450_000)], 2 * STEP)
    spool.cut(NAME, 10)
    with spool.path(NAME).open("ab") as file:
        file.write(bytes(400_000))

    assert 10 == spool.offset(NAME)


def test_more_than_the_pack_has_is_not_kept(spool):
    spool.write(NAME, [bytes_of(300)], 100)

    assert 100 == spool.path(NAME).stat().st_size


def test_packs_that_no_plan_names_are_dropped(spool):
    for name in ("one", "two", "three"):
        spool.write(name, [b"some"], 10)

    assert ["one", "three"] == spool.drop_others({"two"})
    assert ["two"] == spool.names()
    assert 0 == spool.offset("one")


def test_a_dropped_pack_leaves_nothing(spool):
    spool.write(NAME, [b"some"], 10)

    spool.drop(NAME)

    assert [] == list(spool.folder.iterdir())


def test_each_checkpoint_lasts_before_anything_is_written_behind_it(spool, monkeypatch):
    lasting = []
    monkeypatch.setattr("sync.receiving.spool.sync_file", lambda file: (file.flush(), lasting.append(file.tell())))

    spool.write(NAME, [bytes_of(2 * STEP + 9)], 2 * STEP + 9)

    assert [STEP, 2 * STEP, 2 * STEP + 9] == lasting


@pytest.mark.parametrize("checkpoint", [1, 2, 3])
def test_a_disk_that_forgot_all_behind_a_checkpoint_costs_at_most_a_mebibyte(spool, checkpoint):
    """The file ends where it was last made to last, and the most that may have come behind it was one step."""
    crash(spool, checkpoint * STEP)

    lost_at_most = (checkpoint + 1) * STEP - spool.offset(NAME)

    assert lost_at_most <= 1 << 20
