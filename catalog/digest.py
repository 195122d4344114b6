"""Digests: the names of bytes.

* A digest is the algorithm byte and the hash, in lower-case hex. `12` is SHA-256, as in the multihash table
  (https://multiformats.io/multihash/); the 64 characters after it are what `sha256sum` prints.
* Equal bytes have equal digests; a digest never changes its meaning.
"""

import hashlib
import re
from pathlib import Path
from typing import NewType

Digest = NewType("Digest", str)

ALGORITHM_SHA256 = "12"
READ_BYTES = 1 << 20
_SHAPE = re.compile(r"12[0-9a-f]{64}")


def digest_of(data: bytes) -> Digest:
    """Name these bytes.

    >>> digest_of(b"")
    '12e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    return Digest(ALGORITHM_SHA256 + hashlib.sha256(data).hexdigest())  # noqa: TID251 - its home


def digest_of_file(path: Path) -> Digest:
    """Name a file's bytes, reading a little at a time."""
    hasher = Hasher()
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            hasher.update(piece)
    return hasher.digest()


def sha256(data: bytes) -> bytes:
    """The bare 32 bytes of SHA-256, for chains and signatures that state their own algorithm."""
    return hashlib.sha256(data).digest()  # noqa: TID251 - its home


def sha2_hex(data: bytes, bits: int) -> str:
    """The hash of the SHA-2 family that has so many bits, in hex: what a stranger's document names its files by."""
    return hashlib.new(f"sha{bits}", data).hexdigest()


def sha1_hex(data: bytes) -> str:
    """SHA-1 in hex, which xAPI asks of entity tags. It tells versions apart and proves nothing."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def is_digest(text: object) -> bool:
    """Tell whether this is a digest we understand (algorithm SHA-256)."""
    return isinstance(text, str) and _SHAPE.fullmatch(text) is not None


class Hasher:
    """Names bytes as they pass by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()  # noqa: TID251 - its home
        self.size_bytes = 0

    def update(self, data: bytes | memoryview) -> None:
        self._hash.update(data)
        self.size_bytes += len(data)

    def digest(self) -> Digest:
        return Digest(ALGORITHM_SHA256 + self._hash.hexdigest())
