"""Credentials: keys by which other tools reach the store, as HTTP Basic has them.

* A secret is 24 random bytes, shown once; only its SHA-256 is kept. No stretching: what nobody can guess needs none,
  and a slow hash would be paid for by every single statement (it is most of what other stores spend on one).
* A key that was revoked opens nothing from the next request on. A browser's session is never a key.
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import sha256
from catalog.fault import CallerFault
from edge.learning.lrs.actor import KEYS_HOME
from edge.learning.lrs.refusal import NotTaken
from edge.learning.lrs.rights import Rights
from sync.clock import Clock
from sync.keys import base64url

KEY_BYTES = 9
SECRET_BYTES = 24
KEYS_MAX = 200
NAME_LETTERS_MAX = 80

migrations = Migrations("edge.learning.lrs.credentials")


@migrations()
def lrs_key(database: Connection) -> None:
    database.execute(
        """
        create table lrs_key (
            key text primary key,
            name text not null,
            digest blob not null,
            made_seconds integer not null
        ) strict
        """
    )


class NoSuchKey(CallerFault):
    """No key of this name opens the learning record store."""


@dataclass(frozen=True, slots=True)
class LrsKey:
    """A key as it is listed: its secret is not here any more."""

    key: str
    name: str
    made_seconds: int


class Credentials:
    """The keys of one box."""

    def __init__(self, database: Database, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._database = database
        self._clock = clock
        self._random_bytes = random_bytes

    def make(self, name: str = "") -> tuple[str, str]:
        """A new key and its secret, which is not kept. Raises CallerFault where there are too many."""
        key, secret = base64url(self._random_bytes(KEY_BYTES)), base64url(self._random_bytes(SECRET_BYTES))
        now_seconds = self._clock.now().wall_seconds

        def work(connection: Connection) -> None:
            if connection.execute("select count(*) from lrs_key").fetchone()[0] >= KEYS_MAX:
                raise CallerFault(f"There are {KEYS_MAX} keys already.", "Revoke those that nobody uses.")
            connection.execute(
                "insert into lrs_key (key, name, digest, made_seconds) values (?, ?, ?, ?)",
                [key, name[:NAME_LETTERS_MAX], sha256(secret.encode()), now_seconds],
            )

        self._database.write(work)
        return key, secret

    def revoke(self, key: str) -> None:
        """Let a key open nothing any more. Raises NoSuchKey."""
        gone = self._database.write(
            lambda connection: connection.execute("delete from lrs_key where key = ?", [key]).rowcount
        )
        if not gone:
            raise NoSuchKey("There is no such key.", "Look at `qanat box lrs-key list`.")

    def listed(self) -> list[LrsKey]:
        rows = self._database.read().execute("select key, name, made_seconds from lrs_key order by made_seconds, key")
        return [LrsKey(*row) for row in rows]

    def rights_of(self, authorization: str) -> Rights:
        """What the one who sends this header may do. Raises NotTaken where it is no key of ours."""
        key, secret = _basic(authorization)
        row = self._database.read().execute("select name, digest from lrs_key where key = ?", [key]).fetchone()
        is_known = row is not None and hmac.compare_digest(row["digest"], sha256(secret.encode()))
        if not is_known:
            raise NotTaken(
                401, "This is no key of this learning record store.", "Make one: `qanat box lrs-key new --data DIR`."
            )
        agent = {"objectType": "Agent", "account": {"homePage": KEYS_HOME, "name": key}}
        return Rights(key, {**agent, "name": row["name"]} if row["name"] else agent)


def _basic(authorization: str) -> tuple[str, str]:
    """Key and secret of an Authorization header; empty where it is none."""
    scheme, _, coded = authorization.partition(" ")
    try:
        key, _, secret = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (key, secret) if scheme.lower() == "basic" else ("", "")
