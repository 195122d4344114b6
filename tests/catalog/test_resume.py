"""A long import that dies goes on; what an import costs is counted in flushes, bytes written and memory."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog import staging, store
from catalog.digest import digest_of
from catalog.manifest import canonical
from catalog.store import Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
MIB = 1 << 20
STORY = """
import json, sys
from pathlib import Path
from catalog import durable
from catalog.publish import Catalog, publish

flushes = []
for home, name in ((durable.os, "fsync"), (durable._libc, "syncfs")):
    def counted(*given, honest=getattr(home, name)):
        flushes.append(given)
        return honest(*given)
    setattr(home, name, counted)

def tell(done_bytes, total_bytes):
    print(done_bytes, total_bytes, flush=True)

data, source, *rest = sys.argv[1:]
opened = Catalog.open(Path(data))
release = publish([Path(source)], opened, now_seconds=1, course="water", progress=tell if rest else None).release
opened.close()
written = int(dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())["wchar"])
status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
peak_mib = int(status["VmHWM"].split()[0]) >> 10  # of this program alone; rusage would begin with the test runner's
print(json.dumps({"root": release.root, "written": written, "peak_mib": peak_mib, "flushes": len(flushes)}))
"""

REFUSAL = """
import sys
from pathlib import Path
from catalog.fault import Fault
from catalog.publish import Catalog, publish

opened = Catalog.open(Path(sys.argv[1]))
try:
    publish([Path(sys.argv[2])], opened, now_seconds=1)
except Fault as fault:
    print(fault.sentence)
opened.close()
status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) >> 10)
"""


@pytest.fixture
def story(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Begins an import of its own process."""

    def begin(data: Path, source: Path, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", STORY, str(data), str(source), *more]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    return begin


def told(running: subprocess.Popen[str]) -> dict[str, int]:
    out, _ = running.communicate()
    assert 0 == running.returncode
    return dict(json.loads(out.splitlines()[-1]))


def package(path: Path, files: int, each_bytes: int) -> Path:
    """A course of films: each all of one letter but its number, and stored as it is."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.html", "<title>Water</title>")
        for number in range(files):
            archive.writestr(f"film-{number}.bin", str(number).encode().ljust(each_bytes, b"w"))
    return path


def test_an_import_that_was_killed_goes_on_where_it_was(
    story: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    source = package(tmp_path / "course.zip", 30, 10 * MIB)
    killed = story(tmp_path / "hub", source, "telling")
    assert killed.stdout is not None
    for line in killed.stdout:
        if int(line.split()[0]) > 200 * MIB:
            break
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    again = told(story(tmp_path / "hub", source))
    fresh = told(story(tmp_path / "other", source))

    assert again["root"] == fresh["root"]
    assert 300 * MIB < fresh["written"]
    assert again["written"] < 110 * MIB
    assert [] == list((tmp_path / "hub" / "store" / "staging").iterdir())


def test_an_import_costs_few_flushes_and_little_memory(
    story: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    many = told(story(tmp_path / "hub", package(tmp_path / "many.zip", 20_000, 600)))
    large = told(story(tmp_path / "hub", package(tmp_path / "large.zip", 3, 100 * MIB)))

    assert many["flushes"] <= 50
    assert large["flushes"] <= 50
    assert many["peak_mib"] <= 200
    assert large["peak_mib"] <= 200


@pytest.mark.parametrize("last", ["../evil.html", "bomb.bin"])
def test_a_hostile_archive_is_refused_in_little_memory(tmp_path: Path, last: str) -> None:
    """However long its list is, and however much it would unpack to."""
    with zipfile.ZipFile(tmp_path / "course.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(90_000 if last.startswith("..") else 1):
            archive.writestr(f"a/folder-{number % 100}/a-file-with-a-long-name-{number}.html", "x")
        archive.writestr("index.html", "x")
        archive.writestr(last, bytes(150 * MIB) if last == "bomb.bin" else "x")
    command = [sys.executable, "-c", REFUSAL, str(tmp_path / "hub"), str(tmp_path / "course.zip")]

    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert "cannot be taken" in said
    assert int(said.splitlines()[-1]) <= 64
    assert [] == [path for path in (tmp_path / "hub" / "store").rglob("*") if path.is_file() and path.name != ".lock"]


def abandoned(files: Store, name: str, data: bytes, *, more: bytes = b"") -> Path:
    """What a batch of this name leaves whose process dies: nothing of it is tidied up."""
    folder = files.folder / store.STAGING / f"{staging.KEPT}{name}"
    folder.mkdir()
    (folder / "1").write_bytes(data)
    line = canonical({"digest": digest_of(data), "file": "1", "key": "a", "size": len(data)}) + b"\n"
    (folder / staging.JOURNAL).write_bytes(line + more)
    return folder


def test_a_batch_begun_again_takes_what_it_had(files: Store) -> None:
    abandoned(files, "x", b"water")
    with files.batch("x") as batch:
        digest, size_bytes, _ = batch.take_again("a") or pytest.fail("it is not there")

    assert (digest_of(b"water"), 5, True) == (digest, size_bytes, files.has(digest))


@pytest.mark.parametrize("found", [b"wat", b"wotar"])
def test_what_a_power_cut_spoiled_is_not_believed(files: Store, found: bytes) -> None:
    (abandoned(files, "x", b"water") / "1").write_bytes(found)

    with files.batch("x") as batch:
        assert batch.take_again("a") is None
        assert ["journal"] == [path.name for path in batch.folder.iterdir()]


def test_a_line_that_was_cut_ends_the_journal(files: Store) -> None:
    abandoned(files, "x", b"water", more=b'{"digest":"12')
    with files.batch("x") as batch, batch.new_file() as file:
        file.write(b"soil")
        file.finish("b")
        assert {"a", "b"} == {
            key for line in (batch.folder / "journal").read_bytes().splitlines() for key in [json.loads(line)["key"]]
        }


def test_two_at_work_with_one_course_do_not_meet(files: Store) -> None:
    with files.batch("x") as first, files.batch("x") as second:
        assert first.folder != second.folder


def test_a_batch_that_fails_leaves_nothing_and_one_that_is_stopped_leaves_all(files: Store) -> None:
    for error, left in ((ValueError, []), (KeyboardInterrupt, ["kept-x"])):
        with pytest.raises(error), files.batch("x") as batch:
            batch.add_bytes(b"water")
            raise error

        assert left == [path.name for path in (files.folder / store.STAGING).iterdir()]


def test_what_is_small_or_old_or_one_of_many_is_swept(files: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "KEPT_BYTES_MIN", 5)
    small, old, *kept = [
        abandoned(files, name, data) for name, data in zip("abcde", [b""] + [b"water"] * 4, strict=True)
    ]
    os.utime(old / staging.JOURNAL, (1, 1))
    for number, folder in enumerate(kept):
        os.utime(folder, (2_000_000_000 + number,) * 2)

    files.sweep()

    assert kept[1:] == sorted((files.folder / store.STAGING).iterdir())
    assert not small.exists()
