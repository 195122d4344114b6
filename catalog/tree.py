"""Trees: a release's files under their own names, as hard links into the store.

* A tree costs names, not bytes. Where the disk has no hard links, or no more for one file, the file is copied.
* A tree appears whole: it is built beside its place and renamed. A layer that joins later adds whole files.
* A text file has its gzip beside it under the same name and `.gz`, unless the course has a file of that name itself.
* No path leaves the tree: a file that stands where another's folder should be is refused.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from catalog.compressed import compress
from catalog.durable import disk_fault, move_into_place, sync_disk
from catalog.fault import BoxFault, ContentFault
from catalog.manifest import Entry, Layer, is_safe_path
from catalog.store import VARIANT_SUFFIX, Store

BUILDING = ".building"

_NO_LINK = {errno.EMLINK, errno.EXDEV, errno.EPERM, errno.ENOTSUP}


def build(folder: Path, layers: Sequence[Layer], store: Store) -> None:
    """Make `folder` hold the files of `layers`; lasting once this returns. What is there already stays.

    Raises ContentFault where paths collide, DiskFull or BoxFault where the disk does.
    """
    entries = [entry for layer in layers for entry in layer.entries]
    check_paths(entry.path for entry in entries)
    compress(store, entries)
    beside = folder.with_name(f"{BUILDING}-{folder.name}")
    target = folder if folder.is_dir() else beside
    try:
        if target is beside and beside.exists():
            shutil.rmtree(beside)
        target.mkdir(parents=True, exist_ok=True)
        _link_all(target, entries, store)
        if target is beside:
            move_into_place(beside, folder)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise disk_fault(error, folder) from error
    sync_disk(folder)


def remove(folder: Path) -> None:
    """Take a tree away; readers that have a file open keep it."""
    if not folder.exists():
        return
    # Out of sight first, so that no one finds half a tree.
    gone = folder.with_name(f"{BUILDING}-{folder.name}")
    shutil.rmtree(gone, ignore_errors=True)
    move_into_place(folder, gone)
    shutil.rmtree(gone)


def check_paths(paths: Iterable[str]) -> None:
    """Raises ContentFault where a path is unsafe, twice there, or a file where another needs a folder."""
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        if not is_safe_path(path):
            raise ContentFault(f"A file of the course has an unsafe name: {path!r}.", "Publish the course again.")
        if path in files:
            raise ContentFault(f"Two files of the course have one name: {path}.", "Rename one and publish again.")
        files.add(path)
        parts = path.split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    if clash := files & folders:
        raise ContentFault(
            f"The course has a file and a folder of one name: {min(clash)}.", "Rename one and publish again."
        )


def _link_all(target: Path, entries: Sequence[Entry], store: Store) -> None:
    own = {entry.path for entry in entries}
    made: set[str] = set()
    for entry in entries:
        parent = entry.path.rpartition("/")[0]
        if parent not in made:
            (target / parent).mkdir(parents=True, exist_ok=True)
            made.add(parent)
        _link(store.path(entry.digest), target / entry.path)
        variant = store.variant_path(entry.digest)
        if variant is not None and entry.path + VARIANT_SUFFIX not in own:
            _link(variant, target / (entry.path + VARIANT_SUFFIX))


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return
    except FileNotFoundError as error:
        raise BoxFault(
            f"The disk lost the file {target.name}.", "The card may be failing; run `qanat catalog verify`."
        ) from error
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        beside = target.with_name(f"{BUILDING}-{os.urandom(4).hex()}")
        shutil.copyfile(source, beside)
        move_into_place(beside, target)
