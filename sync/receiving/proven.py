"""What is fetched by its name and proves itself: a release, a layer's list of files, one file.

* Nothing is believed before its digest is the one that was asked for; so whoever serves it needs no trust.
* Every length has a limit that follows from what is proven already; a list cannot ask for more memory than its release
  allows, a file not for more of the disk than its list does.
* Nothing here tries again: whoever asks knows whether another may have it.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import zstandard

from catalog.batch import Batch
from catalog.digest import Digest, digest_of
from catalog.fault import ContentFault, Damaged
from catalog.manifest import DOCUMENT_BYTES_MAX, PATH_BYTES_MAX, Entry, Layer, Release
from catalog.tree import check_paths
from sync.link import Link, LinkBroken
from sync.parcel import file_name, manifest_name, release_name

RELEASE_BYTES_MAX = 8 << 20
"""A release's document is words and the names of its layers; a longer one comes with a pack or not at all."""
ENTRY_BYTES_MAX = 2 * PATH_BYTES_MAX + 512
"""What one file takes in a layer's list, at most: its path with every letter escaped, and the rest."""
FRAME_BYTES = 1024
"""What a frame may be longer than what is in it."""


def fetched_release(link: Link, root: Digest) -> Release:
    """The release of this root. Raises LinkFault; Damaged where something else came."""
    data = _read(link, release_name(root), RELEASE_BYTES_MAX)
    _demand(digest_of(data) == root, release_name(root))
    return Release.from_bytes(data)


def fetched_layer(link: Link, release: Release, name: str) -> Layer:
    """The list of files of one of the release's layers. Raises LinkFault; ContentFault where it is none."""
    named = release.layers[name]
    list_bytes_max = min(DOCUMENT_BYTES_MAX, ENTRY_BYTES_MAX * (named.files + 1))
    wire = _read(link, manifest_name(named.root), list_bytes_max + FRAME_BYTES)
    raw = _unpacked(wire, list_bytes_max)
    _demand(raw is not None and digest_of(raw) == named.root, manifest_name(named.root))
    assert raw is not None
    layer = Layer.from_bytes(name, raw)
    check_paths(entry.path for entry in layer.entries)
    return layer


def fetch_file(link: Link, entry: Entry, batch: Batch, hear: Callable[[int], None]) -> None:
    """Bring one file into the batch; `hear` gets the size of every piece.

    Raises LinkFault; Damaged where something else came, and then nothing of it stays.
    """
    with batch.new_file() as staged:
        staged.reserve(entry.size_bytes)
        for piece in pieces_of(link, entry):
            staged.write(piece)
            hear(len(piece))
        if staged.digest != entry.digest:
            raise _something_else(file_name(entry.digest))
        staged.finish()


def pieces_of(link: Link, entry: Entry) -> Iterator[bytes]:
    """The bytes of one file, as many as its list says. Raises LinkFault."""
    came_bytes = 0
    if entry.size_bytes:
        with closing(link.fetch(file_name(entry.digest), 0, entry.size_bytes)) as pieces:
            for piece in pieces:
                came_bytes += len(piece)
                yield piece
    if came_bytes != entry.size_bytes:
        raise LinkBroken(
            f"{came_bytes} of {entry.size_bytes} bytes of a file came.", "The box asks again, here or elsewhere."
        )


def _read(link: Link, name: str, bytes_max: int) -> bytes:
    came = bytearray()
    pieces: Generator[bytes, None, None]
    with closing(link.fetch(name, 0, None)) as pieces:
        for piece in pieces:
            came += piece
            _demand(len(came) <= bytes_max, name)
    return bytes(came)


def _unpacked(wire: bytes, bytes_max: int) -> bytes | None:
    """What one zstd frame holds, where it is whole and says of itself that it is no longer than this."""
    try:
        frame = zstandard.get_frame_parameters(wire)
        if frame.content_size > bytes_max:
            return None
        return zstandard.ZstdDecompressor(max_window_size=DOCUMENT_BYTES_MAX).decompress(
            wire, max_output_size=frame.content_size, allow_extra_data=False
        )
    except (zstandard.ZstdError, ValueError):
        return None


def _demand(holds: bool, name: str) -> None:
    if not holds:
        raise _something_else(name)


def _something_else(name: str) -> ContentFault:
    return Damaged(
        f"What came under the name {name[:24]} is something else.",
        "Nothing of it was kept; the box asks elsewhere, or again in the next session.",
    )
