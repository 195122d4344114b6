"""Folders: a pack unpacked by hand, into plain files under their own names.

* The folder appears whole: it is made beside its place, proven by the release's root, made lasting, and renamed.
* Files that the pack leaves alone are copied from the base, and proven as they are copied.
* What was damaged is named, and then nothing is kept: by hand there is nobody to fetch the missing files from.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from catalog import store as stores
from catalog.batch import Batch
from catalog.db import Database
from catalog.digest import READ_BYTES, Digest, Hasher, digest_of
from catalog.durable import disk_fault, move_into_place, sync_disk
from catalog.fault import CallerFault, Damaged
from catalog.manifest import Entry, Layer
from catalog.store import Store
from sync.patch.apply import Rebuilt, apply
from sync.patch.format import Held
from sync.patch.header import Header
from sync.patch.jpeg import JpegXl


def unpack(
    pack: Path, out: Path, *, base: Held | None, jpeg_xl: JpegXl | None, expected_root: Digest | None = None
) -> Rebuilt:
    """Make the folder `out` hold what `pack` brings to `base`.

    Raises CallerFault where `out` is in use, PackRefused where the pack cannot be taken, Damaged where the base is
    not what it was; DiskFull or BoxFault where the disk does.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CallerFault(f"{out} is not empty.", "Name a folder that is new, or has nothing in it.")
    root, layer_name = _told(pack, base)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as beside:
            rebuilt = _rebuilt(pack, Path(beside), base, jpeg_xl, expected_root or root, layer_name)
            sync_disk(Path(beside))
            move_into_place(Path(beside) / "tree", out)
            sync_disk(out)
    except OSError as error:
        raise disk_fault(error, out) from error
    return rebuilt


def _told(pack: Path, base: Held | None) -> tuple[Digest, str]:
    """Which release the pack says that it brings, and which layer of it."""
    with pack.open("rb") as file:
        header = Header.read(file, base)
    return digest_of(header.release), header.layer


def _rebuilt(
    pack: Path, beside: Path, base: Held | None, jpeg_xl: JpegXl | None, root: Digest, layer_name: str
) -> Rebuilt:
    with closing(Database(beside / "files.db", [stores.migrations])) as database:
        store = Store(beside / "store", database)
        with store.batch() as batch:
            rebuilt = apply(pack, batch, root, layer_name, base=base, jpeg_xl=jpeg_xl)
            if not rebuilt.is_proven:
                raise _not_proven(rebuilt, base)
            batch.place()
            _write_tree(beside / "tree", rebuilt.layer, batch, base)
    return rebuilt


def _write_tree(tree: Path, layer: Layer, batch: Batch, base: Held | None) -> None:
    tree.mkdir()
    new = {digest for digest, _ in batch.files()}
    placed: dict[Digest, Path] = {}
    for entry in layer.entries:
        target = tree / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.digest in placed:
            shutil.copyfile(placed[entry.digest], target)
            continue
        placed[entry.digest] = target
        if entry.digest in new:
            # Linked first and unlinked with the store: renaming would leave the batch's index without its file.
            target.hardlink_to(batch.store.place_of(entry.digest))
        else:
            assert base is not None, "a full pack brings every file"
            _copy(base, entry, target)


def _copy(base: Held, entry: Entry, target: Path) -> None:
    hasher = Hasher()
    with target.open("xb") as file:
        for piece in _pieces(base, entry):
            hasher.update(piece)
            file.write(piece)
    if hasher.digest() != entry.digest:
        raise Damaged(
            f"{entry.path} changed while it was read.", "Nothing was written. Try again once nothing changes it."
        )


def _pieces(base: Held, entry: Entry) -> Iterator[bytes]:
    with base.open(entry.digest) as source:
        while piece := source.read(READ_BYTES):
            yield piece


def _not_proven(rebuilt: Rebuilt, base: Held | None) -> Damaged:
    named = {entry.digest: entry.path for entry in base.layer.entries} if base else {}
    damaged = [path for digest in rebuilt.damaged if (path := named.get(digest))]
    if damaged:
        return Damaged(
            f"{len(damaged)} files of the base are no longer what they were, such as {damaged[0]}.",
            "Nothing was written. Take an undamaged copy of the base.",
        )
    return Damaged(
        "What came out of the pack is not the release that it names.",
        "Nothing was written. Build the pack again, with --no-jpeg-xl if it holds pictures.",
    )
