"""Verifiers: what is kept of a password so that it can be proven without being sent.

* A verifier checks a proof; neither it nor a proof lets anybody in by itself, and neither holds the password.
* The password is stretched with scrypt: 32 MiB for each guess, and about a second on the slowest phone we serve.
* The cost is kept with each verifier, so that later ones may cost more.
"""

import base64
import binascii
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from catalog.digest import sha256
from sync.web import passwords

COST = 1 << 15
"""scrypt's N: with blocks of 1 KiB it takes 32 MiB and 0.1 s here; the script beside it must know the same."""
BLOCK, LANES = 8, 1
COST_MIN, COST_MAX = 1 << 14, 1 << 18
MEMORY_BYTES_MAX = 256 * BLOCK * COST_MAX
KEY_BYTES = 32
SALT_BYTES = 16
PREFIX = "scram-scrypt"


@dataclass(frozen=True, slots=True)
class Verifier:
    """SCRAM's salt, StoredKey and ServerKey, and what stretching cost."""

    salt: bytes
    stored_key: bytes
    server_key: bytes
    cost: int = COST

    def __post_init__(self) -> None:
        """Raises ValueError where this cannot be a verifier."""
        if not (len(self.salt) == SALT_BYTES and len(self.stored_key) == len(self.server_key) == KEY_BYTES):
            raise ValueError("the lengths of a verifier are fixed")
        if not COST_MIN <= self.cost <= COST_MAX or self.cost & (self.cost - 1):
            raise ValueError("the cost of a verifier is a power of two within limits")

    @property
    def text(self) -> str:
        """What is kept in the database."""
        keys = (encoded(part) for part in (self.salt, self.stored_key, self.server_key))
        return "$".join((PREFIX, str(self.cost), *keys))

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The verifier that was kept; None where something else was: a hash of former times, or nothing."""
        prefix, *parts = text.split("$")
        if prefix != PREFIX or len(parts) != 4:
            return None
        cost, salt, stored, server = parts
        return cls(decoded(salt), decoded(stored), decoded(server), int(cost))

    @classmethod
    def from_said(cls, said: Mapping[str, object]) -> Self:
        """A verifier as a browser says it, at today's cost. Raises ValueError."""
        return cls(decoded(said.get("salt")), decoded(said.get("stored")), decoded(said.get("server")))

    @property
    def said(self) -> dict[str, str]:
        """A verifier as a browser says it."""
        return {
            "salt": encoded(self.salt),
            "stored": encoded(self.stored_key),
            "server": encoded(self.server_key),
        }


def of_password(password: str, salt: bytes, cost: int = COST) -> Verifier:
    """Make the verifier of a password."""
    salted = stretch(password, salt, cost)
    return Verifier(salt, sha256(client_key(salted)), hmac.digest(salted, b"Server Key", "sha256"), cost)


def is_password(kept: Verifier, password: str) -> bool:
    """Tell whether a password that did come, over HTTPS, is the one."""
    return hmac.compare_digest(of_password(password, kept.salt, kept.cost).stored_key, kept.stored_key)


def of_nobody(name: str, secret: bytes) -> Verifier:
    """What an unknown name is asked with: always the same for one name, so that nobody learns who has an account."""
    salt = hmac.digest(secret, name.encode("utf-8", "surrogatepass"), "sha256")
    return Verifier(salt[:SALT_BYTES], bytes(KEY_BYTES), bytes(KEY_BYTES))


def stretch(password: str, salt: bytes, cost: int) -> bytes:
    """SCRAM's SaltedPassword, by scrypt; the letters of a password are the same however a phone composes them."""
    typed = unicodedata.normalize("NFKC", password[: passwords.SECRET_CHARACTERS_MAX])
    with passwords.room:
        return hashlib.scrypt(
            typed.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=BLOCK, p=LANES, dklen=KEY_BYTES,
            maxmem=MEMORY_BYTES_MAX,
        )  # fmt: skip


def client_key(salted: bytes) -> bytes:
    return hmac.digest(salted, b"Client Key", "sha256")


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
