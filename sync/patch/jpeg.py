"""JPEG XL: a JPEG a fifth smaller on its way, and the same bytes again at the other end.

* The hub packs a picture only if the box's own limits suffice to unpack it, byte for byte, and it gets smaller;
  everything else travels as it is.
* Pictures come from strangers, so the decoder runs in a child: its memory, its processor time, what it may write and
  how many files it may open are limited by the kernel before it reads a byte; it sees a folder of its own and no
  environment, and it yields to whatever else the box does.
* A picture that cannot be unpacked is a `JpegRefused`; the files around it are none the worse.

The programs are libjxl's `cjxl` and `djxl`, from the system; a machine without them goes without this codec.
"""

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from catalog.fault import ContentFault

JPEG_PIXELS_MAX = 16_000_000
JPEG_BYTES_MAX = 12 << 20
"""Of the JPEG and of its packed form: the box holds both in memory."""
JPEG_BYTES_MIN = 1 << 10
"""Smaller pictures gain less than the codec's own header costs."""
UNPACKER_MEMORY_BYTES_MAX = 512 << 20
"""Address space, not memory: a picture of the largest size takes about 100 MiB of memory."""
PACKER_MEMORY_BYTES_MAX = 2 << 30
CHILD_CPU_SECONDS_MAX = 60
CHILD_SECONDS_MAX = 300
CHILD_FILES_MAX = 32
CHILD_NICENESS = 19
EFFORT = 7
"""Higher ones take many times as long for a thousandth."""
WORTH_PERMILLE = 20
"""What must be saved of a picture: less is not worth the box's time."""

_PICTURE, _PACKED = "picture.jpg", "picture.jxl"
_START = b"\xff\xd8\xff"
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame, and so tell how large it is (C4, C8 and CC are tables)."""
_BARE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a length."""
_SCAN = 0xDA
_END = 0xD9


class JpegRefused(ContentFault):
    """A packed picture could not be unpacked to the JPEG it was."""


@dataclass(frozen=True, slots=True)
class JpegXl:
    """The programs of this machine. `packer` is needed at the hub only."""

    unpacker: Path
    limiter: Path
    yielder: Path
    packer: Path | None = None

    @classmethod
    def find(cls) -> Self | None:
        """Look for the programs on this machine; None where pictures cannot be unpacked within limits."""
        places = [shutil.which(name) for name in ("djxl", "prlimit", "nice")]
        unpacker, limiter, yielder = (Path(place) if place else None for place in places)
        if unpacker is None or limiter is None or yielder is None:
            return None
        packer = shutil.which("cjxl")
        return cls(unpacker, limiter, yielder, Path(packer) if packer else None)

    @property
    def can_pack(self) -> bool:
        return self.packer is not None

    def pack(self, jpeg: bytes) -> bytes | None:
        """The picture as JPEG XL; None where it does not get smaller, or would not come back as it was."""
        if self.packer is None or not _is_for_us(jpeg):
            return None
        arguments = [_PICTURE, _PACKED, f"--effort={EFFORT}", "--lossless_jpeg=1", "--num_threads=0", "--quiet"]
        packed = self._run(self.packer, arguments, PACKER_MEMORY_BYTES_MAX, (_PICTURE, jpeg), (_PACKED, len(jpeg)))
        if packed is None or (len(jpeg) - len(packed)) * 1000 < len(jpeg) * WORTH_PERMILLE:
            return None
        try:
            return packed if self.unpack(packed, len(jpeg)) == jpeg else None
        except JpegRefused:
            return None

    def unpack(self, jxl: bytes, size_bytes: int) -> bytes:
        """The JPEG again, `size_bytes` long. Raises JpegRefused."""
        if max(size_bytes, len(jxl)) > JPEG_BYTES_MAX:
            raise _refused("it is too large")
        arguments = [_PACKED, _PICTURE, "--num_threads=1", "--quiet"]
        jpeg = self._run(self.unpacker, arguments, UNPACKER_MEMORY_BYTES_MAX, (_PACKED, jxl), (_PICTURE, size_bytes))
        if jpeg is None:
            raise _refused("its decoder gave up, or asked for more than it may have")
        if len(jpeg) != size_bytes:
            raise _refused("it is not as long as it was")
        return jpeg

    def _run(
        self,
        program: Path,
        arguments: Sequence[str],
        memory_bytes_max: int,
        given: tuple[str, bytes],
        wanted: tuple[str, int],
    ) -> bytes | None:
        """What the program made of the file `given`, at most so many bytes; None where it failed in any way."""
        name, bytes_max = wanted
        with tempfile.TemporaryDirectory(prefix="qanat-jpeg-") as place:
            folder = Path(place)
            (folder / given[0]).write_bytes(given[1])
            limited = [
                str(self.limiter),
                f"--as={memory_bytes_max}",
                f"--cpu={CHILD_CPU_SECONDS_MAX}",
                f"--fsize={bytes_max}",
                f"--nofile={CHILD_FILES_MAX}",
                "--core=0",
                "--",
                str(self.yielder),
                f"--adjustment={CHILD_NICENESS}",
                str(program),
                *arguments,
            ]
            try:
                # The limits are set by a program in between and not by us after the fork: a box has many threads, and
                # between fork and exec none of Python may run.
                ended = subprocess.run(
                    limited,
                    cwd=folder,
                    env={},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=CHILD_SECONDS_MAX,
                    check=False,
                )
                made = folder / name
                # A link that the program may have left is not followed: only a plain file of its own is read.
                if ended.returncode != 0 or made.is_symlink() or made.stat().st_size > bytes_max:
                    return None
                return made.read_bytes()
            except (subprocess.TimeoutExpired, OSError):
                return None


def dimensions(jpeg: bytes) -> tuple[int, int] | None:
    """Width and height as the JPEG's own header tells them; None where it is no JPEG that we can read."""
    if not jpeg.startswith(_START):
        return None
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker = jpeg[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker in (_SCAN, _END):
            return None
        elif marker in _FRAMES:
            if at + 9 > len(jpeg):
                return None
            height, width = struct.unpack_from(">HH", jpeg, at + 5)
            return width, height
        else:
            at += 2 + int(struct.unpack_from(">H", jpeg, at + 2)[0])
    return None


def _is_for_us(jpeg: bytes) -> bool:
    if not JPEG_BYTES_MIN <= len(jpeg) <= JPEG_BYTES_MAX:
        return False
    size = dimensions(jpeg)
    return size is not None and 0 < size[0] * size[1] <= JPEG_PIXELS_MAX


def _refused(why: str) -> JpegRefused:
    return JpegRefused(
        f"A packed picture cannot be unpacked: {why}.", "The picture itself is fetched instead; nothing need be done."
    )
