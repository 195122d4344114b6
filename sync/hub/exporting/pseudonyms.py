"""Pseudonyms: what stands for a learner, a class or an event where names and ids must not leave the hub.

* A pseudonym is a keyed hash: whoever lacks the hub's export key can neither work it out nor check a guess.
* The key stays at the hub and in its backups: two exports of one hub say the same for the same learner, and so join.
"""

import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from catalog import durable
from catalog.fault import BoxFault
from catalog.manifest import canonical
from sync.keys import base64url, from_base64url

KEY_FILE = Path("keys/export.key")
KEY_BYTES = 32
PSEUDONYM_BYTES = 15
"""20 letters of base64url: enough that no two learners of a country share one."""


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names things by the hub's export key."""

    key: bytes

    @classmethod
    def load_or_make(cls, data: Path, random_bytes: Callable[[int], bytes]) -> "Pseudonyms":
        """With the key of the hub in this folder; made, and lasting, where there is none yet. Raises BoxFault."""
        path = data / KEY_FILE
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.write_file(path, base64url(random_bytes(KEY_BYTES)).encode() + b"\n", 0o600)
        try:
            return cls(from_base64url(path.read_text().strip()))
        except ValueError as error:
            raise BoxFault(
                f"The key in {path.name} cannot be read.",
                "Put it back from a backup; a new one would give every learner another pseudonym.",
            ) from error

    def of(self, what: str, *names: str | int) -> str:
        """The pseudonym of a thing of this sort."""
        return base64url(self._digest(what, *names)[:PSEUDONYM_BYTES])

    def uuid(self, what: str, *names: str | int) -> str:
        """The same as a UUID, for formats that ask for one."""
        return str(uuid.UUID(bytes=self._digest(what, *names)[:16], version=5))

    def _digest(self, what: str, *names: str | int) -> bytes:
        return hmac.digest(self.key, canonical([what, *names]), "sha256")
