"""Sessions: who is at the other end of a cookie, kept here and not in the cookie.

* The cookie is 32 random bytes; only its hash is kept, so a stolen database signs nobody in.
* Signing in, and out, changes the cookie: nothing planted before is worth anything after.
* Nobody's sessions (a form seen before signing in) live in memory only: a visit writes nothing to the card.
* A session that is used is noted at most every few minutes, and nobody waits for that note.
* Idle time is counted by the monotonic clock while the box is up; a wall clock that jumps signs nobody out.
"""

import base64
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import sha256
from sync.clock import TRUSTED_SINCE_SECONDS, Clock, Moment

COOKIE_BYTES = 32
IDLE_SECONDS_MAX = {"": 7_200, "guest": 14_400, "learner": 14_400, "teacher": 14_400, "staff": 3_600}
"""How long a session waits for its person, by kind. Phones and tablets go from hand to hand here."""
TOUCH_SECONDS = 300
ANONYMOUS_SESSIONS_MAX = 8_192
SWEPT_PER_BEGIN_MAX = 200

migrations = Migrations("sync.web.sessions")


@migrations()
def session_table(connection: Connection) -> None:
    """One row for each signed-in device."""
    connection.execute(
        """
        create table session (
            id_hash text primary key,
            person text not null,
            kind text not null,
            csrf text not null,
            data text not null,
            begun_seconds integer not null,
            seen_seconds integer not null
        ) strict
        """
    )
    connection.execute("create index session_person on session (person)")
    connection.execute("create index session_seen on session (seen_seconds)")


@dataclass(frozen=True, slots=True)
class Session:
    """One device and who uses it. Without a kind, nobody is signed in; without an id_hash, there is no cookie yet."""

    id_hash: str = ""
    person: str = ""
    kind: str = ""
    csrf: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    begun_seconds: int = 0


class Sessions(Protocol):
    """Keeps sessions. An implementation may not keep a cookie's text, and may not let `find` wait for the disk."""

    def find(self, cookie: str) -> Session | None:
        """Whose cookie this is; None when it is unknown, ended or was idle too long."""
        ...

    def begin(self, person: str, kind: str, data: Mapping[str, str]) -> tuple[str, Session]:
        """Open a session and return the cookie's text with it. A session without a kind is nobody's."""
        ...

    def end(self, session: Session) -> None: ...

    def end_all(self, person: str) -> None:
        """Sign a person out everywhere: the password was changed, or the account is gone."""
        ...


class DatabaseSessions:
    """Sessions in a table of `database`."""

    def __init__(self, database: Database, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._database = database
        self._clock = clock
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._anonymous: OrderedDict[str, Session] = OrderedDict()
        self._used_seconds: dict[str, float] = {}
        self._touched_seconds: dict[str, float] = {}

    def find(self, cookie: str) -> Session | None:
        id_hash = hash_of(cookie)
        now = self._clock.now()
        session, seen_seconds = self._look_up(id_hash)
        if session is None:
            return None
        with self._lock:
            used_seconds = self._used_seconds.get(id_hash)
            idle_seconds = idle_for(now, used_seconds, seen_seconds)
            is_over = idle_seconds > IDLE_SECONDS_MAX.get(session.kind, 0)
            if not is_over:
                self._used_seconds[id_hash] = now.monotonic_seconds
        if is_over:
            self.end(session)
            return None
        if session.kind:
            self._touch(id_hash, now)
        return session

    def begin(self, person: str, kind: str, data: Mapping[str, str]) -> tuple[str, Session]:
        now = self._clock.now()
        cookie = _text(self._random_bytes(COOKIE_BYTES))
        session = Session(
            hash_of(cookie), person, kind, _text(self._random_bytes(COOKIE_BYTES)), dict(data), now.wall_seconds
        )
        with self._lock:
            self._used_seconds[session.id_hash] = now.monotonic_seconds
            self._touched_seconds[session.id_hash] = now.monotonic_seconds
            if not kind:
                self._anonymous[session.id_hash] = session
                self._forget_oldest()
        if kind:
            self._database.write(lambda connection: self._insert(connection, session, now))
        return cookie, session

    def end(self, session: Session) -> None:
        self._forget(session.id_hash)
        if session.kind:
            self._database.write(
                lambda connection: connection.execute("delete from session where id_hash = ?", [session.id_hash])
            )

    def end_all(self, person: str) -> None:
        self._database.write(lambda connection: self.record_end_all(connection, person))

    def record_end_all(self, connection: Connection, person: str) -> None:
        """End a person's sessions in the transaction that changes their secret or forgets them."""
        connection.execute("delete from session where person = ?", [person])

    def _look_up(self, id_hash: str) -> tuple[Session | None, int]:
        with self._lock:
            nobody = self._anonymous.get(id_hash)
        if nobody is not None:
            return nobody, nobody.begun_seconds
        row = (
            self._database.read()
            .execute(
                "select person, kind, csrf, data, begun_seconds, seen_seconds from session where id_hash = ?", [id_hash]
            )
            .fetchone()
        )
        if row is None:
            return None, 0
        session = Session(id_hash, row[0], row[1], row[2], json.loads(row[3]), row[4])
        return session, row[5]

    def _insert(self, connection: Connection, session: Session, now: Moment) -> None:
        connection.execute(
            """
            insert into session (id_hash, person, kind, csrf, data, begun_seconds, seen_seconds)
            values (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                session.id_hash,
                session.person,
                session.kind,
                session.csrf,
                json.dumps(dict(session.data)),
                session.begun_seconds,
                now.wall_seconds,
            ],
        )
        if now.is_trusted:
            self._sweep(connection, now)

    def _sweep(self, connection: Connection, now: Moment) -> None:
        """Drop some sessions that nobody came back to; each sign-in does a little of it."""
        oldest_seconds = now.wall_seconds - max(IDLE_SECONDS_MAX.values()) - TOUCH_SECONDS
        rows = connection.execute(
            "select id_hash from session where seen_seconds < ? and seen_seconds >= ? limit ?",
            [oldest_seconds, TRUSTED_SINCE_SECONDS, SWEPT_PER_BEGIN_MAX],
        ).fetchall()
        for (id_hash,) in rows:
            connection.execute("delete from session where id_hash = ?", [id_hash])
            self._forget(id_hash)

    def _touch(self, id_hash: str, now: Moment) -> None:
        with self._lock:
            touched_seconds = self._touched_seconds.get(id_hash, -TOUCH_SECONDS)
            if now.monotonic_seconds - touched_seconds < TOUCH_SECONDS:
                return
            self._touched_seconds[id_hash] = now.monotonic_seconds
        self._database.submit(
            lambda connection: connection.execute(
                "update session set seen_seconds = ? where id_hash = ?", [now.wall_seconds, id_hash]
            )
        )

    def _forget_oldest(self) -> None:
        while len(self._anonymous) > ANONYMOUS_SESSIONS_MAX:
            oldest, _ = self._anonymous.popitem(last=False)
            self._used_seconds.pop(oldest, None)
            self._touched_seconds.pop(oldest, None)

    def _forget(self, id_hash: str) -> None:
        with self._lock:
            self._anonymous.pop(id_hash, None)
            self._used_seconds.pop(id_hash, None)
            self._touched_seconds.pop(id_hash, None)


def idle_for(now: Moment, used_seconds: float | None, seen_seconds: int) -> float:
    """Say how long a session has been idle: by the monotonic clock if we saw its last use, else by the wall clock.

    A wall time that cannot be trusted, then or now, counts as no time at all.
    """
    if used_seconds is not None:
        return now.monotonic_seconds - used_seconds
    if not now.is_trusted or seen_seconds < TRUSTED_SINCE_SECONDS:
        return 0
    return max(0, now.wall_seconds - seen_seconds)


def hash_of(cookie: str) -> str:
    """What is kept of a cookie."""
    return sha256(cookie.encode("utf-8", "surrogateescape")).hex()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
