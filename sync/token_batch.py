"""A batch of tokens: what a hub gives to a desk where many boxes are made, in one signed file.

* The file holds secrets: whoever reads it can enrol boxes in its campus until its tokens are used or have run out.
* It is read as a stranger's. It is whole when the hub's key signed it, and every token carries that key's fingerprint;
  whose key that is, only somebody who knows the hub's fingerprint can say.
* Same batch, same bytes. Fields that are not known are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from catalog.fault import CallerFault, Fault
from catalog.manifest import canonical, parsed
from sync.enrolment import Token
from sync.keys import KeyPair, PublicKey, base64url, fingerprint, from_base64url

SUFFIX = ".qanat-batch"
KIND = "qanat-batch"
VERSION = 1
TOKENS_MAX = 1000
FILE_BYTES_MAX = 1 << 20

_SIGNED = b"qanat token batch\0"


class BatchRefused(CallerFault):
    """This file is no batch of tokens, was changed, or is another hub's."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Tokens of one campus, made together."""

    id: str
    campus: str
    campus_name: str
    hub: str
    """Address of the hub; empty where it was not told its own."""
    hub_key: str
    made_seconds: int
    expires_seconds: int
    """From then on the hub takes none of them."""
    tokens: tuple[Token, ...] = field(repr=False)
    rest: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _demand(bool(self.id) and len(self.id) <= 64, "its id")
        _demand(0 < len(self.tokens) <= TOKENS_MAX, f"the number of its tokens: 1 to {TOKENS_MAX}")
        _demand(len({one.secret for one in self.tokens}) == len(self.tokens), "a token that is there twice")
        _demand({one.fingerprint for one in self.tokens} == {self.hub_fingerprint}, "tokens of another hub")

    @property
    def hub_fingerprint(self) -> str:
        return fingerprint(self.hub_key)

    def to_bytes(self, keys: KeyPair) -> bytes:
        """The file, signed with the hub's key."""
        said = {
            **self.rest,
            "kind": KIND,
            "version": VERSION,
            "id": self.id,
            "campus": self.campus,
            "campus_name": self.campus_name,
            "hub": self.hub,
            "hub_key": self.hub_key,
            "made_seconds": self.made_seconds,
            "expires_seconds": self.expires_seconds,
            "tokens": [str(one) for one in self.tokens],
        }
        return canonical({**said, "signature": base64url(keys.sign(_SIGNED + canonical(said)))})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a batch, and prove that its hub signed it. Raises BatchRefused."""
        _demand(len(data) <= FILE_BYTES_MAX, "its size")
        try:
            said: dict[str, Any] = parsed(data, dict)
            _demand(said.get("kind") == KIND and said.get("version") == VERSION, "its kind or its version")
            signature = from_base64url(_text(said, "signature"))
            _demand(PublicKey(str(said["hub_key"])).verify(signature, _SIGNED + canonical(said)), "its signature")
            tokens = tuple(Token.parse(str(one)) for one in said["tokens"][: TOKENS_MAX + 1])
            del said["tokens"], said["kind"], said["version"]
            return cls(
                id=_text(said, "id"),
                campus=_text(said, "campus"),
                campus_name=_text(said, "campus_name"),
                hub=_text(said, "hub"),
                hub_key=_text(said, "hub_key"),
                made_seconds=_whole(said, "made_seconds"),
                expires_seconds=_whole(said, "expires_seconds"),
                tokens=tokens,
                rest=said,
            )
        except BatchRefused:
            raise
        except (Fault, KeyError, TypeError, ValueError, RecursionError) as error:
            raise _refused("its form") from error


def _text(said: dict[str, Any], name: str) -> str:
    value = said.pop(name)
    _demand(isinstance(value, str) and len(value) <= 1024, name)
    return str(value)


def _whole(said: dict[str, Any], name: str) -> int:
    value = said.pop(name)
    _demand(isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53, name)
    return int(value)


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise _refused(what)


def _refused(what: str) -> BatchRefused:
    return BatchRefused(
        f"This batch of tokens cannot be used because of {what}.",
        "Ask the hub's staff for a new one, and bring it as it is: it is signed.",
    )
