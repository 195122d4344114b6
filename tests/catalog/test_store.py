import os
import threading
from pathlib import Path

import pytest

from catalog.db import Connection
from catalog.digest import Digest, digest_of
from catalog.fault import BoxFault, Damaged
from catalog.store import Store

WATER = digest_of(b"water")
SOIL = digest_of(b"soil")


def leftovers(store: Store) -> list[str]:
    """Files in the store's folder that the index does not name."""
    found = [path for path in store.folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return sorted(path.name for path in found if not store.has(Digest(path.name)))


def test_a_file_is_kept_once_under_its_digest(files: Store) -> None:
    with files.batch() as batch:
        assert (WATER, 5) == batch.add_bytes(b"water")
        assert (WATER, 5) == batch.add_stream([b"wa", b"ter"])

    assert b"water" == files.path(WATER).read_bytes()
    assert 1 == files.count()
    assert files.path(WATER) == files.folder / WATER[2:4] / WATER


def test_a_file_from_a_disk_is_copied(files: Store, tmp_path: Path) -> None:
    (tmp_path / "lesson").write_bytes(b"water")
    with files.batch() as batch:
        batch.add_file(tmp_path / "lesson")

    with files.open(WATER) as stored:
        assert b"water" == stored.read()
    assert (tmp_path / "lesson").exists()


def test_what_is_missing_is_said_once_and_in_order(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")

    assert [SOIL] == files.missing([SOIL, WATER, SOIL])
    assert (True, False) == (files.has(WATER), files.has(SOIL))


def test_what_is_not_indexed_is_not_there(files: Store) -> None:
    files.place_of(WATER).parent.mkdir()
    files.place_of(WATER).write_bytes(b"water")

    with pytest.raises(Damaged, match="does not hold"):
        files.path(WATER)


def test_nothing_is_there_before_the_batch_ends(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")

        assert not files.has(WATER)


def test_a_batch_that_fails_leaves_nothing(files: Store) -> None:
    with pytest.raises(KeyError), files.batch() as batch:
        batch.add_bytes(b"water")
        raise KeyError

    assert ([], 0) == (leftovers(files), files.count())


def test_a_batch_that_fails_after_its_renames_leaves_nothing(files: Store) -> None:
    with pytest.raises(KeyError), files.batch() as batch:
        batch.add_bytes(b"water")
        batch.place()
        raise KeyError

    assert ([], 0) == (leftovers(files), files.count())


def test_a_batch_that_fails_keeps_what_was_there_before(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
    with pytest.raises(KeyError), files.batch() as batch:
        batch.add_bytes(b"water")
        batch.add_bytes(b"soil")
        batch.place()
        raise KeyError

    assert ([], b"water") == (leftovers(files), files.path(WATER).read_bytes())


def test_a_stream_that_breaks_leaves_nothing_in_its_batch(files: Store) -> None:
    def breaking() -> "list[bytes]":
        yield b"half a fi"  # type: ignore[misc]
        raise ConnectionError

    with files.batch() as batch:
        with pytest.raises(ConnectionError):
            batch.add_stream(breaking())
        batch.add_bytes(b"water")

    assert (1, []) == (files.count(), leftovers(files))


def test_index_and_other_rows_commit_together_or_not_at_all(files: Store) -> None:
    def work(connection: Connection) -> None:
        batch.record(connection)
        raise KeyError

    with pytest.raises(KeyError), files.batch() as batch:
        batch.add_bytes(b"water")
        batch.place()
        files.database.write(work)

    assert ([], 0) == (leftovers(files), files.count())


def test_a_file_written_piece_by_piece_takes_its_room_first(files: Store) -> None:
    with files.batch() as batch, batch.new_file() as file:
        file.reserve(5)
        file.write(b"wat")
        file.write(memoryview(b"er"))

        assert (WATER, 5) == file.finish()

    assert b"water" == files.path(WATER).read_bytes()


def test_a_reservation_beyond_the_disk_is_refused_and_freed(files: Store) -> None:
    with pytest.raises(BoxFault), files.batch() as batch, batch.new_file() as file:
        file.reserve(1 << 62)

    assert [] == leftovers(files)


def test_a_file_that_the_disk_lost_is_put_back(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
    files.place_of(WATER).unlink()
    with files.batch() as batch:
        batch.add_bytes(b"water")

    assert b"water" == files.path(WATER).read_bytes()


def test_a_lost_file_is_said_when_it_is_opened(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
    files.place_of(WATER).unlink()

    with pytest.raises(BoxFault, match="lost"):
        files.open(WATER)


def test_verify_names_what_rotted_and_what_is_lost(files: Store) -> None:
    with files.batch() as batch:
        for data in (b"water", b"soil", b"air"):
            batch.add_bytes(data)
    files.place_of(WATER).write_bytes(b"wader")
    files.place_of(SOIL).unlink()

    assert sorted([WATER, SOIL]) == list(files.verify())


def test_a_sweep_clears_what_a_power_cut_left(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
    files.place_of(SOIL).parent.mkdir()
    files.place_of(SOIL).write_bytes(b"so")
    (files.folder / "staging" / "cut").mkdir()
    (files.folder / "staging" / "cut" / "1").write_bytes(b"half")

    assert 2 == files.sweep()
    assert ([], b"water") == (leftovers(files), files.path(WATER).read_bytes())


def test_a_sweep_leaves_an_open_batch_alone(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
        batch.place()

        assert 0 == files.sweep()

    assert b"water" == files.path(WATER).read_bytes()


def test_pruning_keeps_what_is_named_and_frees_the_rest(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
        batch.add_bytes(b"soil")

    assert 4 == files.prune(lambda connection: [WATER])
    assert ([WATER], []) == ([one for one in (WATER, SOIL) if files.has(one)], leftovers(files))


def test_pruning_waits_for_an_open_batch(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
    with files.batch():
        assert 0 == files.prune(lambda connection: [])

    assert files.has(WATER)


def test_two_batches_with_one_file_keep_it_even_if_one_fails(files: Store) -> None:
    with pytest.raises(KeyError), files.batch() as failing:
        failing.add_bytes(b"water")
        failing.place()
        with files.batch() as batch:
            batch.add_bytes(b"water")
        raise KeyError

    assert b"water" == files.path(WATER).read_bytes()


def test_batches_of_many_threads_share_the_store(files: Store) -> None:
    files.database.start()

    def fill(name: int) -> None:
        with files.batch() as batch:
            for number in range(20):
                batch.add_bytes(b"%d" % (name * 10 + number))

    threads = [threading.Thread(target=fill, args=[name]) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (50, []) == (files.count(), list(files.verify()))


def test_one_flush_makes_a_whole_batch_last(files: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[int] = []
    monkeypatch.setattr("catalog.batch.sync_disk", lambda folder: flushes.append(len(list(folder.rglob("12*")))))
    with files.batch() as batch:
        for number in range(30):
            batch.add_bytes(b"%d" % number)

    assert [30] == flushes


def test_a_batch_closes_every_file_it_opened(files: Store) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(KeyError), files.batch() as batch:
        batch.new_file().__enter__().__exit__(None, None, None)
        batch.add_bytes(b"water")
        raise KeyError

    assert before == len(os.listdir("/proc/self/fd"))


def test_a_file_can_be_left_out_of_a_batch_again(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
        batch.add_bytes(b"soil")
        batch.forget(WATER)

    assert (False, True) == (files.has(WATER), files.has(SOIL))
    assert [] == leftovers(files)


def test_a_file_that_rotted_is_put_right(files: Store) -> None:
    with files.batch() as batch:
        batch.add_bytes(b"water")
    files.path(WATER).write_bytes(b"wader")
    with files.batch() as batch:
        batch.add_bytes(b"water")
        batch.replace(WATER)

    assert b"water" == files.path(WATER).read_bytes()
    assert [] == list(files.verify())


def test_a_file_knows_its_digest_before_it_is_part_of_its_batch(files: Store) -> None:
    with files.batch() as batch, batch.new_file() as staged:
        staged.write(b"water")
        known = staged.digest

    assert (WATER, False) == (known, files.has(WATER))
