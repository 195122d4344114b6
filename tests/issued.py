"""Certificates as an authority issues them, of any dates: for whoever needs one that is about to end, or has."""

import datetime
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Issued:
    """A chain as it travels (its own first, then who signed it), and the root that a phone must know."""

    chain: str
    root: bytes


def issued(name: str, public: ec.EllipticCurvePublicKey, begins_seconds: int, ends_seconds: int) -> Issued:
    """A certificate for this name and key."""
    root_key, root = _root()
    key = ec.generate_private_key(ec.SECP256R1())
    begins, ends = (_moment(seconds) for seconds in (begins_seconds, ends_seconds))
    middle = _signed("middle", key.public_key(), root.subject, root_key, *_ROOT_LIFE, is_authority=True)
    leaf = _signed("", public, middle.subject, key, begins, ends, name=name)
    pem = serialization.Encoding.PEM
    return Issued((leaf.public_bytes(pem) + middle.public_bytes(pem)).decode(), root.public_bytes(pem))


_ROOT_LIFE = (datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC))


@cache
def _root() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _signed("root", key.public_key(), None, key, *_ROOT_LIFE, is_authority=True)


def _signed(
    called: str, public: ec.EllipticCurvePublicKey, issuer: x509.Name | None, by: ec.EllipticCurvePrivateKey,
    begins: datetime.datetime, ends: datetime.datetime, *, name: str = "", is_authority: bool = False,
) -> x509.Certificate:  # fmt: skip
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, called)] if called else [])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if name:
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(names, critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(by, hashes.SHA256())


def _moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
