"""Sealing: two keys that only the two ends of one talk know.

* Each end draws a key for this one talk (X25519) and says its public half; what both derive from it seals what follows.
* Each way has a key of its own and counts its messages, so that nothing can be said again, turned round or left out.
* It keeps out who listens. It does not say who is at the other end: the password's proof does, inside.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSE = b"qanat sign-in 1"
KEY_BYTES = 32
NONCE_BYTES = 12


class Unsealable(ValueError):
    """These bytes were not sealed for us, in this talk, in this turn."""


class Own:
    """One end's key for one talk."""

    def __init__(self, secret: bytes) -> None:
        self._private = X25519PrivateKey.from_private_bytes(secret)
        self.public = self._private.public_key().public_bytes_raw()

    def with_browser(self, theirs: bytes) -> "Sealing":
        """The box's or hub's side of a talk. Raises Unsealable where that is no key."""
        to_us, to_them = self._keys(theirs, browser=theirs, server=self.public)
        return Sealing(to_them, to_us)

    def with_server(self, theirs: bytes) -> "Sealing":
        """The browser's side of a talk. Raises Unsealable where that is no key."""
        to_server, to_us = self._keys(theirs, browser=self.public, server=theirs)
        return Sealing(to_server, to_us)

    def _keys(self, theirs: bytes, browser: bytes, server: bytes) -> tuple[bytes, bytes]:
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(theirs))
        except ValueError as error:
            raise Unsealable("not a public key") from error
        keys = HKDF(hashes.SHA256(), 2 * KEY_BYTES, salt=browser + server, info=PURPOSE).derive(shared)
        return keys[:KEY_BYTES], keys[KEY_BYTES:]


class Sealing:
    """Seals what goes one way, opens what comes the other."""

    def __init__(self, going: bytes, coming: bytes) -> None:
        self._going = ChaCha20Poly1305(going)
        self._coming = ChaCha20Poly1305(coming)
        self._gone = self._came = 0

    def seal(self, data: bytes) -> bytes:
        nonce = self._gone.to_bytes(NONCE_BYTES, "little")
        self._gone += 1
        return self._going.encrypt(nonce, data, None)

    def open(self, sealed: bytes) -> bytes:
        """Raises Unsealable."""
        try:
            data = self._coming.decrypt(self._came.to_bytes(NONCE_BYTES, "little"), sealed, None)
        except InvalidTag as error:
            raise Unsealable("sealed by somebody else, or for another turn") from error
        self._came += 1
        return data
