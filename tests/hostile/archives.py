"""Course packages from strangers: zips, films, captions, documents, through the importers into a store.

* What is taken has names that stay in a folder, each once; its files are what their digests say, and nothing else.
* Of a zip, every file is one that the archive holds; of a film or a document, it is the source itself.
"""

import io
import stat
import struct
import unicodedata
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

from catalog import store as stores
from catalog.batch import Batch
from catalog.db import Database
from catalog.digest import digest_of
from catalog.importers.course import Imported, read
from catalog.importers.repairs.references import MENDED
from catalog.manifest import CORE, Layer, LayerName, Release
from catalog.store import Store
from tests.catalog.conftest import box, film_bytes
from tests.hostile.damage import TRICKS
from tests.hostile.doors import Door, Room, demand

PAGE = b"<html><title>The water</title><img src=https://example.org/a.png></html>"
FILES: Mapping[str, bytes] = {
    "index.html": PAGE,
    "img/a.png": b"\x89PNG" * 9,
    "style.css": b"h1 { color: blue }\n" * 40,
}
BOMB_BYTES = 65 << 20
BOMB_PERCENT = 3
"""A bomb takes as long as a hundred others."""
_DIRECTORY, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"


class Dropped(Exception):
    """A case was taken, and is let go of again."""


class Archives(Door):
    """Zips that hold a site."""

    name = "archives"
    kinds: Sequence[str] = ("zip",)

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._database = Database(home / "store.db", [stores.migrations])
        self._store = Store(home / "store", self._database)
        with self._store.batch():
            pass  # the folders of a store are there before the first case

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        if chance.randrange(100) < BOMB_PERCENT:
            return _bomb(), "a zip that is a bomb"
        name, forge = chance.choice(tuple(_FORGED.items()))
        return forge(chance), name

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        source = room.came / "course.zip"
        source.write_bytes(data)
        digests = self._taken([source])
        with warnings.catch_warnings(), zipfile.ZipFile(source) as archive:
            warnings.simplefilter("ignore")
            held = {digest_of(archive.read(member)) for member in archive.infolist()}
        demand(digests <= held, "a file was taken that the archive does not hold")

    def close(self) -> None:
        self._database.close()

    def _taken(self, sources: list[Path]) -> set[str]:
        """Import; returns the digests of what was taken. Nothing of it is kept."""
        digests: set[str] = set()
        with suppress(Dropped), self._store.batch() as batch:
            imported = read(sources, batch, "en", None, lambda done_bytes, total_bytes: None)
            digests = _proven(imported, batch)
            raise Dropped
        return digests


class Films(Archives):
    """Films, captions and documents: whole files whose insides say how long they are."""

    name = "films"
    kinds = ("mp4", "webm", "captions", "pdf")

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        match kind:
            case "mp4":
                nested = box(b"moov", box(b"mvhd", struct.pack(">BxxxQQLQ", 1, 0, 0, 600, 1 << 40)) + b"\0" * 80)
                many = box(b"ftyp", b"isom\0\0\2\0") + box(b"free", b"") * 3_000 + nested
                return chance.choice((film_bytes(), film_bytes(pictures=b""), many)), "a film"
            case "webm":
                return _webm(), "a film"
            case "captions":
                words = "WEBVTT\n\n00:00.000 --> 00:02.000\nL'eau\n"
                return chance.choice((words.encode(), words.encode("utf-16"), words.encode("utf-8-sig"))), "captions"
        head = b"%PDF-1.4\n1 0 obj\n<</Linearized 1/L 400>>\nendobj\n"
        return head + b"xref\n0 1\nstartxref\n%d\n%%%%EOF\n" % len(head), "a document"

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        source = room.came / f"The {kind}.bin"
        source.write_bytes(data)
        sources = [source]
        if kind == "captions":
            sources.append(room.came / "The captions.mp4")
            sources[1].write_bytes(film_bytes())
        digests = self._taken(sources)
        if kind != "captions" and not data.startswith((_LOCAL, b"PK\x05\x06")):
            demand(digests == {digest_of(data)}, "something else was taken than what came")


def _proven(imported: Imported, batch: Batch) -> set[str]:
    staged = {digest: batch.folder / name for digest, (name, _) in batch._staged.items()}
    seen: set[str] = set()
    digests: set[str] = set()
    for entry in (entry for layer in imported.layers for entry in layer.entries):
        _demand_safe(entry.path)
        folded = unicodedata.normalize("NFC", entry.path).casefold()
        demand(folded not in seen, f"two files are called {entry.path!r}")
        seen.add(folded)
        data = staged[entry.digest].read_bytes()
        demand((digest_of(data), len(data)) == (entry.digest, entry.size_bytes), "a file is not what its digest says")
        demand(entry.role != "captions" or _is_text(data), "captions were taken that no player can read")
        if entry.media_type not in MENDED:  # pages are mended as they are read
            digests.add(entry.digest)
    layers = {layer.name: LayerName(layer.root, layer.size_bytes, len(layer.entries)) for layer in imported.layers}
    layers.setdefault(CORE, LayerName(Layer.of(CORE, []).root, 0, 0))
    title = {"en": imported.title}
    release = Release("course", 1, title, {}, ("en",), "", imported.report.to_document(), imported.activities, layers)
    demand(Release.from_bytes(release.to_bytes()).root == release.root, "its release cannot be read back")
    for activity in imported.activities:
        demand(
            any(activity.path == e.path for one in imported.layers for e in one.entries), "an activity opens nothing"
        )
    return digests


def _is_text(data: bytes) -> bool:
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def _demand_safe(path: str) -> None:
    """Said once more in other words than the code under test has: no name leads out of a folder on any system."""
    parts = path.replace("\\", "/").split("/")
    is_safe = all(part not in ("", ".", "..") and len(part.encode()) <= 255 for part in parts)
    is_plain = "\\" not in path and path.isprintable() == path.replace("\u202e", "").isprintable() and "\0" not in path
    demand(is_safe and is_plain and path[1:2] != ":", f"{path!r} was taken for a name")


def _zip(members: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, attributes: int = 0) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, data in members.items():
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type, info.external_attr = name, method, attributes << 16
            archive.writestr(info, data)
    return target.getvalue()


def _tricky(chance: Random) -> bytes:
    trick = chance.choice(TRICKS).encode("utf-8", "replace").decode()
    return _zip({**FILES, trick: b"secret", chance.choice(("", "a/", "../")) + trick: b"again"})


def _two_spellings(chance: Random) -> bytes:
    first, second = chance.choice(
        (("a.txt", "A.txt"), ("é.txt", "e\u0301.txt"), ("a", "a/b"), ("ﬁ", "fi"), ("ß", "SS"))
    )
    return _zip({**FILES, first: b"one", second: b"two"})


def _special(chance: Random) -> bytes:
    kind = chance.choice((stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK, stat.S_IFDIR, 0o777))
    return _zip({**FILES, "special": b"/etc/passwd"}, attributes=kind)


@cache
def _bomb() -> bytes:
    return _zip({**FILES, "zeros.bin": bytes(BOMB_BYTES)})


def _nested(chance: Random) -> bytes:
    data = _zip(FILES)
    for _ in range(chance.randint(1, 5)):
        data = _zip({"index.html": PAGE, "inner.zip": data})
    return data


def _lying(chance: Random) -> bytes:
    """The list says other lengths than the files have."""
    data = bytearray(_zip(FILES, method=chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))))
    at = data.find(chance.choice((_DIRECTORY, _LOCAL)))
    place = at + chance.choice((6, 8, 10, 16, 20, 24, 28, 30, 32, 42))
    data[place : place + 4] = struct.pack("<L", chance.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)))
    return bytes(data)


def _many(chance: Random) -> bytes:
    data = bytearray(_zip(FILES))
    at = data.rfind(b"PK\x05\x06")
    data[at + 10 : at + 16] = struct.pack("<HL", 0xFFFF, chance.choice((0xFFFFFFFF, 1 << 27, 46)))
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, chance.choice((0, at, 1 << 62)), 1)
    return bytes(data[:at] + chance.choice((b"", locator)) + data[at:])


def _deep(chance: Random) -> bytes:
    return _zip({**FILES, "a/" * chance.choice((39, 40, 500)) + "b.html": PAGE})


_FORGED = {
    "an honest zip": lambda chance: _zip(FILES), "a zip with a trick for a name": _tricky,
    "a zip with one name in two spellings": _two_spellings, "a zip with no plain file": _special,
    "a zip in a zip": _nested, "a zip that lies about a length": _lying,
    "a zip that lists too much": _many, "a zip with deep folders": _deep,
}  # fmt: skip


def _webm() -> bytes:
    duration = b"\x44\x89\x88" + struct.pack(">d", 90_000.0)
    info = b"\x15\x49\xa9\x66" + bytes([0x80 | (len(duration) + 7)]) + b"\x2a\xd7\xb1\x83\x0f\x42\x40" + duration
    segment = info + b"\x1f\x43\xb6\x75\x84abcd"
    head = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"
    return head + b"\x18\x53\x80\x67" + struct.pack(">Q", 1 << 56 | len(segment)) + segment
