"""Launches: who may read which course's files, and on which origin.

* A launch is one session opening one activity of one release. Its token is unguessable, stays the same for as long as
  the launch does (so browsers keep what they fetched), and dies with the session. Tables keep its hash only.
* An origin serves one course: a host name of its own where `content_host` is set, else one port of a pool. A pool that
  is used up gives the port of the course that was launched longest ago, and all of that course's launches end.
* A request is answered from memory: no table is read for a file.
* launches/<origin>/<token> is a link to the release's tree, so that nginx can serve the same files by path.
"""

import hmac
import json
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import Digest, sha256
from catalog.manifest import is_safe_path
from edge.config import Config
from sync.clock import Clock
from sync.web.origins import choose_port
from sync.web.sessions import DatabaseSessions, Session

SECRET_BYTES = 32
TOKEN_CHARACTERS = 32
"""Hex digits: 128 bits."""

migrations = Migrations("edge.library.launches")


@migrations()
def _make_tables(connection: Connection) -> None:
    connection.execute("""
        create table content_port (
            port integer primary key,
            course text not null unique,
            turn integer not null  -- counts launches, so that order rests on no clock
        ) strict
    """)
    connection.execute("""
        create table launch (
            token_hash text primary key,
            session text not null references session (id_hash) on delete cascade,
            person text not null,
            is_learner integer not null,  -- nothing is kept of anyone else
            course text not null,
            root text not null,
            activity text not null,
            origin text not null
        ) strict
    """)
    connection.execute("create index launch_session on launch (session)")


@dataclass(frozen=True, slots=True)
class Launch:
    """What one token opens."""

    session: str
    person: str
    is_learner: bool
    course: str
    root: Digest
    activity: str
    origin: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where a launch is served: the course's host name (empty: that of the pages), port as browsers see it, token."""

    host: str
    port: int
    token: str
    origin: str = ""
    """Where it is known by another address altogether; "" where host and port are it."""
    secure_port: int = 0
    """The port over HTTPS, where a proxy serves it so beside HTTP."""


class LaunchingSessions(DatabaseSessions):
    """Sessions whose end is the end of what they launched."""

    def __init__(
        self, database: Database, clock: Clock, random_bytes: Callable[[int], bytes], launches: "Launches"
    ) -> None:
        super().__init__(database, clock, random_bytes)
        self._launches = launches

    def end(self, session: Session) -> None:
        super().end(session)
        self._launches.end_session(session.id_hash)

    def end_all(self, person: str) -> None:
        super().end_all(person)
        self._launches.end_person(person)


class Launches:
    """The launches of one box. Asked from any thread; changed by the writer alone, one piece of work after another."""

    def __init__(self, database: Database, folder: Path, trees: Path, config: Config, secret: bytes) -> None:
        self._database = database
        self._folder = folder
        self._trees = trees
        self._config = config
        self._secret = secret
        rows = database.read().execute("select * from launch")
        self._by_token_hash = {row["token_hash"]: _launch(row) for row in rows}

    def open(self, session: Session, course: str, root: Digest, activity: str) -> Address:
        """Let this session read the files of this release; says where. Opening again gives the same address."""

        def work(connection: Connection) -> Address:
            origin = course if self._config.content_host else self._give_port(connection, course)
            launch = Launch(session.id_hash, session.person, session.kind == "learner", course, root, activity, origin)
            token = self._token(launch)
            _insert(connection, _hash(token), launch)
            # Known before it is committed: should the commit fail, the next sweep forgets it.
            self._by_token_hash[_hash(token)] = launch
            self._link(launch, token)
            host = self._config.content_host.replace("{course}", course)
            port = self._config.content_port if host else int(origin)
            seen, secured = self._config.content_port_as_seen(port), self._config.content_port_secured(port)
            return Address(host, seen, token, secure_port=0 if host else secured)

        return self._database.write(work)

    def find(self, port: int, host: str, token: str) -> Launch | None:
        """The launch of this token, if it belongs where the request came to. `host` is its Host header."""
        launch = self._by_token_hash.get(_hash(token))
        return launch if launch is not None and launch.origin == self._origin(port, host) else None

    def end_session(self, session: str) -> None:
        """Nothing that this session opened can be read through it any more. Its rows went with it."""
        self._database.write(lambda _: self._forget(lambda launch: launch.session == session))

    def end_person(self, person: str) -> None:
        """The same for every session of a person."""
        self._database.write(lambda connection: self.forget_person(connection, person))

    def forget_person(self, connection: Connection, person: str) -> None:
        """The same, in the caller's transaction."""
        self._forget(lambda launch: launch.person == person)

    def sweep(self) -> None:
        """Forget launches whose session or release is gone, ports outside the pool, and stray links."""
        pool = self._config.ports_for_content
        trees = json.dumps([folder.name for folder in self._trees.glob("*")])

        def work(connection: Connection) -> None:
            connection.execute("delete from content_port where port not between ? and ?", [pool[0], pool[-1]])
            connection.execute("delete from launch where root not in (select value from json_each(?))", [trees])
            kept = connection.execute("select * from launch").fetchall()
            self._by_token_hash = {row["token_hash"]: _launch(row) for row in kept}
            self._drop_links(folder.name for folder in self._folder.glob("*"))

        self._database.write(work)

    def _origin(self, port: int, host: str) -> str:
        if not self._config.content_host:
            return str(port)
        label, _, rest = host.partition(":")[0].lower().partition(".")
        return label if f"{{course}}.{rest}" == self._config.content_host.lower() else ""

    def _give_port(self, connection: Connection, course: str) -> str:
        """Give the course a port; who has to leave it loses its launches in the same commit."""
        rows = connection.execute("select port, course from content_port order by turn").fetchall()
        assigned = [(row["port"], row["course"]) for row in rows]
        port = choose_port(assigned, course, self._config.ports_for_content)
        connection.execute("delete from content_port where port = ? or course = ?", [port, course])
        connection.execute(
            "insert into content_port (port, course, turn) select ?, ?, coalesce(max(turn), 0) + 1 from content_port",
            [port, course],
        )
        origin = str(port)
        if (port, course) not in assigned:
            connection.execute("delete from launch where origin = ?", [origin])
            self._forget(lambda launch: launch.origin == origin)
        return origin

    def _forget(self, is_over: Callable[[Launch], bool]) -> None:
        over = [(key, launch) for key, launch in self._by_token_hash.items() if is_over(launch)]
        for key, _ in over:
            del self._by_token_hash[key]
        self._drop_links({launch.origin for _, launch in over})

    def _link(self, launch: Launch, token: str) -> None:
        link = self._folder / launch.origin / token
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", self._trees.name, launch.root))

    def _drop_links(self, origins: Iterable[str]) -> None:
        """Remove the links that no launch stands behind. A name alone tells: tables know only its hash."""
        for origin in origins:
            for link in (self._folder / origin).glob("*"):
                launch = self._by_token_hash.get(_hash(link.name))
                if launch is None or launch.origin != origin:
                    link.unlink(missing_ok=True)

    def _token(self, launch: Launch) -> str:
        """Drawn from the launch and a secret of this run: guessing it is guessing the secret."""
        parts = (launch.session, launch.course, launch.root, launch.activity, launch.origin)
        return hmac.digest(self._secret, "\n".join(parts).encode(), "sha256").hex()[:TOKEN_CHARACTERS]


def split(path: str) -> tuple[str, str]:
    """A decoded path as token and path inside the course; two empty words where it could leave its folder."""
    token, _, rest = unicodedata.normalize("NFC", path).partition("/")
    return (token, rest) if is_safe_path(rest) else ("", "")


def _insert(connection: Connection, token_hash: str, launch: Launch) -> None:
    connection.execute(
        """
        insert or ignore into launch (token_hash, session, person, is_learner, course, root, activity, origin)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            token_hash,
            launch.session,
            launch.person,
            int(launch.is_learner),
            launch.course,
            launch.root,
            launch.activity,
            launch.origin,
        ],
    )


def _launch(row: sqlite3.Row) -> Launch:
    return Launch(
        row["session"],
        row["person"],
        bool(row["is_learner"]),
        row["course"],
        Digest(row["root"]),
        row["activity"],
        row["origin"],
    )


def _hash(token: str) -> str:
    return sha256(token.encode()).hex()
