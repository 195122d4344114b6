"""Enrolment: how a box comes to belong to a campus of a hub.

* A token is used once, by one box: it carries a secret that the hub knows, and the fingerprint of the hub's key.
* From then on each side knows the other's key: the hub the box's, by the signature over the request; the box the hub's,
  because it fits the fingerprint and signed the welcome. What anyone in between says is not believed.
* A lost welcome costs nothing: the same box asks again with the same token and gets the same answer.
* A box belongs to one hub; asking the same hub again renews the thread, another hub is refused.
* The signing is loaded by whoever enrols: a box that starts only asks to whom it belongs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.fault import CallerFault, LinkFault
from sync import exchange
from sync.keys import KeyPair, PublicKey, base64url, box_id, fingerprint
from sync.link import HubBusy, Link, NotTheHub, Reply
from sync.wire import ENROL_PATH, Enrol, MessageRefused, Refusal, Welcome, version_fault

SECRET_LETTERS = 24
FINGERPRINT_LETTERS = 16
GROUP_LETTERS = 5
NONCE_BYTES = 12
STATUS_SERVED = 200

_LETTERS = re.compile(r"[a-z2-7]{40}")

migrations = Migrations("sync.enrolment")


@migrations()
def pinned_hub(connection: Connection) -> None:
    connection.execute(
        """
        create table pinned_hub (
            only integer primary key check (only = 1),
            hub_key text not null,
            address text not null,
            box text not null,
            campus text not null,
            campus_name text not null
        ) strict
        """
    )


class TokenRefused(CallerFault):
    """The token is mistyped, unknown to the hub, used by another box, or of another hub."""


class EnrolledElsewhere(CallerFault):
    """The box belongs to another hub already."""


@dataclass(frozen=True, slots=True)
class Token:
    """What staff type into a new box: 40 letters and digits in groups of five."""

    secret: str
    """What the hub knows it by, and all that travels: 24 small base32 letters."""
    fingerprint: str
    """Of the hub's public key (`keys.fingerprint`)."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a token as people type it: hyphens, spaces and capitals do not matter, and 0 is o.

        Raises TokenRefused.
        """
        letters = re.sub(r"[\s-]", "", text).lower().replace("0", "o").replace("1", "l").replace("8", "b")
        if not _LETTERS.fullmatch(letters):
            raise TokenRefused(
                f"The token should have 40 letters and digits; this one has {len(letters)}, or others among them.",
                "Copy the whole token again from the hub's page, or ask for a new one.",
            )
        return cls(letters[:SECRET_LETTERS], letters[SECRET_LETTERS:])

    def __str__(self) -> str:
        return token_text(self.secret, self.fingerprint)


@dataclass(frozen=True, slots=True)
class Pinned:
    """The hub that a box belongs to, as it was learnt at enrolment."""

    hub_key: str
    address: str
    box: str
    campus: str
    campus_name: str


def enrol(
    link: Link, keys: KeyPair, token: Token, name: str, address: str, database: Database,
    random_bytes: Callable[[int], bytes], also: Callable[[Connection], None] = lambda _: None,
) -> Pinned:  # fmt: skip
    """Ask the hub behind `link` to take this box in, and pin its key, lasting; `also` is done in the same transaction.

    Raises TokenRefused, EnrolledElsewhere, LinkFault.
    """
    from sync import signing

    _refuse_other_hub(pinned(database), token)
    request = Enrol(token.secret, keys.public, name, base64url(random_bytes(NONCE_BYTES)))
    body = request.to_bytes()
    headers = signing.sign_request("POST", ENROL_PATH, body, keys, box_id(keys.public))
    welcome = _believed(link.exchange(ENROL_PATH, body, headers), token, request)
    pin = Pinned(welcome.hub_key, address, welcome.box, welcome.campus, welcome.campus_name)

    def keep(connection: Connection) -> None:
        _keep(connection, pin, welcome.nonce)
        also(connection)

    database.write(keep)
    return pin


def pinned(database: Database) -> Pinned | None:
    """The hub this box belongs to, or None before enrolment."""
    row = (
        database.read()
        .execute("select hub_key, address, box, campus, campus_name from pinned_hub where only = 1")
        .fetchone()
    )
    return Pinned(*row) if row else None


def token_text(secret: str, fingerprint: str) -> str:
    """A token as it is shown to people: the secret and the hub's fingerprint, in groups of five.

    >>> token_text("a" * 24, "b" * 16)
    'aaaaa-aaaaa-aaaaa-aaaaa-aaaab-bbbbb-bbbbb-bbbbb'
    """
    letters = secret + fingerprint
    return "-".join(letters[start : start + GROUP_LETTERS] for start in range(0, len(letters), GROUP_LETTERS))


def _believed(reply: Reply, token: Token, request: Enrol) -> Welcome:
    from sync import signing

    if reply.status != STATUS_SERVED:
        raise refused_in(reply)
    welcome = Welcome.from_bytes(reply.body)
    if fingerprint(welcome.hub_key) != token.fingerprint:
        raise NotTheHub(
            "A hub answered, but not the one that made this token.",
            "Check the hub's address. If it is right, ask for a new token: someone may stand in between.",
        )
    signing.verify_answer(reply.status, reply.headers, reply.body, PublicKey(welcome.hub_key), request.nonce)
    too_old = version_fault(welcome.version)
    if too_old is not None:
        raise too_old
    if welcome.box != box_id(request.key):
        raise MessageRefused("The hub welcomed another box than this one.", "Ask for a new token and try again.")
    return welcome


def refused_in(reply: Reply) -> Exception:
    """The hub's no to a token or a code, as a fault."""
    refusal = Refusal.from_bytes(reply.body)
    if refusal.code.startswith("token-"):
        return TokenRefused(refusal.sentence, refusal.hint)
    if refusal.code == "busy":
        return HubBusy(refusal.sentence, refusal.hint)
    return LinkFault(refusal.sentence, refusal.hint)


def _refuse_other_hub(now: Pinned | None, token: Token) -> None:
    if now is not None and fingerprint(now.hub_key) != token.fingerprint:
        raise EnrolledElsewhere(
            f"This box belongs to the hub at {now.address} already ({now.campus_name}).",
            "Use a token of that hub, or set the box up anew with an empty data folder.",
        )


def _keep(connection: Connection, pin: Pinned, nonce: str) -> None:
    connection.execute(
        "insert into pinned_hub (only, hub_key, address, box, campus, campus_name) values (1, ?, ?, ?, ?, ?)"
        " on conflict (only) do update set hub_key = excluded.hub_key, address = excluded.address,"
        " box = excluded.box, campus = excluded.campus, campus_name = excluded.campus_name",
        [pin.hub_key, pin.address, pin.box, pin.campus, pin.campus_name],
    )
    exchange.begin(connection, nonce)
