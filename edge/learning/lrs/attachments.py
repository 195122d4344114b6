"""Attachments: the bytes that statements bring along, each once, as files named by their digest.

* A file lies on the disk before the statement that names it is durable, and goes once no statement names it any more.
* Bytes are proven against the hash that the statement states, whichever of the SHA-2 family that is.
* What a power cut left that nothing names is swept at the next start.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils.migrations import Migrations

from catalog import durable
from catalog.db import Connection, Database
from catalog.digest import READ_BYTES, Digest, digest_of, is_digest, sha2_hex
from catalog.fault import BoxFault
from edge.learning.lrs.refusal import malformed

FOLDER = "attachments"
BYTES_MAX = 8 << 20
"""Of one request with all that it brings: a recording of some minutes, a photograph."""
FILE_MODE, FOLDER_MODE = 0o600, 0o700

migrations = Migrations("edge.learning.lrs.attachments")


@migrations()
def attachment(database: Connection) -> None:
    database.executescript(
        """
        create table attachment (
            sha2 text primary key,
            digest text not null,
            size_bytes integer not null
        ) strict, without rowid;
        create table attachment_use (
            number integer not null,
            sha2 text not null references attachment,
            media_type text not null,
            primary key (number, sha2)
        ) strict, without rowid;
        create index attachment_use_sha2 on attachment_use (sha2);
        """
    )


@dataclass(frozen=True, slots=True)
class Brought:
    """An attachment that came with a statement, and lies on the disk."""

    sha2: str
    digest: Digest
    size_bytes: int


class Attachments:
    """The files of one box's statements."""

    def __init__(self, database: Database, data: Path) -> None:
        self._database = database
        self._folder = data / FOLDER

    def take_in(self, sha2: str, data: bytes) -> Brought:
        """Put bytes on the disk, lasting. Raises NotTaken where their hash is another, DiskFull, BoxFault."""
        if sha2_hex(data, len(sha2) * 4) != sha2.lower():
            raise malformed("An attachment is not what its hash says.")
        digest = digest_of(data)
        path = self._path(digest)
        if not path.exists():
            if not path.parent.is_dir():
                self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
                path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
                durable.sync_folder(self._folder)
                durable.sync_folder(self._folder.parent)
            durable.write_file(path, data, FILE_MODE)
        return Brought(sha2.lower(), digest, len(data))

    def note(self, connection: Connection, number: int, brought: Iterable[tuple[Brought, str]]) -> None:
        """Let a statement name attachments (with the media type that it says), in the caller's transaction."""
        for one, media_type in brought:
            if not self._path(one.digest).exists():
                raise BoxFault("An attachment was swept in this very moment.", "Send the statement again.")
            connection.execute(
                "insert or ignore into attachment values (?, ?, ?)", [one.sha2, one.digest, one.size_bytes]
            )
            connection.execute("insert or ignore into attachment_use values (?, ?, ?)", [number, one.sha2, media_type])

    def are_known(self, sha2s: Sequence[str]) -> bool:
        """Tell whether the bytes of all of these are here."""
        row = self._database.read().execute(
            "select count(*) from attachment where sha2 in (select value from json_each(?))", [_json(sha2s)]
        )
        return int(row.fetchone()[0]) == len(set(sha2s))

    def of(self, numbers: Sequence[int]) -> list[tuple[str, str, Path]]:
        """What these statements brought along, each once: media type, hash, file."""
        rows = self._database.read().execute(
            """
            select min(media_type) as media_type, attachment.sha2, digest
            from attachment_use join attachment on attachment.sha2 = attachment_use.sha2
            where number in (select value from json_each(?)) group by attachment.sha2 order by min(number)
            """,
            [_json(numbers)],
        )
        return [(row["media_type"], row["sha2"], self._path(row["digest"])) for row in rows]

    def forget(self, connection: Connection, number: int) -> None:
        """A statement goes, in the caller's transaction; files that nothing names any more go after it."""
        sha2s = [
            row["sha2"]
            for row in connection.execute("delete from attachment_use where number = ? returning sha2", [number])
        ]
        gone = [
            row["digest"]
            for sha2 in sha2s
            for row in connection.execute(
                """
                delete from attachment where sha2 = :sha2
                    and not exists (select 1 from attachment_use where attachment_use.sha2 = :sha2)
                returning digest
                """,
                {"sha2": sha2},
            ).fetchall()
        ]
        if gone:
            # Lined up behind this very commit: a file goes only after it is lasting that nothing names it.
            self._database.submit(lambda later: self._remove(later, gone))

    def sweep(self) -> None:
        """Remove files that nothing names. Comes at the start, before anybody asks."""
        if not self._folder.is_dir():
            return
        here = {path.name: path for path in self._folder.glob("*/*")}
        rows = self._database.read().execute("select digest from attachment")
        for name in here.keys() - {row["digest"] for row in rows}:
            here[name].unlink()

    def _remove(self, connection: Connection, digests: Iterable[str]) -> None:
        for digest in digests:
            if connection.execute("select 1 from attachment where digest = ?", [digest]).fetchone() is None:
                self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        assert is_digest(digest), "files are named by digests alone"
        return self._folder / digest[2:4] / digest


def read(path: Path) -> Iterator[bytes]:
    """A file, a little at a time."""
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            yield piece


def _json(values: Sequence[str] | Sequence[int]) -> str:
    return json.dumps(list(values))
