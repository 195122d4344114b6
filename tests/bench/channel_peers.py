"""The peers: installed tools that bring the newer version of a course to who has the older one, counted in bytes.

* Each runs as its users run it, on the same folders and in the same run as ours. Its figure is all that would cross a
  link: both directions where it talks, the file where it writes one. What HTTP would add to such a file is not counted,
  which favours the peers.
* A tool that is not installed is left out and said, never guessed.
"""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import zstandard

from catalog.digest import digest_of
from tests.bench.channel_courses import Course, files

LEVEL = 19
RSYNC = "rsync -az"
XDELTA3 = "xdelta3 -9"
ZSTD_PATCH = "zstd --patch-from -22"
ZSTD_TAR = "tar, zstd -19 --long"
CASYNC = "casync 64K"
WHOLE_FILES = "whole files, zstd-19"
XDELTA3_WINDOW_BYTES_MIN = 1 << 26
_MOVED = re.compile(r"Total bytes (?:sent|received): ([\d,]+)")


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool, and how many bytes it needs; None where it does not do that."""

    name: str
    program: str
    update: Callable[[Course, Path], int] | None
    download: Callable[[Course, Path], int] | None

    @property
    def is_installed(self) -> bool:
        return shutil.which(self.program) is not None


def updated(course: Course, scratch: Path, peers: Iterable[Peer]) -> dict[str, int]:
    """Bytes from the old version to the new one, by each peer that is here."""
    return {peer.name: _run(peer.update, course, scratch) for peer in peers if peer.update and peer.is_installed}


def downloaded(course: Course, scratch: Path, peers: Iterable[Peer]) -> dict[str, int]:
    """Bytes from nothing to the new version, by each peer that is here."""
    return {peer.name: _run(peer.download, course, scratch) for peer in peers if peer.download and peer.is_installed}


def _run(work: Callable[[Course, Path], int], course: Course, scratch: Path) -> int:
    scratch.mkdir(parents=True)
    try:
        return work(course, scratch)
    finally:
        shutil.rmtree(scratch)


# ---- rsync -------------------------------------------------------------------------------------------------------


def _rsync(new: Path, target: Path, scratch: Path) -> int:
    """What rsync moves both ways through a pipe to its server."""
    door = scratch / "door"
    door.write_text('#!/bin/sh\nshift\nexec "$@"\n')  # the host's name goes, the server's command line stays
    door.chmod(0o755)
    done = _said("rsync", "-az", "--delete", "--stats", "-e", str(door), f"hub:{new}/", f"{target}/")
    return sum(int(count.replace(",", "")) for count in _MOVED.findall(done))


def _rsync_update(course: Course, scratch: Path) -> int:
    target = scratch / "target"
    shutil.copytree(course.old, target)
    return _rsync(course.new, target, scratch)


def _rsync_download(course: Course, scratch: Path) -> int:
    target = scratch / "target"
    target.mkdir()
    return _rsync(course.new, target, scratch)


# ---- patches of the whole ----------------------------------------------------------------------------------------


def as_one(folder: Path, scratch: Path, name: str) -> Path:
    """The folder as one file: itself where it holds a single one, else a tar of nothing but names and bytes."""
    held = files(folder)
    if len(held) == 1:
        return held[0]
    out = scratch / f"{name}.tar"
    with tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in held:
            member = tarfile.TarInfo(path.relative_to(folder).as_posix())
            member.size = path.stat().st_size
            with path.open("rb") as data:
                archive.addfile(member, data)
    return out


def _xdelta3(course: Course, scratch: Path) -> int:
    old, new = as_one(course.old, scratch, "old"), as_one(course.new, scratch, "new")
    out = scratch / "patch"
    window_bytes = max(XDELTA3_WINDOW_BYTES_MIN, 1 << (old.stat().st_size - 1).bit_length())
    tuned = ["-9", "-S", "lzma", "-B", str(window_bytes), "-W", str(1 << 24)]
    _said("xdelta3", "-q", "-f", *tuned, "-e", "-s", str(old), str(new), str(out))
    return out.stat().st_size


def _zstd_patch(course: Course, scratch: Path) -> int:
    old, new = as_one(course.old, scratch, "old"), as_one(course.new, scratch, "new")
    out = scratch / "patch"
    _said("zstd", "-q", "-f", "--ultra", "-22", "--long=27", f"--patch-from={old}", str(new), "-o", str(out))
    return out.stat().st_size


def _zstd_download(course: Course, scratch: Path) -> int:
    out = scratch / "packed"
    _said("zstd", "-q", "-f", f"-{LEVEL}", "--long=27", str(as_one(course.new, scratch, "new")), "-o", str(out))
    return out.stat().st_size


# ---- stores of chunks, and of files ------------------------------------------------------------------------------


def _casync(folder: Path, scratch: Path, name: str) -> int:
    """How large the chunks and this folder's index are together."""
    store, index = scratch / "chunks", scratch / f"{name}.caidx"
    _said("casync", "make", "--without=all", f"--store={store}", str(index), str(folder))
    return sum(path.stat().st_size for path in [*files(store), index])


def _casync_update(course: Course, scratch: Path) -> int:
    before = _casync(course.old, scratch, "old") - (scratch / "old.caidx").stat().st_size
    return _casync(course.new, scratch, "new") - before


def _casync_download(course: Course, scratch: Path) -> int:
    return _casync(course.new, scratch, "new")


def _whole_files(folder: Path, held: set[str]) -> int:
    coming = {digest_of(data): data for data in (path.read_bytes() for path in files(folder))}
    return sum(
        min(len(data), len(zstandard.ZstdCompressor(level=LEVEL).compress(data)))
        for digest, data in coming.items()
        if digest not in held
    )


def _whole_files_update(course: Course, scratch: Path) -> int:
    return _whole_files(course.new, {digest_of(path.read_bytes()) for path in files(course.old)})


def _whole_files_download(course: Course, scratch: Path) -> int:
    return _whole_files(course.new, set())


def _said(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode == 0, f"{words[0]} ended with {done.returncode}: {done.stderr[-500:]}"
    return done.stdout


PEERS = (
    Peer(RSYNC, "rsync", _rsync_update, _rsync_download),
    Peer(CASYNC, "casync", _casync_update, _casync_download),
    Peer(XDELTA3, "xdelta3", _xdelta3, None),
    Peer(ZSTD_PATCH, "zstd", _zstd_patch, None),
    Peer(ZSTD_TAR, "zstd", None, _zstd_download),
    Peer(WHOLE_FILES, "sh", _whole_files_update, _whole_files_download),  # needs no program of its own
)
