"""Signing: whoever sends a message proves it, and proves what it answers.

* HTTP Message Signatures (RFC 9421) with Ed25519 and a SHA-256 Content-Digest (RFC 9530), by http-message-signatures.
* A request binds method, path and body to the sender's key. An answer binds status, body and the request's nonce:
  an answer to another request is worth nothing.
* No clock is asked: `created` is not sent, and no date decides. What makes a message fresh is its nonce.
* Exactly one signature over exactly these parts is taken; anything else is refused with a sentence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from http_message_signatures import (
    ContentDigest,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    PreparedSignature,
)
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from catalog.fault import LinkFault
from sync.fields import is_name
from sync.keys import KeyPair, PublicKey

HUB_KEY_ID = "hub"
HEADER_CHARACTERS_MAX = 2048

_DIGEST = "content-digest"
_HEADERS = (_DIGEST, "signature-input", "signature")
_LABEL = "s"
_HOST = "http://qanat"
"""The library wants a whole address; no part that is signed depends on it."""


class Headers(Protocol):
    """The headers of a message. An implementation may not hide that one of them came twice."""

    def items(self) -> Iterable[tuple[str, str]]: ...


class SignatureRefused(LinkFault):
    """A message is not signed as it must be: by nobody, by a stranger, over something else, or altered on its way."""


def sign_request(method: str, path: str, body: bytes, key: KeyPair, keyid: str) -> dict[str, str]:
    """The headers that prove a request: who sends it, what is asked of whom, which body."""
    assert is_name(keyid), f"{keyid!r} is not a key's name"
    assert _is_path(path), f"{path!r} cannot be signed"
    message = _Request(method, _HOST + path, {})
    return _signed(message, {"@method": method, "@path": path}, {"keyid": keyid}, body, key)


def verify_request(
    method: str,
    path: str,
    headers: Headers,
    body: bytes,
    resolve: Callable[[str], PublicKey | None],
) -> str:
    """Prove a request; returns the key id of who sent it.

    Raises SignatureRefused; what `resolve` raises passes through.
    """
    if not _is_path(path):
        raise _refused("its address is not one that can be signed")
    message = _Request(method, _HOST + path, _signature_headers(headers))
    return str(_verified(message, ("@method", "@path"), body, _Keys(resolve))["keyid"])


def sign_answer(status: int, body: bytes, key: KeyPair, nonce: str) -> dict[str, str]:
    """The headers that prove an answer to the request which carried `nonce`."""
    assert is_name(nonce), f"{nonce!r} is not a nonce"
    parameters = {"keyid": HUB_KEY_ID, "nonce": nonce}
    return _signed(_Answer(status, {}), {"@status": str(status)}, parameters, body, key)


def verify_answer(status: int, headers: Headers, body: bytes, public: PublicKey, nonce: str) -> None:
    """Prove that this is the hub's own answer to the request which carried `nonce`.

    Raises SignatureRefused.
    """
    message = _Answer(status, _signature_headers(headers))
    parameters = _verified(message, ("@status",), body, _Keys(lambda _: public))
    if parameters.get("nonce") != nonce:
        raise _refused("it answers another question")


@dataclass(frozen=True, slots=True)
class _Request:
    """A request as the library wants to see it."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as the library wants to see it."""

    status_code: int
    headers: dict[str, str]


class _Verifier(HTTPMessageVerifier):
    """Takes a signature without `created`, and lets no date decide: boxes wake up in 1970."""

    require_created = False

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Nothing to do: nonces say what is fresh."""


class _Keys(HTTPSignatureKeyResolver):
    """Finds keys the way the caller does, and remembers how that went: the library turns every error into one."""

    def __init__(self, resolve: Callable[[str], PublicKey | None]) -> None:
        self._resolve = resolve
        self.is_stranger = False
        self.error: Exception | None = None

    def resolve_public_key(self, key_id: str) -> Any:
        try:
            found = self._resolve(key_id)
        except Exception as error:
            self.error = error
            raise
        self.is_stranger = found is None
        return None if found is None else found.ed25519


def _signed(
    message: _Request | _Answer, parts: Mapping[str, str], parameters: Mapping[str, str], body: bytes, key: KeyPair
) -> dict[str, str]:
    """Lay out by hand what the library would sign only with a date; its `apply` checks it against the message."""
    message.headers["Content-Digest"] = ContentDigest.create(body)
    covered = {**parts, _DIGEST: message.headers["Content-Digest"]}
    names = " ".join(f'"{name}"' for name in covered)
    described = f"({names})" + "".join(f';{name}="{value}"' for name, value in parameters.items())
    lines = [f'"{name}": {value}' for name, value in covered.items()] + [f'"@signature-params": {described}']
    prepared = PreparedSignature("\n".join(lines).encode(), described, _LABEL, ED25519.algorithm_id)
    signer = HTTPMessageSigner(signature_algorithm=ED25519)
    signer.apply(message, prepared, key.sign(prepared.signature_base))
    return message.headers


def _verified(message: _Request | _Answer, parts: Sequence[str], body: bytes, keys: _Keys) -> dict[str, int | str]:
    """The signature's parameters, once it holds over exactly `parts` and the body's digest."""
    needed = [*parts, _DIGEST]
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=keys)
    try:
        (result,) = verifier.verify(message, max_age=None, require_components=needed, body=body)
    except (HTTPMessageSignaturesException, ValueError) as error:
        if keys.error is not None:
            raise keys.error from error
        raise _refused("its key is not known here" if keys.is_stranger else "its signature does not fit it") from error
    if list(result.covered_components) != [f'"{name}"' for name in (*needed, "@signature-params")]:
        raise _refused("its signature covers other parts than it should")
    return result.parameters


def _signature_headers(headers: Headers) -> dict[str, str]:
    """The three headers that prove a message, each there once."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if name.lower() in _HEADERS:
            if name.lower() in found or len(value) > HEADER_CHARACTERS_MAX:
                raise _refused("it is signed twice, or at too great length")
            found[name.lower()] = value
    if len(found) != len(_HEADERS):
        raise _refused("it is not signed")
    return found


def _is_path(path: str) -> bool:
    """Tell whether the path is all there is of the address: a query would not be covered."""
    return path.startswith("/") and path.isascii() and path.isprintable() and not {"?", "#", " "} & set(path)


def _refused(what: str) -> SignatureRefused:
    return SignatureRefused(
        f"A message cannot be believed: {what}.",
        "Something between box and hub may change what passes; if not, enrol the box again with a new token.",
    )
