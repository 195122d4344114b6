"""Adoption: how a spare box takes the place of a dead one, by a code that is short enough to be said on the phone.

* A code is ten letters, for one use within a day. The first five say which code it is, and travel; the last five are a
  secret, and never do: both ends prove that they know them without saying them (SPAKE2).
* Whoever stands in between, or plays the hub, learns nothing and has one guess in a million for each time that staff
  type the code. The hub counts each try, and a code bears few. So the box knows its hub as surely as by a token.
* What both ends derive from the code seals one thing: a token for this box's key alone, with the hub's key. From there
  on it is an enrolment like any other.
* A lost answer costs nothing: the box asks again. The library is loaded by whoever adopts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from catalog.fault import Fault
from catalog.manifest import canonical, parsed
from sync.enrolment import Token, TokenRefused, refused_in
from sync.fields import Fields, MessageRefused, demand
from sync.keys import KeyPair, base64url, box_id, fingerprint, from_base64url
from sync.link import Link, NotTheHub
from sync.web.challenge.sheet import LETTERS, draw_code, stretch
from sync.wire import VERSION

ADOPT_PATH = "/sync/adopt"
PLACE_LETTERS = 5
SECRET_LETTERS = 5
NONCE_BYTES = 12
TURN_BYTES = 33
"""A turn of the talk: which side it is, and a point of the curve."""
STATUS_SERVED = 200

_BOX, _HUB = b"qanat box", b"qanat hub"
_PURPOSE = b"qanat adoption 1\n"
_ONE_MESSAGE = bytes(12)
"""Each key seals one message: it counts from nothing."""


@dataclass(frozen=True, slots=True)
class Code:
    """What staff read out and type: KMTRD-XWPCF."""

    place: str
    secret: str

    @classmethod
    def draw(cls, random_bytes: Callable[[int], bytes]) -> Self:
        place, _, secret = draw_code(random_bytes).partition("-")
        return cls(place, secret)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code as people type it. Raises TokenRefused."""
        letters = re.sub(r"[\s-]", "", text).upper()
        if len(letters) != PLACE_LETTERS + SECRET_LETTERS or not set(letters) <= set(LETTERS):
            raise TokenRefused(
                "The code has ten letters in two groups, as in KMTRD-XWPCF; these are others, or not as many.",
                "Let it be read out again, letter by letter.",
            )
        return cls(letters[:PLACE_LETTERS], letters[PLACE_LETTERS:])

    def __str__(self) -> str:
        return f"{self.place}-{self.secret}"

    @property
    def proof(self) -> bytes:
        """What both ends know of the secret, and all that the hub keeps: guessing costs memory and time."""
        return stretch(self.secret, f"adoption {self.place}")


@dataclass(frozen=True, slots=True)
class Adopt:
    """A box asks to take another's place: which code, its own key, its turn of the talk. Signed with that key."""

    place: str
    key: str
    turn: bytes
    nonce: str
    version: int = VERSION

    def to_bytes(self) -> bytes:
        said = {"place": self.place, "key": self.key, "turn": base64url(self.turn), "nonce": self.nonce}
        return canonical({**said, "v": self.version})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        fields = Fields(data)
        place = fields.name("place")
        demand(len(place) == PLACE_LETTERS and set(place) <= set(LETTERS), "the code's place is none")
        return cls(place, fields.name("key"), _turn(fields), fields.name("nonce"), fields.version)


@dataclass(frozen=True, slots=True)
class Adopted:
    """The hub's turn of the talk, and what it sealed for whoever knows the code."""

    turn: bytes
    sealed: bytes
    version: int = VERSION

    def to_bytes(self) -> bytes:
        said = {"turn": base64url(self.turn), "sealed": base64url(self.sealed), "v": self.version}
        return canonical(said)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises MessageRefused."""
        fields = Fields(data)
        return cls(_turn(fields), _bytes(fields, "sealed"), fields.version)


def ask(link: Link, keys: KeyPair, code: Code, random_bytes: Callable[[int], bytes]) -> Token:
    """The token that the hub behind `link` has for whoever knows this code, and its fingerprint, proven.

    Raises TokenRefused, NotTheHub, LinkFault.
    """
    from spake2 import SPAKE2_A

    from sync import signing

    talk = SPAKE2_A(code.proof, idA=_BOX, idB=_HUB, entropy_f=random_bytes)
    request = Adopt(code.place, keys.public, talk.start(), base64url(random_bytes(NONCE_BYTES)))
    body = request.to_bytes()
    headers = signing.sign_request("POST", ADOPT_PATH, body, keys, box_id(keys.public))
    reply = link.exchange(ADOPT_PATH, body, headers)
    if reply.status != STATUS_SERVED:
        raise refused_in(reply)
    try:
        answer = Adopted.from_bytes(reply.body)
        said = parsed(_opened(_key(talk, answer.turn), body, answer), dict)
        return Token(str(said["token"]), fingerprint(str(said["hub"])))
    except MessageRefused:
        raise
    except (_Unsealable, Fault, KeyError) as error:
        raise NotTheHub(
            "The code does not fit what the hub has, or somebody stands in between.",
            "Let the code be read out again. If it fails again, have a new one made: each bears a few tries only.",
        ) from error


def answer(
    proof: bytes, ask: Adopt, body: bytes, token: str, hub: str, random_bytes: Callable[[int], bytes]
) -> Adopted:
    """The hub's answer to a box that knows the code behind `proof`, or guesses: then it can read nothing of this.

    Raises MessageRefused where the box's turn is none.
    """
    from spake2 import SPAKE2_B

    talk = SPAKE2_B(proof, idA=_BOX, idB=_HUB, entropy_f=random_bytes)
    turn = talk.start()
    try:
        key = _key(talk, ask.turn)
    except _Unsealable as error:
        raise MessageRefused("The box's turn of the talk is none.", "Update the box's software.") from error
    plain = canonical({"token": token, "hub": hub})
    return Adopted(turn, _cipher(key).encrypt(_ONE_MESSAGE, plain, _PURPOSE + body))


class _Unsealable(ValueError):
    """A turn that is none, or bytes that were sealed by somebody who does not know the code."""


def _key(talk: Any, turn: bytes) -> bytes:
    from spake2 import SPAKEError
    from spake2.ed25519_basic import NotOnCurve

    try:
        key: bytes = talk.finish(turn)
    except (SPAKEError, NotOnCurve, ValueError) as error:
        raise _Unsealable("no turn of this talk") from error
    return key


def _opened(key: bytes, body: bytes, answer: Adopted) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        plain: bytes = _cipher(key).decrypt(_ONE_MESSAGE, answer.sealed, _PURPOSE + body)
    except InvalidTag as error:
        raise _Unsealable("sealed under another code") from error
    return plain


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(key)


def _turn(fields: Fields) -> bytes:
    turn = _bytes(fields, "turn")
    demand(len(turn) == TURN_BYTES, "a turn of the talk has another length")
    return turn


def _bytes(fields: Fields, name: str) -> bytes:
    try:
        found: bytes = from_base64url(fields.text(name))
    except ValueError as error:
        raise MessageRefused(f"{name} is no base64url.", "Update the older side.") from error
    return found
