"""The mirror: what is here of releases, by its name, for whoever asks: a box that repairs itself, a neighbour.

* Nothing is served but what a recorded release is made of: its document, the lists of its layers, their files.
* Every name is the digest of what it names, so nobody need be trusted, and nothing served can ever change.
* No question reads a document that was read before; a thousand files asked for one by one cost a look each.
"""

import re
import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.digest import Digest, is_digest
from catalog.releases import Releases
from catalog.store import Store
from sync.wire import PACK_PATH

if TYPE_CHECKING:
    from flask import Blueprint, Response

MANIFEST_LEVEL = 9
MANIFESTS_REMEMBERED_MAX = 8
FOREVER = "public, max-age=31536000, immutable"
PIECE_HEX = 16
_DIGEST = re.compile(rb'"digest":"12([0-9a-f]{16})')


class Mirror:
    """What `releases` name and `store` holds."""

    def __init__(self, releases: Releases, store: Store) -> None:
        self._releases = releases
        self._store = store
        self._listed = _Listed(releases)
        self._packed = lru_cache(maxsize=MANIFESTS_REMEMBERED_MAX)(_packed)

    def open(self, name: str) -> Path | bytes | None:
        """What is called `name`: a file's place, or the bytes themselves; None where nothing here is called so.

        The names are those of `sync.parcel`: `manifest_name`, `release_name`, `file_name`.
        """
        kind, _, digest = name.partition("-")
        if not is_digest(digest):
            return None
        match kind:
            case "release":
                return self._releases.document(Digest(digest))
            case "manifest":
                document = self._releases.layer_document(Digest(digest))
                return None if document is None else self._packed(document)
            case "file":
                return self._file(Digest(digest))
            case _:
                return None

    def _file(self, digest: Digest) -> Path | None:
        if digest not in self._listed or not self._store.has(digest):
            return None
        path = self._store.place_of(digest)
        return path if path.exists() else None


class _Listed:
    """The files that the recorded layers name, eight bytes each: a box with a million files still has the room.

    Of two digests that begin alike the second would be taken for the first; it would still have to be in the store.
    """

    def __init__(self, releases: Releases) -> None:
        self._releases = releases
        self._reading = threading.Lock()
        self._roots: tuple[Digest, ...] = ()
        self._pieces = array("Q")

    def __contains__(self, digest: Digest) -> bool:
        pieces = self._now()
        wanted = int(digest[2 : 2 + PIECE_HEX], 16)
        place = bisect_left(pieces, wanted)
        return place < len(pieces) and pieces[place] == wanted

    def _now(self) -> "array[int]":
        with self._reading:
            roots = self._releases.layer_roots()
            if roots != self._roots:
                documents = filter(None, map(self._releases.layer_document, roots))
                pieces = {int(piece, 16) for document in documents for piece in _DIGEST.findall(document)}
                self._pieces, self._roots = array("Q", sorted(pieces)), roots
            return self._pieces


def create_mirror(mirror: Mirror, find_pack: Callable[[str], Path | None] | None = None) -> "Blueprint":
    """The route under which packs and what the mirror has are fetched. A hub's packs come from `find_pack`."""
    from flask import Blueprint, abort

    from sync.web.app import bare
    from sync.web.takes import OCTETS, takes

    routes = Blueprint("mirror", __name__)

    @routes.get(f"{PACK_PATH}<name>")
    @bare
    @takes(gives=OCTETS)
    def fetch(name: str) -> "Response":
        found: Path | bytes | None = find_pack(name) if find_pack is not None else None
        if found is None:
            found = mirror.open(name)
        if found is None:
            abort(404)
        return _said(name, found)

    return routes


def _said(name: str, found: Path | bytes) -> "Response":
    from flask import Response, request

    from sync.web.app import send_file

    if isinstance(found, Path):
        response = send_file(found, "application/octet-stream", cache="immutable", etag=name)
        del response.headers["Content-Security-Policy"]  # no browser ever shows it
    else:
        response = Response(found, content_type="application/octet-stream")
        response.set_etag(name)
        response.make_conditional(request, accept_ranges=True, complete_length=len(found))
    # A stranger's file under the address of our own pages: no browser may take it for a script.
    response.headers["X-Content-Type-Options"] = "nosniff"
    # The name says the content, so any cache between may keep it.
    response.headers["Cache-Control"] = FOREVER
    return response


def _packed(document: bytes) -> bytes:
    import zstandard  # a box that nobody asks for a list never loads it

    return zstandard.ZstdCompressor(level=MANIFEST_LEVEL).compress(document)
