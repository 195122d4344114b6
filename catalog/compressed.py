"""Compressed variants: text is gzipped once, when it is put to use, and served as is ever after.

* A variant lies beside its file in the store, and the index says whether there is one.
* Equal bytes give an equal variant: no name and no time are in it.
* A file that gzip shrinks by less than a tenth is served as it is.
"""

import gzip
import shutil
from collections.abc import Iterable
from pathlib import Path

from catalog.durable import move_into_place, sync_disk
from catalog.manifest import Entry
from catalog.media import is_text
from catalog.store import NO_VARIANT, Store, lost

COMPRESS_BYTES_MIN = 256
COMPRESS_BYTES_MAX = 64 << 20
SAVED_PERCENT_MIN = 10
LEVEL = 9


def compress(store: Store, entries: Iterable[Entry]) -> int:
    """Make the variants that the text files among `entries` lack; returns how many were made.

    Raises DiskFull or BoxFault; then nothing is left of them.
    """
    texts = {entry.digest: entry for entry in entries if is_text(entry.media_type)}
    untried = store.untried(texts)
    if not untried:
        return 0
    sizes = []
    with store.staging() as staging:
        for digest in untried:
            beside = staging / digest
            source = store.place_of(digest)
            if not source.exists():
                raise lost(digest)
            size_bytes = write_variant(source, beside)
            sizes.append((digest, size_bytes))
            if size_bytes != NO_VARIANT:
                move_into_place(beside, store.variant_place_of(digest))
        sync_disk(store.folder)
        store.record_variants(sizes)
    return sum(size_bytes != NO_VARIANT for _, size_bytes in sizes)


def write_variant(source: Path, target: Path) -> int:
    """Write the gzip of `source` to `target`; returns its size, or NO_VARIANT where it does not pay."""
    plain_bytes = source.stat().st_size
    if not COMPRESS_BYTES_MIN <= plain_bytes <= COMPRESS_BYTES_MAX:
        return NO_VARIANT
    with (
        source.open("rb") as plain,
        target.open("xb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=file, mtime=0) as packed,
    ):
        shutil.copyfileobj(plain, packed)
    size_bytes = target.stat().st_size
    if size_bytes * 100 > plain_bytes * (100 - SAVED_PERCENT_MIN):
        target.unlink()
        return NO_VARIANT
    return size_bytes
