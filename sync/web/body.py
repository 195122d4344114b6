"""Request bodies: taken in before anybody works on them, within a limit for each path.

* No thread waits for a slow sender: an application thread starts when the body is whole.
* A small body stays in memory; a larger one lies in a file without a name, so that nothing is left after a power cut.
* What is too large is refused before it is sent, where the client says how much it has.
"""

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from catalog.durable import disk_fault, free_bytes
from catalog.fault import DiskFull
from sync.web.exchange import Request
from sync.web.hands import Hands

MEMORY_BYTES_MAX = 1 << 20
WRITE_BYTES = 512 << 10
FREE_BYTES_MIN = 64 << 20
"""What an upload leaves free: the journal must be able to write."""
DEFAULT_BODY_BYTES_MAX = 2 << 20


class TooLarge(Exception):
    """The body is larger than this path takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes


def limit_for(path: str, limits: Mapping[str, int]) -> int:
    """The limit for a path: that of the longest prefix named.

    >>> limit_for("/publish/upload", {"/publish": 10, "/": 2}), limit_for("/x", {})
    (10, 2097152)
    """
    prefixes = [prefix for prefix in limits if path.startswith(prefix)]
    return limits[max(prefixes, key=len)] if prefixes else DEFAULT_BODY_BYTES_MAX


async def take_in(request: Request, limit_bytes: int, hands: Hands) -> tuple[BinaryIO, int]:
    """Read a request's body whole; returns it, at its beginning, and its size.

    Raises TooLarge, DiskFull or another BoxFault, and what the payload raises when the sender leaves in the middle.
    """
    announced = request.headers.get("Content-Length", "")
    announced_bytes = int(announced) if announced.isdecimal() else 0
    if announced_bytes > limit_bytes:
        raise TooLarge(limit_bytes)
    if announced_bytes > MEMORY_BYTES_MAX and hands.spool is not None:
        await hands.run(lambda: _check_room(announced_bytes, hands))
    if request.headers.get("Expect", "").lower() == "100-continue":
        request.go_on()
    pending, spooled, size_bytes = bytearray(), None, 0
    try:
        while data := await request.payload.readany():
            size_bytes += len(data)
            if size_bytes > limit_bytes:
                raise TooLarge(limit_bytes)
            pending += data
            if size_bytes > MEMORY_BYTES_MAX and len(pending) >= WRITE_BYTES:
                spooled = await _write(spooled, pending, hands)
                pending = bytearray()
        if spooled is None:
            return io.BytesIO(pending), size_bytes
        spooled = await _write(spooled, pending, hands)
        spooled.seek(0)
    except BaseException:
        if spooled is not None:
            spooled.close()
        raise
    return spooled, size_bytes


async def _write(spooled: BinaryIO | None, data: bytearray, hands: Hands) -> BinaryIO:
    def write() -> BinaryIO:
        file = spooled if spooled is not None else _new_file(hands)
        try:
            file.write(data)
            file.flush()
        except OSError as error:
            file.close()
            raise disk_fault(error, (hands.spool or _folder()) / "upload") from error
        return file

    return await hands.run(write)


def _new_file(hands: Hands) -> BinaryIO:
    try:
        if hands.spool is not None:
            hands.spool.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=hands.spool, buffering=0)
    except OSError as error:
        raise disk_fault(error, (hands.spool or _folder()) / "upload") from error


def _check_room(wanted_bytes: int, hands: Hands) -> None:
    assert hands.spool is not None, "asked only where there is a spool"
    hands.spool.mkdir(parents=True, exist_ok=True)
    if free_bytes(hands.spool) < wanted_bytes + FREE_BYTES_MIN:
        raise DiskFull(
            "There is not enough room on this disk for what is being sent.",
            "Free some space, or send a smaller file; nothing of it was kept.",
        )


def _folder() -> Path:
    return Path(tempfile.gettempdir())
