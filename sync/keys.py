"""Keys: who a box or a hub is.

* A box is its Ed25519 key: its id is the key's fingerprint, so nobody hands out ids and none is given twice.
* The secret half stays in one file that only its owner may read; nothing here prints it.
* A public key travels as the base64url text of its 32 bytes: 43 characters.
"""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from catalog import durable
from catalog.digest import sha256
from catalog.fault import BoxFault, CallerFault, LinkFault

KEY_FILE_MODE = 0o600
KEY_FILE_BYTES_MAX = 64 << 10
PUBLIC_KEY_BYTES = 32
FINGERPRINT_BYTES = 10


class KeyPair:
    """An Ed25519 key with its secret half: what signs."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.public = base64url(raw)
        """What others know this key by."""

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the machine's own randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key that these 32 secret bytes stand for."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key that `save` wrote.

        Raises BoxFault where the file is missing or holds no such key.
        """
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise _unreadable(path) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise _unreadable(path)
        return cls(private)

    @classmethod
    def load_or_make(cls, path: Path) -> Self:
        """The key in `path`; made, and lasting, where there is none yet."""
        if path.exists():
            return cls.load(path)
        key = cls.generate()
        key.save(path)
        return key

    def save(self, path: Path) -> None:
        """Write the key to `path` (PEM, PKCS #8), lasting and for its owner's eyes only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        durable.write_file(path, text, KEY_FILE_MODE)

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)

    def __repr__(self) -> str:
        return f"KeyPair({self.public})"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a key that everyone may know: what checks a signature."""

    text: str

    def __post_init__(self) -> None:
        """Raises LinkFault where the text is no key."""
        if self.text != base64url(_raw(self.text)):
            raise _no_key()

    @property
    def raw(self) -> bytes:
        return _raw(self.text)

    @property
    def ed25519(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Tell whether the holder of this key signed exactly these bytes."""
        try:
            self.ed25519.verify(signature, data)
        except InvalidSignature:
            return False
        return True


def box_id(public: str) -> str:
    """A box's name: the fingerprint of its key. Raises LinkFault where `public` is no key."""
    return fingerprint(public)


def fingerprint(public: str) -> str:
    """A key in 16 letters that a person can compare: 80 bits of its SHA-256, in base32.

    Raises LinkFault where `public` is no key.
    """
    return base64.b32encode(sha256(_raw(public))[:FINGERPRINT_BYTES]).decode().lower()


def passphrase_in(path: Path) -> str:
    """The passphrase that a file holds: its first line. Raises CallerFault."""
    return (text_in(path).splitlines() or [""])[0].strip()


def text_in(path: Path) -> str:
    """What a file with a key or a passphrase holds. Raises CallerFault where it is no text, or may not be read."""
    try:
        with path.open("rb") as file:
            return file.read(KEY_FILE_BYTES_MAX).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CallerFault(f"{path} cannot be read.", "Name a file that is text and may be read.") from error


def base64url(data: bytes) -> str:
    """Bytes as text for names, headers and messages: URL-safe, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes behind `base64url`. Raises ValueError where it is not such text."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error


def _raw(text: str) -> bytes:
    try:
        raw = from_base64url(text)
    except ValueError as error:
        raise _no_key() from error
    if len(raw) != PUBLIC_KEY_BYTES:
        raise _no_key()
    return raw


def _no_key() -> LinkFault:
    return LinkFault(
        "The other side gave a public key that is none.", "Update the older side; if both are new, tell us."
    )


def _unreadable(path: Path) -> BoxFault:
    return BoxFault(
        f"The key in {path.name} cannot be read.",
        "Put the key back from a backup; without it this machine must be enrolled again under a new name.",
    )
