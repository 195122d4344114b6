"""Reading files for the front, so that no disk ever holds up the loop.

* The loop itself reads only what the page cache has (`RWF_NOWAIT`); opening, looking up and cold reading happen in
  threads of their own, apart from the application's: a card at 2 MB/s slows the file that is read, and nothing else.
* Small reads (opening, small files) never wait behind large ones (video): they have threads of their own.
* Small files stay in memory, within a bound, and are looked at again every few seconds.
* A file that a reader is slow to take costs a descriptor and an offset, not a buffer.
"""

import asyncio
import contextlib
import os
import stat
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sync.web.ranges import http_date

SMALL_FILE_BYTES_MAX = 64 << 10
MEMORY_BYTES_MAX = 8 << 20
RECHECK_SECONDS = 5.0
PIECE_BYTES = 64 << 10
"""What one connection is given in one turn of the loop, at most."""
COLD_PIECE_BYTES = 128 << 10
READ_AHEAD_BYTES = 1 << 20
OPENING_THREADS = 3
BULK_THREADS = 2
ENTRY_BYTES = 1_000
"""What an entry costs in memory beside its data, roughly."""


@dataclass(slots=True)
class SmallFile:
    """A whole file in memory, with heads of answers that were written for it before."""

    data: bytes
    etag: str
    modified_seconds: int
    last_modified: str
    is_gzip: bool
    identity: tuple[int, int, int]
    checked_seconds: float
    messages: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    """Answers that were written for it before, whole; at most one."""

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    @property
    def cost_bytes(self) -> int:
        """What it takes in memory at most: its data, the message made of it, and the objects around."""
        return 2 * len(self.data) + ENTRY_BYTES

    def remember(self, key: tuple[str, ...], message: bytes) -> None:
        """Keep a whole message; one is enough, as a class reaches the box by one name."""
        self.messages.clear()
        self.messages[key] = message


@dataclass(slots=True)
class OpenFile:
    """An open file that is too large for memory. Whoever got it closes it."""

    descriptor: int
    size_bytes: int
    etag: str
    modified_seconds: int
    last_modified: str
    is_gzip: bool = False

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Files:
    """Opens files and reads them, in threads; keeps small ones."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._opening = ThreadPoolExecutor(OPENING_THREADS, "opening")
        self._bulk = ThreadPoolExecutor(BULK_THREADS, "reading")
        self._small: OrderedDict[tuple[str, bool], SmallFile] = OrderedDict()
        self._small_bytes = 0
        self._buffer = bytearray(PIECE_BYTES)
        self._view = memoryview(self._buffer)

    def in_memory(self, path: str, accepts_gzip: bool) -> SmallFile | None:
        """The file, if it is held and was looked at a moment ago."""
        small = self._small.get((path, accepts_gzip))
        if small is None or self._loop.time() - small.checked_seconds > RECHECK_SECONDS:
            return None
        return small

    async def open(self, path: Path, accepts_gzip: bool) -> SmallFile | OpenFile:
        """Find a file, or its `.gz` beside it where the client takes that, in a thread.

        Raises FileNotFoundError or IsADirectoryError, and PermissionError for what is no plain file.
        """
        key = (str(path), accepts_gzip)
        known = self._small.get(key)
        if known is not None and self._loop.time() - known.checked_seconds <= RECHECK_SECONDS:
            return known
        identity = None if known is None else known.identity
        found = await self._loop.run_in_executor(self._opening, _open, key[0], accepts_gzip, identity)
        if found is None:
            assert known is not None, "only a known file can be unchanged"
            known.checked_seconds = self._loop.time()
            return known
        if isinstance(found, SmallFile):
            found.checked_seconds = self._loop.time()
            self._keep(key, found)
        return found

    def piece_now(self, file: OpenFile, offset: int, size_bytes: int) -> memoryview | None:
        """Bytes at `offset`, if they are in the page cache: a view of one shared buffer, valid until the next call."""
        view = self._view[: min(size_bytes, PIECE_BYTES)]
        try:
            count = os.preadv(file.descriptor, [view], offset, os.RWF_NOWAIT)
        except (BlockingIOError, OSError):
            return None
        return view[:count] if count else None

    def piece_cold(self, file: OpenFile, offset: int, size_bytes: int) -> "asyncio.Future[bytes]":
        """Bytes at `offset`, read from the disk in a thread, which also asks for what comes next.

        The thread has a descriptor of its own, so that a client that leaves can close the file at once.
        """
        descriptor = os.dup(file.descriptor)
        return self._loop.run_in_executor(self._bulk, _read, descriptor, offset, min(size_bytes, COLD_PIECE_BYTES))

    def close(self) -> None:
        self._opening.shutdown(wait=False, cancel_futures=True)
        self._bulk.shutdown(wait=False, cancel_futures=True)
        self._small.clear()

    def _keep(self, key: tuple[str, bool], small: SmallFile) -> None:
        former = self._small.pop(key, None)
        self._small[key] = small
        self._small_bytes += small.cost_bytes - (former.cost_bytes if former else 0)
        while self._small_bytes > MEMORY_BYTES_MAX:
            _, oldest = self._small.popitem(last=False)
            self._small_bytes -= oldest.cost_bytes


def _open(path: str, accepts_gzip: bool, known: tuple[int, int, int] | None) -> SmallFile | OpenFile | None:
    """Open, in a thread. None means that what is known already is what is there."""
    descriptor, is_gzip = -1, False
    if accepts_gzip:
        with contextlib.suppress(FileNotFoundError):
            descriptor, is_gzip = os.open(f"{path}.gz", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), True
    if descriptor < 0:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(path)
        if not stat.S_ISREG(status.st_mode):
            raise PermissionError(path)
        identity = (status.st_ino, status.st_mtime_ns, status.st_size)
        if identity == known:
            os.close(descriptor)
            return None
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}{"-gz" if is_gzip else ""}"'
        seconds = status.st_mtime_ns // 1_000_000_000
        if status.st_size > SMALL_FILE_BYTES_MAX:
            return OpenFile(descriptor, status.st_size, etag, seconds, http_date(seconds), is_gzip)
        data = os.pread(descriptor, SMALL_FILE_BYTES_MAX, 0)
        os.close(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return SmallFile(data, etag, seconds, http_date(seconds), is_gzip, identity, 0.0)


def _read(descriptor: int, offset: int, size_bytes: int) -> bytes:
    try:
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, offset + size_bytes, READ_AHEAD_BYTES, os.POSIX_FADV_WILLNEED)
        return os.pread(descriptor, size_bytes, offset)
    finally:
        os.close(descriptor)
