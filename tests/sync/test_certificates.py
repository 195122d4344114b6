"""Requests and chains from elsewhere: taken where they are for one name and one key, refused otherwise."""

from collections.abc import Sequence

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from sync.certificates import CertificateRefused, chain_in, request_for, request_in, secure_name
from sync.keys import base64url
from tests.issued import issued

NAME = secure_name("a" * 16, "boxes.example")
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
BEGINS, ENDS = 1_790_000_000, 1_797_776_000


def asked(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    names: Sequence[x509.GeneralName],
    common_name: str = "",
    more: x509.ExtensionType | None = None,
) -> str:
    parts = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(parts))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if more is not None:
        builder = builder.add_extension(more, critical=True)
    return base64url(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


def test_a_boxs_own_request_is_read_and_fits_a_packet() -> None:
    text = request_for(NAME, KEY)

    assert KEY.public_key() == request_in(text, NAME).public_key()
    assert len(text) < 500


OWN = x509.DNSName(NAME)
REQUESTS = {
    "another name": lambda: request_for(secure_name("b" * 16, "boxes.example"), KEY),
    "a name more": lambda: asked(KEY, [OWN, x509.DNSName("www.boxes.example")]),
    "a wildcard": lambda: asked(KEY, [x509.DNSName("*.boxes.example")]),
    "a letter too": lambda: asked(KEY, [OWN, x509.RFC822Name("a@boxes.example")]),
    "a common name": lambda: asked(KEY, [OWN], common_name="boxes.example"),
    "the right to sign": lambda: asked(KEY, [OWN], more=x509.BasicConstraints(ca=True, path_length=None)),
    "another kind of key": lambda: asked(rsa.generate_private_key(65_537, 2048), [OWN]),
    "another curve": lambda: asked(ec.generate_private_key(ec.SECP384R1()), [OWN]),
    "not signed": lambda: request_for(NAME, KEY)[:-6] + "AAAAAA",
    "too long": lambda: request_for(NAME, KEY) + "A" * 100_000,
    "nothing": lambda: "",
    "no text of ours": lambda: "é" * 40,
}


@pytest.mark.parametrize("what", REQUESTS)
def test_what_asks_for_more_than_its_own_name_is_refused(what: str) -> None:
    with pytest.raises(CertificateRefused):
        request_in(REQUESTS[what](), NAME)


@given(st.text(max_size=400))
def test_whatever_a_box_writes_is_a_refusal_and_no_fall(text: str) -> None:
    with pytest.raises(CertificateRefused):
        request_in(text, NAME)


def test_a_chain_for_this_name_and_key_says_until_when_it_is_good() -> None:
    good = chain_in(issued(NAME, KEY.public_key(), BEGINS, ENDS).chain, NAME, KEY.public_key())

    assert (NAME, BEGINS, ENDS) == (good.name, good.begins_seconds, good.ends_seconds)


def test_a_chain_for_another_name_or_key_or_out_of_order_is_refused() -> None:
    own, others = (issued(NAME, key.public_key(), BEGINS, ENDS).chain for key in (KEY, OTHER))
    leaf, above = own.split("-----END CERTIFICATE-----\n")[:2]
    end = "-----END CERTIFICATE-----\n"
    elsewhere = issued(NAME, KEY.public_key(), BEGINS, ENDS).chain.split(end)[1]
    bad = [
        (issued("b-x.boxes.example", KEY.public_key(), BEGINS, ENDS).chain, KEY),
        (others, KEY),
        (above + end + leaf + end, KEY),
        (leaf + end + elsewhere + end, KEY),
        (own + own, KEY),
        (own + " " * 30_000, KEY),
        ("", KEY),
        ("é", KEY),
    ]

    for chain, key in bad:
        with pytest.raises(CertificateRefused):
            chain_in(chain, NAME, key.public_key())
