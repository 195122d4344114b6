"""The prover: what the sign-in script does in a browser, for whoever signs in without one.

* It sends what the script sends, and nothing else; the password stays where it was typed.
* It proves nothing where stretching would cost too little: whoever asks for that wants to guess.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from catalog.digest import sha256
from catalog.fault import LinkFault
from sync.keys import base64url, from_base64url
from sync.web.challenge import verifier
from sync.web.challenge.sealing import Own, Sealing
from sync.web.challenge.talks import NONCE_BYTES, SECRET_BYTES, encode_name


class Prover:
    """One browser in one talk."""

    def __init__(self, random_bytes: Callable[[int], bytes], name: str = "") -> None:
        """With a name, it is about to prove that account's password."""
        self._random_bytes = random_bytes
        self._own = Own(random_bytes(SECRET_BYTES))
        self._nonce = base64url(random_bytes(NONCE_BYTES))
        self._bare = f"n={encode_name(name)},r={self._nonce}"
        self._proves = bool(name)
        self._talk = ""
        self._sealing: Sealing | None = None
        self.shown: Mapping[str, Any] = {}

    def asks(self) -> dict[str, str]:
        """What begins the talk."""
        said = {"key": base64url(self._own.public)}
        return said | ({"first": f"n,,{self._bare}"} if self._proves else {})

    def hears(self, answer: Mapping[str, str]) -> Mapping[str, Any]:
        """Open the answer; returns what it shows."""
        self._talk = answer["talk"]
        self._sealing = self._own.with_server(from_base64url(answer["key"]))
        self.shown = json.loads(self._sealing.open(from_base64url(answer["sealed"])))
        return self.shown

    def says(self, password: str = "", new_password: str = "") -> dict[str, str]:
        """What ends the talk: the fields of the page's form."""
        assert self._sealing is not None, "a talk is begun, answered, then ended"
        said: dict[str, Any] = {}
        if self._proves:
            said["final"] = self._final(password)
        if new_password:
            salt = self._random_bytes(verifier.SALT_BYTES)
            said["verifier"] = verifier.of_password(new_password, salt).said
        return {"talk": self._talk, "sealed": base64url(self._sealing.seal(json.dumps(said).encode()))}

    def _final(self, password: str) -> str:
        first = str(self.shown["first"])
        asked = dict(part.split("=", 1) for part in first.split(","))
        cost = int(asked["i"])
        if not asked["r"].startswith(self._nonce) or not verifier.COST_MIN <= cost <= verifier.COST_MAX:
            raise LinkFault("The other side asks for a proof that would be easy to guess from.", "Tell its staff.")
        key = verifier.client_key(verifier.stretch(password, verifier.decoded(asked["s"]), cost))
        bare = f"c=biws,r={asked['r']}"
        signature = hmac.digest(sha256(key), f"{self._bare},{first},{bare}".encode(), "sha256")
        proof = bytes(left ^ right for left, right in zip(key, signature, strict=True))
        return f"{bare},p={verifier.encoded(proof)}"
