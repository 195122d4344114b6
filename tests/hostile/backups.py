"""Backups that somebody brought: of a box, sealed, and of a hub, in a folder.

* A box's backup may be sealed by whoever knows the public key: what is inside is a stranger's until it is proven. What
  is restored has nothing but the files of a box, for their owner's eyes, and a database that SQLite finds whole.
* A hub's backup lies open. What is restored has the hub's key and the files that its list names, in the hub's folder.
"""

import io
import json
import secrets
import shutil
import sqlite3
import tarfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from random import Random

import pyrage
from pyrage import x25519

from catalog.db import Database, whole
from catalog.digest import Hasher, digest_of
from edge.box import MIGRATIONS, Box
from edge.config import Config
from edge.keeping.backup import NAMES, PROOF, Listing, Proof, back_up
from edge.keeping.restore import restore
from edge.keeping.sealing import Lock
from sync.clock import Moment
from sync.hub.hub import Hub
from sync.hub.keeping.restore import restore as restore_hub
from sync.link import Link, Unreachable
from tests.hostile.damage import TRICKS
from tests.hostile.doors import Door, Room, demand

NOW_SECONDS = 1_790_000_000
EVIL = b"evil"
_MADE_HERE = ("trees", "box.db-wal", "box.db-shm")
"""What opening a box's database adds to what a backup holds."""


class StillClock:
    """A clock that stands."""

    def now(self) -> Moment:
        return Moment(NOW_SECONDS, 100.0, True)

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")

    def hear(self, wall_seconds: int) -> None:
        raise AssertionError("nobody tells it the time")

    def not_before(self, wall_seconds: int) -> None:
        """It stands."""


class BoxBackups(Door):
    """Where a box's backup comes in."""

    name = "box-backups"
    kinds = ("sealed", "tar", "members", "members", "database", "proof")

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        once = x25519.Identity.generate()
        self._recipient = once.to_public()
        self._key = home / "key.txt"
        self._key.write_text(str(once))
        box = Box.open(
            home / "box", Config(name="Hill school"), clock=StillClock(), random_bytes=Random("box").randbytes,
            open_link=_no_way,
        )  # fmt: skip
        try:
            self._sealed = back_up(box, home / "box.age", Lock([str(self._recipient)])).path.read_bytes()
        finally:
            box.close()
        shutil.rmtree(home / "box")
        (home / "box.age").unlink()
        self._tar = pyrage.decrypt(self._sealed, [once])
        with tarfile.open(fileobj=io.BytesIO(self._tar)) as tar:
            files = {member.name: tar.extractfile(member) for member in tar}
            self._files = {name: file.read() for name, file in files.items() if file is not None}
        self._proof = json.loads(self._files.pop(PROOF))

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        match kind:
            case "sealed":
                return self._sealed, "a sealed backup"
            case "database":
                return self._files["box.db"], "its database"
            case "proof":
                return json.dumps(self._proof).encode(), "its proof"
            case "members":
                return self._with_a_trick(chance)
        return self._tar, "what is sealed"

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        match kind:
            case "sealed":
                sealed = data
            case "database":
                sealed = self._seal(self._made({**self._files, "box.db": data}))
            case "proof":
                sealed = self._seal(_tar({**self._files, PROOF: data}))
            case _:
                sealed = self._seal(data)
        source = room.came / "box.age"
        source.write_bytes(sealed)
        restore(room.kept, source, self._key, "", StillClock())
        for path in room.kept.rglob("*"):
            name = path.relative_to(room.kept).as_posix()
            demand(not path.is_symlink(), f"{name} is a link")
            if path.is_file():
                is_known = NAMES.fullmatch(name) is not None or name.startswith(_MADE_HERE) or name == "store/.lock"
                demand(is_known and name != PROOF, f"{name} was written")
                demand(not name.startswith("keys/") or not path.stat().st_mode & 0o077, f"{name} is open to all")
        database = Database(room.kept / "box.db", MIGRATIONS)
        try:
            demand(not whole(database.read()), "its database is damaged")
        finally:
            database.close()

    def _seal(self, plain: bytes) -> bytes:
        return bytes(pyrage.encrypt(plain, [self._recipient]))

    def _with_a_trick(self, chance: Random) -> tuple[bytes, str]:
        trick = chance.choice(
            (*TRICKS, "keys/../../secret", "keys/.", "store/aa/12" + "a" * 64, "box.db", "keys/extra")
        )
        name = trick.encode("utf-8", "replace").decode().replace("\0", "0")
        member = tarfile.TarInfo(name)
        member.type = chance.choice(
            (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
        )
        member.linkname = chance.choice(("/etc/passwd", "box.db", "../secret"))
        member.mode = chance.choice((0o600, 0o777, 0o4755))
        return self._made(self._files, member), f"a backup with {name[:60]!r}"

    def _made(self, files: Mapping[str, bytes], member: tarfile.TarInfo | None = None) -> bytes:
        """A backup of these files whose proof is right."""
        listing = Listing()
        for name, data in files.items():
            _add(listing, name, data)
        if member is not None and member.isreg():
            _add(listing, member.name, EVIL)
        fields = self._proof
        proof = Proof(fields["box"], fields["name"], NOW_SECONDS, False, listing.files, listing.digest())
        return _tar({**files, PROOF: proof.to_bytes()}, member)


class HubBackups(Door):
    """Where a hub's backup comes in."""

    name = "hub-backups"
    kinds = ("list", "list", "database", "catalog")

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        hub = Hub.open(home / "hub", StillClock(), Random("hub").randbytes)
        try:
            hub.keeping.backups.make(home / "backups")
        finally:
            hub.close()
        self._backup = next(path.parent for path in (home / "backups").glob("*/backup.json"))
        self._list = json.loads((self._backup / "backup.json").read_bytes())
        shutil.rmtree(home / "hub")
        self._scratch = home / "scratch.db"

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        match kind:
            case "database":
                return (self._backup / "hub.db").read_bytes(), "its database"
            case "catalog" if chance.random() < 0.3:
                return self._listing_elsewhere(), "its catalog, with a file elsewhere"
            case "catalog":
                return (self._backup / "catalog.db").read_bytes(), "its catalog"
        files = dict(self._list["files"])
        words = "its list"
        if chance.random() < 0.4:
            name = chance.choice(("../secret", "keys/../../secret", "/etc/hostname", "extra", "keys/extra", "./hub.db"))
            files[name], words = digest_of(EVIL), f"its list with {name}"
        if chance.random() < 0.1:
            del files[chance.choice(list(files))]
        return json.dumps({**self._list, "files": files}).encode(), words

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        backups = room.came / "backups"
        folder = backups / self._backup.name
        shutil.copytree(self._backup.parent, backups)
        (backups / "secret").write_bytes(EVIL)
        (backups / "files" / "ab" / "12ab").mkdir(parents=True)
        (folder / "extra").write_bytes(EVIL)
        (folder / "keys" / "extra").write_bytes(EVIL)
        listed = dict(self._list)
        if kind == "list":
            (folder / "backup.json").write_bytes(data)
        else:
            name = {"database": "hub.db", "catalog": "catalog.db"}[kind]
            (folder / name).write_bytes(data)
            listed["files"] = {**listed["files"], name: digest_of(data)}
            (folder / "backup.json").write_text(json.dumps(listed))
        restore_hub(backups, room.kept / "hub", StillClock(), secrets.token_bytes)
        demand([path.name for path in room.kept.iterdir()] == ["hub"], "something was written beside the hub")
        demand((room.kept / "hub" / "keys").is_dir() and (room.kept / "hub" / "hub.db").is_file(), "it is no hub")

    def _listing_elsewhere(self) -> bytes:
        shutil.copyfile(self._backup / "catalog.db", self._scratch)
        with closing(sqlite3.connect(self._scratch)) as connection:  # noqa: TID251 - as a stranger opens it
            connection.execute("insert into stored_file (digest, size_bytes) values ('12ab/../../../../../secret', 4)")
            connection.commit()
        data = self._scratch.read_bytes()
        self._scratch.unlink()
        return data


def _add(listing: Listing, name: str, data: bytes) -> None:
    content = Hasher()
    content.update(data)
    listing.add(name, content)


def _tar(files: Mapping[str, bytes], first: tarfile.TarInfo | None = None) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            if name == PROOF and first is not None:
                first.size = len(EVIL) if first.isreg() else 0
                tar.addfile(first, io.BytesIO(EVIL))
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return target.getvalue()


def _no_way(address: str) -> Link:
    raise Unreachable(f"Nobody answers at {address}.", "Look whether the cable is in.")
