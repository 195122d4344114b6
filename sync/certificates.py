"""Certificates: what box and hub agree on about a box's secure address.

* A box's secure name is made of its id and the hub's zone, and of nothing else: nobody asks for another's.
* The key is made on the box and stays there; what travels is a request, signed with it, and the chain that comes back.
* A request names exactly one name, the box's own; a chain is good where its first certificate is for that name and key.
* What is read here came from elsewhere: it has a limit, and is refused with a reason.
* The library for certificates is loaded by who reads one: a box that only serves pages needs none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from catalog.fault import ContentFault
from sync.campus.ownership import Word
from sync.keys import base64url, from_base64url

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

ZONE = "secure_zone"
"""The hub's rule under which domain the secure names of its boxes are; "" takes it back."""
ASKED, GIVEN = "certify", "certified"
"""The kinds of events: a box's request in its journal, the chain in the hub's for the campus."""
CERTIFICATE = "certificate"
"""What the hub's word about a box's chain is about."""
REQUEST_BYTES_MAX = 2048
CHAIN_BYTES_MAX = 24 << 10
CHAIN_LENGTH_MAX = 5
ZONE_LETTERS_MAX = 200
CURVE = "secp256r1"

_ZONE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class CertificateRefused(ContentFault):
    """A request or a chain is not what it should be."""


@dataclass(frozen=True, slots=True)
class Certified:
    """What a chain is good for."""

    name: str
    begins_seconds: int
    ends_seconds: int


def is_zone(text: str) -> bool:
    """Tell whether boxes can have names under this domain.

    >>> is_zone("boxes.school.example"), is_zone("school"), is_zone("a.example/../b")
    (True, False, False)
    """
    return len(text) <= ZONE_LETTERS_MAX and _ZONE.fullmatch(text) is not None


def secure_name(box: str, zone: str) -> str:
    """The name by which a box is reached securely.

    >>> secure_name("abcdefghijklmnop", "boxes.example")
    'b-abcdefghijklmnop.boxes.example'
    """
    return f"b-{box}.{zone}"


def zone_ruled(words: Iterable[Word]) -> str:
    """The zone by the hub's rule; "" where it rules none, or none that we can use."""
    said = max((word for word in words if word.id == ZONE), key=lambda word: word.stamp, default=None)
    value = "" if said is None else str(said.says["value"])
    return value if is_zone(value) else ""


def request_for(name: str, key: "EllipticCurvePrivateKey") -> str:
    """A request for this name (PKCS #10), as text for an event."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=False)
    return base64url(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def request_in(text: str, name: str) -> "x509.CertificateSigningRequest":
    """The request that a box wrote, if it asks for exactly `name`. Raises CertificateRefused."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        data = from_base64url(text[: REQUEST_BYTES_MAX * 2])
        demand(len(data) <= REQUEST_BYTES_MAX, "the request is too long")
        request = x509.load_der_x509_csr(data)
        is_signed = request.is_signature_valid
        extensions = request.extensions
        public, subject = request.public_key(), request.subject
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise CertificateRefused("A request for a certificate cannot be read.", "Update the box's software.") from error
    demand(is_signed, "the request is not signed with its own key")
    _demand_curve(public)
    # More than the one name is asked for by nobody honest: a wildcard, an address, another box, a right to sign others.
    allowed = [x509.SubjectAlternativeName.oid]
    demand([one.oid for one in extensions] == allowed, "the request asks for more than a name")
    demand(_names_in(extensions) == [name], "the request is for another name than the box's own")
    demand(len(list(subject)) == 0, "the request names somebody")
    return request


def chain_in(text: str, name: str, public: "EllipticCurvePublicKey") -> Certified:
    """What this chain is good for, if it is for this name and this key. Raises CertificateRefused."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        demand(len(text) <= CHAIN_BYTES_MAX, "the chain is too long")
        chain = x509.load_pem_x509_certificates(text.encode("ascii"))
        leaf = chain[0]
        names = _names_in(leaf.extensions)
        own = leaf.public_key()
        for one, above in pairwise(chain):
            one.verify_directly_issued_by(above)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise CertificateRefused("A certificate cannot be read.", "Let the hub ask for it anew.") from error
    except InvalidSignature as error:
        raise CertificateRefused("A certificate is not signed by the next.", "Let the hub ask for it anew.") from error
    demand(len(chain) <= CHAIN_LENGTH_MAX, "the chain is too long")
    demand(names == [name], "the certificate is for another name")
    demand(own == public, "the certificate is for another key")
    begins, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return Certified(name, int(begins.timestamp()), int(ends.timestamp()))


def demand(holds: bool, what: str) -> None:
    """Raises CertificateRefused."""
    if not holds:
        raise CertificateRefused(f"A certificate is refused: {what}.", "Nothing changes; its pages go on without it.")


def _names_in(extensions: "x509.Extensions") -> list[Any]:
    from cryptography import x509

    try:
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [one.value if isinstance(one, x509.DNSName) else one for one in found]


def _demand_curve(public: object) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    demand(isinstance(public, EllipticCurvePublicKey) and public.curve.name == CURVE, "its key is none of ours")
