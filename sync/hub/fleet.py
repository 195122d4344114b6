"""The fleet: campuses, the boxes that belong to them, and the tokens by which a box joins.

* A token is made for one campus, shown once, kept only as a hash, and bound to the first key that uses it.
  The same key again gets the same welcome (its answer was lost); another key is refused, and an alarm stands.
* Tokens of a batch run out: then no new key is taken by them, and who used one in time has the answer still.
* A box is its key: the id is made from it, and neither ever changes. A revoked key never comes back.
* A box belongs to one campus for good; a box that moves is set up anew, with a new key.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, Row, func, or_, select, update

from catalog.digest import Digest, digest_of
from catalog.fault import CallerFault
from catalog.manifest import canonical
from sync.clock import Clock
from sync.enrolment import Token
from sync.hub import editions, schema
from sync.hub.engine import reading, writing
from sync.hub.keeping.alarms import DAY_SECONDS, Kind, raise_alarm
from sync.hub.trust.documents import note_seen
from sync.keys import KeyPair, PublicKey, base64url, box_id, fingerprint
from sync.token_batch import TOKENS_MAX, TokenBatch
from sync.wire import Enrol, Holding, Report, Welcome, holdings_of

SECRET_BYTES = 15
"""24 letters of base32, as `sync.enrolment` expects."""
NONCE_BYTES = 12
CAMPUS_BYTES = 5
BATCH_BYTES = 10
DAYS_MAX = 730
"""How long the tokens of a batch may be good: cards lie about, and are lost."""
NAME_LETTERS_MAX = 80


class NoSuchCampus(CallerFault):
    """The campus that was asked for is none of this hub's."""

    status_code: ClassVar[int] = 404


class Refused(CallerFault):
    """The hub says no to a box: a code for the box, a sentence for people, a nonce to pick the thread up again."""

    def __init__(self, code: str, sentence: str, hint: str, nonce: str = "") -> None:
        super().__init__(sentence, hint)
        self.code = code
        self.nonce = nonce


class TokenReused(Refused):
    """A second key came with a token: a card or a label was copied, or a card was burned anew with a spent seed."""

    def __init__(self, box: str) -> None:
        super().__init__(
            "token-used",
            "Another box has used this token.",
            "A token is for one box; ask the hub's staff for a new one.",
        )
        self.box = box
        """The box that used it first."""


@dataclass(frozen=True, slots=True)
class Campus:
    """A place with boxes and learners."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class BoxState:
    """A box as it last described itself, and what the hub has of it."""

    id: str
    name: str
    campus: Campus
    seen_seconds: int | None
    free_bytes: int | None
    holdings: tuple[Holding, ...]
    can: tuple[str, ...]
    """What it said that it is able to take."""
    events: int
    forks: int
    is_revoked: bool
    replaced_by: str = ""
    """The box that stands in its place."""


class Fleet:
    """Who belongs to this hub."""

    def __init__(self, engine: Engine, keys: KeyPair, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._random_bytes = random_bytes

    def enrol(self, ask: Enrol) -> Welcome:
        """Take the box in that signed this.

        Raises Refused: the token is unknown, used or has run out, or the box is unwelcome.
        """
        try:
            return self._enrol(ask)
        except TokenReused as refused:
            with writing(self._engine) as connection:
                raise_alarm(connection, refused.box, Kind.TOKEN_REUSED, self._now())
            raise

    def _enrol(self, ask: Enrol) -> Welcome:
        key_id = box_id(ask.key)
        with writing(self._engine) as connection:
            token = connection.execute(
                select(schema.enrolment_token)
                .where(schema.enrolment_token.c.hash == _hash(ask.token))
                .with_for_update()
            ).one_or_none()
            known = find(connection, key_id)
            _may_enrol(token, known, ask.key, self._now())
            assert token is not None
            nonce = known.nonce if known is not None else self.nonce()
            if known is None:
                row = _new_box(key_id, token.campus, ask, nonce, self._now())
                connection.execute(schema.box.insert().values(row))
            used = {"used_by_key": ask.key, "used_seconds": token.used_seconds or self._now()}
            connection.execute(
                update(schema.enrolment_token).where(schema.enrolment_token.c.hash == token.hash).values(used)
            )
            name = connection.execute(
                select(schema.campus.c.name).where(schema.campus.c.id == token.campus)
            ).scalar_one()
        return Welcome(key_id, token.campus, name, self._keys.public, nonce)

    def make_token(self, campus: Campus, *, bound_to: str | None = None, replaces: str = "") -> Token:
        """A fresh token in full, to be shown once: only its hash is kept.

        `bound_to`: the one key that it is good for. `replaces`: the box in whose place it brings another.
        """
        (token,) = self._make_tokens(campus, 1, used_by_key=bound_to, replaces=replaces)
        return token

    def make_batch(self, campus: Campus, count: int, days: int, address: str) -> TokenBatch:
        """Fresh tokens for many boxes of a campus, which run out after so many days; `address` is this hub's.

        Raises CallerFault where so many cannot be.
        """
        if not (1 <= count <= TOKENS_MAX and 1 <= days <= DAYS_MAX):
            raise CallerFault(
                f"A batch has 1 to {TOKENS_MAX} tokens, and they run out after 1 to {DAYS_MAX} days.",
                "Ask for fewer, or for several batches.",
            )
        name = base64.b32encode(self._random_bytes(BATCH_BYTES)).decode().lower()
        made_seconds, expires_seconds = self._now(), self._now() + days * DAY_SECONDS
        tokens = self._make_tokens(campus, count, batch=name, expires_seconds=expires_seconds)
        key = self._keys.public
        return TokenBatch(name, campus.id, campus.name, address, key, made_seconds, expires_seconds, tuple(tokens))

    def replaces(self, secret: str) -> str:
        """The box in whose place the one comes that uses this token; "" where it is one more, or no such token."""
        token = schema.enrolment_token.c
        with reading(self._engine) as connection:
            found = connection.execute(select(token.replaces).where(token.hash == _hash(secret))).scalar_one_or_none()
        return found or ""

    def campus_called(self, name: str) -> Campus:
        """The campus of this name; a new one wants every course that is for all. Raises CallerFault."""
        tidy = tidy_name(name)
        if not tidy:
            raise CallerFault("A campus needs a name.", "Write the name by which its people know it.")
        with writing(self._engine) as connection:
            found = connection.execute(select(schema.campus).where(schema.campus.c.name == tidy)).one_or_none()
            if found is not None:
                return Campus(found.id, found.name)
            campus = Campus(base64.b32encode(self._random_bytes(CAMPUS_BYTES)).decode().lower(), tidy)
            row = {"id": campus.id, "name": campus.name, "made_seconds": self._now()}
            connection.execute(schema.campus.insert().values(row))
            editions.welcome(connection, campus.id)
        return campus

    def campuses(self) -> list[Campus]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(schema.campus).order_by(schema.campus.c.name))
            return [Campus(row.id, row.name) for row in rows]

    def campus(self, campus_id: str) -> Campus:
        """Raises NoSuchCampus."""
        with reading(self._engine) as connection:
            row = connection.execute(select(schema.campus).where(schema.campus.c.id == campus_id)).one_or_none()
        if row is None:
            raise NoSuchCampus("There is no such campus here.", "Open the list of campuses and choose one.")
        return Campus(row.id, row.name)

    def boxes(self, campus_id: str | None = None) -> list[BoxState]:
        """Every box, or those of one campus, by campus and name."""
        with reading(self._engine) as connection:
            return boxes_in(connection, campus_id)

    def key(self, key_id: str) -> PublicKey | None:
        """The pinned key of a box, revoked or not."""
        with reading(self._engine) as connection:
            row = find(connection, key_id)
        return None if row is None else PublicKey(row.key)

    def revoke(self, key_id: str) -> str:
        """Never hear this box again: it is lost, stolen or replaced. What it brought stays. Returns its campus's id.

        Raises CallerFault.
        """
        with writing(self._engine) as connection:
            row = find(connection, key_id)
            if row is None:
                raise CallerFault("There is no such box here.", "Open the campus and choose one of its boxes.")
            moment = row.revoked_seconds or self._now()
            connection.execute(update(schema.box).where(schema.box.c.id == key_id).values(revoked_seconds=moment))
            return str(row.campus)

    def open_tokens(self, campus_id: str) -> list[int]:
        """When each token of this campus was made that a box may still use."""
        token = schema.enrolment_token
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(token.c.made_seconds)
                .where(
                    token.c.campus == campus_id,
                    token.c.used_by_key.is_(None),
                    or_(token.c.expires_seconds.is_(None), token.c.expires_seconds > self._now()),
                )
                .order_by(token.c.made_seconds)
            )
            return list(rows.scalars())

    def _make_tokens(self, campus: Campus, count: int, **more: str | int | None) -> list[Token]:
        """So many fresh tokens; `more` is what their rows say besides."""
        mark, made_seconds = fingerprint(self._keys.public), self._now()
        secrets = [base64.b32encode(self._random_bytes(SECRET_BYTES)).decode().lower() for _ in range(count)]
        rows = [
            {"hash": _hash(secret), "campus": campus.id, "made_seconds": made_seconds, **more} for secret in secrets
        ]
        with writing(self._engine) as connection:
            connection.execute(schema.enrolment_token.insert(), rows)
        return [Token(secret, mark) for secret in secrets]

    def nonce(self) -> str:
        """A fresh nonce: twelve random bytes, sixteen letters."""
        return base64url(self._random_bytes(NONCE_BYTES))

    def _now(self) -> int:
        return self._clock.now().wall_seconds


def find(connection: Connection, key_id: str, *, is_locking: bool = False) -> Row[Any] | None:
    """A box's row; locked until the transaction ends when it is about to change."""
    query = select(schema.box).where(schema.box.c.id == key_id)
    return connection.execute(query.with_for_update() if is_locking else query).one_or_none()


def boxes_in(connection: Connection, campus_id: str | None = None) -> list[BoxState]:
    """In the caller's transaction: every box, or those of one campus, by campus and name."""
    box, campus, epoch, fork = schema.box, schema.campus, schema.epoch, schema.fork
    events = select(func.sum(epoch.c.taken + 1)).where(epoch.c.box == box.c.id).scalar_subquery()
    forks = select(func.count()).where(fork.c.box == box.c.id).scalar_subquery()
    new = select(schema.replacement.c.new).where(schema.replacement.c.old == box.c.id).scalar_subquery()
    query = (
        select(box, campus.c.name.label("campus_name"), events.label("events"), forks.label("forks"), new.label("new"))
        .join(campus, campus.c.id == box.c.campus)
        .order_by(campus.c.name, box.c.name, box.c.id)
    )
    if campus_id is not None:
        query = query.where(box.c.campus == campus_id)
    return [
        BoxState(
            id=row.id,
            name=row.name,
            campus=Campus(row.campus, row.campus_name),
            seen_seconds=row.seen_seconds,
            free_bytes=row.free_bytes,
            holdings=holdings_of(json.loads(row.holdings)),
            can=tuple(json.loads(row.can)),
            events=int(row.events or 0),
            forks=row.forks,
            is_revoked=row.revoked_seconds is not None,
            replaced_by=row.new or "",
        )
        for row in connection.execute(query)
    ]


def note_state(connection: Connection, report: Report, now_seconds: int) -> None:
    """Keep what a box says of itself: seen now, room, health, and its shelf where it sent the list."""
    values = {
        "seen_seconds": now_seconds,
        "free_bytes": report.free_bytes,
        "health": json.dumps(report.health),
        "can": json.dumps(report.can),
        "follows": json.dumps([one.row() for one in report.follows]),
        "heads": json.dumps([[one.epoch, one.sequence, one.hash] for one in report.heads]),
    }
    if report.holdings is not None:
        values["shelf"] = report.shelf
        values["holdings"] = canonical([holding.row() for holding in report.holdings]).decode()
    connection.execute(update(schema.box).where(schema.box.c.id == report.box).values(values))
    note_seen(connection, report.catalogues)


def roots_held(connection: Connection) -> set[Digest]:
    """The releases of which any box in service said that it has layers."""
    query = select(schema.box.c.holdings).where(schema.box.c.revoked_seconds.is_(None)).distinct()
    holdings = (holdings_of(json.loads(document)) for document in connection.execute(query).scalars())
    return {holding.root for shelf in holdings for holding in shelf}


def tidy_name(name: str) -> str:
    """A name fit to show: one line, single spaces, not too long."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())[:NAME_LETTERS_MAX]


def _may_enrol(token: Row[Any] | None, known: Row[Any] | None, key: str, now_seconds: int) -> None:
    """Raises Refused."""
    if token is None:
        raise Refused(
            "token-unknown",
            "This hub has made no such token.",
            "Check each letter; if it stays so, ask the hub's staff for a new one.",
        )
    if token.used_by_key not in (None, key):
        raise TokenReused(box_id(token.used_by_key))
    if token.used_by_key is None and token.expires_seconds is not None and token.expires_seconds <= now_seconds:
        raise Refused(
            "token-expired",
            "This token has run out.",
            "The card was made too long ago; ask the hub's staff for a new token.",
        )
    if known is not None and known.revoked_seconds is not None:
        raise revoked()
    if known is not None and known.campus != token.campus:
        raise Refused(
            "fault",
            "This box already belongs to another campus.",
            "Set the box up anew with an empty data folder, so that learners of two campuses are not mixed.",
        )


def revoked() -> Refused:
    """What a revoked box is told."""
    return Refused(
        "box-unknown",
        "The hub's staff have taken this box out of service.",
        "If that was a mistake, set the box up anew and enrol it with a new token.",
    )


def _new_box(key_id: str, campus: str, ask: Enrol, nonce: str, now_seconds: int) -> dict[str, object]:
    return {
        "id": key_id,
        "campus": campus,
        "key": ask.key,
        "name": tidy_name(ask.name) or key_id,
        "enrolled_seconds": now_seconds,
        "nonce": nonce,
        "last_request": "",
        "last_digest": "",
        "last_nonce": "",
        "last_answer": b"",
        "shelf": "",
        "holdings": "[]",
        "health": "{}",
        "can": "[]",
    }


def _hash(secret: str) -> str:
    # 120 random bits cannot be guessed, so that a plain hash keeps them.
    return digest_of(b"qanat enrolment token\0" + secret.encode())
