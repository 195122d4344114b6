"""Signing: forged, altered, missing and doubled signatures are refused; what was signed is believed."""

import base64
import datetime
from types import SimpleNamespace

import pytest
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519
from hypothesis import given
from hypothesis import strategies as st

from catalog.fault import BoxFault
from sync.keys import KeyPair, PublicKey, box_id
from sync.signing import SignatureRefused, sign_answer, sign_request, verify_answer, verify_request
from sync.wire import SESSION_PATH

BODY = b'{"v":1}'
NONCE = "c2FsdHdhdGVyY2FuYWxz"
KEY = KeyPair.from_seed(bytes(range(32)))
HUB = KeyPair.from_seed(bytes(range(32, 64)))
BOX = box_id(KEY.public)
REQUEST = sign_request("POST", SESSION_PATH, BODY, KEY, BOX)
ANSWER = sign_answer(200, BODY, HUB, NONCE)


def known(keyid: str) -> PublicKey | None:
    return PublicKey(KEY.public) if keyid == BOX else None


def test_a_signed_request_is_believed():
    assert BOX == verify_request("POST", SESSION_PATH, REQUEST, BODY, known)


def test_a_signed_answer_is_believed():
    verify_answer(200, ANSWER, BODY, PublicKey(HUB.public), NONCE)


def test_equal_messages_have_equal_signatures():
    assert REQUEST == sign_request("POST", SESSION_PATH, BODY, KEY, BOX)


def test_headers_are_found_whatever_their_letters():
    small = {name.lower(): value for name, value in REQUEST.items()}

    assert BOX == verify_request("POST", SESSION_PATH, small | {"host": "hub"}, BODY, known)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", SESSION_PATH, BODY),
        ("POST", "/sync/enrol", BODY),
        ("POST", SESSION_PATH, BODY + b" "),
        ("POST", SESSION_PATH, b""),
        ("POST", SESSION_PATH + "?again", BODY),
        ("POST", "//elsewhere/sync", BODY),
        ("post", SESSION_PATH, BODY),
    ],
)
def test_a_request_cannot_be_used_for_another(method, path, body):
    with pytest.raises(SignatureRefused):
        verify_request(method, path, REQUEST, body, known)


@pytest.mark.parametrize(("status", "body"), [(201, BODY), (409, BODY), (200, BODY + b" ")])
def test_an_answer_cannot_be_used_for_another(status, body):
    with pytest.raises(SignatureRefused):
        verify_answer(status, ANSWER, body, PublicKey(HUB.public), NONCE)


def test_an_answer_to_another_question_is_refused():
    with pytest.raises(SignatureRefused, match="another question"):
        verify_answer(200, ANSWER, BODY, PublicKey(HUB.public), "another")


def test_an_answer_of_somebody_else_is_refused():
    with pytest.raises(SignatureRefused, match="does not fit"):
        verify_answer(200, sign_answer(200, BODY, KEY, NONCE), BODY, PublicKey(HUB.public), NONCE)


def test_a_request_does_not_pass_for_an_answer():
    with pytest.raises(SignatureRefused):
        verify_answer(200, sign_request("POST", SESSION_PATH, BODY, HUB, "hub"), BODY, PublicKey(HUB.public), NONCE)


def test_a_stranger_is_refused():
    with pytest.raises(SignatureRefused, match="not known here"):
        verify_request("POST", SESSION_PATH, REQUEST, BODY, lambda keyid: None)


def test_a_box_that_signs_as_another_is_refused():
    forged = sign_request("POST", SESSION_PATH, BODY, HUB, BOX)

    with pytest.raises(SignatureRefused, match="does not fit"):
        verify_request("POST", SESSION_PATH, forged, BODY, known)


@pytest.mark.parametrize("name", ["Content-Digest", "Signature-Input", "Signature"])
def test_a_missing_header_is_refused(name):
    without = {other: value for other, value in REQUEST.items() if other != name}

    with pytest.raises(SignatureRefused, match="not signed"):
        verify_request("POST", SESSION_PATH, without, BODY, known)


@pytest.mark.parametrize("name", ["Content-Digest", "Signature-Input", "Signature"])
def test_a_doubled_header_is_refused(name):
    joined = REQUEST | {name: f"{REQUEST[name]}, {REQUEST[name]}"}
    in_two_cases = REQUEST | {name.lower(): REQUEST[name]}

    for doubled in (joined, in_two_cases):
        with pytest.raises(SignatureRefused):
            verify_request("POST", SESSION_PATH, doubled, BODY, known)


def test_a_second_signature_is_refused_even_if_it_holds():
    second = {name: value.replace("s=", "t=") for name, value in REQUEST.items()}
    both = REQUEST | {name: f"{REQUEST[name]}, {second[name]}" for name in ("Signature", "Signature-Input")}

    with pytest.raises(SignatureRefused):
        verify_request("POST", SESSION_PATH, both, BODY, known)


def test_a_signature_over_less_than_all_is_refused():
    part = REQUEST["Signature-Input"].replace('"@path" ', "")

    with pytest.raises(SignatureRefused):
        verify_request("POST", SESSION_PATH, REQUEST | {"Signature-Input": part}, BODY, known)


def test_any_signer_of_the_standard_is_believed_and_no_date_decides():
    """Another library sends `created` and `expires`, from a clock in 1970: the nonce says what is fresh."""

    class Keys(HTTPSignatureKeyResolver):
        def resolve_private_key(self, key_id):
            return KEY.private

    long_ago = datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC)
    message = SimpleNamespace(method="POST", url="http://hub.example/sync/session", headers={})
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=Keys()).sign(
        message, key_id=BOX, created=long_ago, expires=long_ago, body=BODY,
        covered_component_ids=("@method", "@path", "content-digest"),
    )  # fmt: skip

    assert BOX == verify_request("POST", SESSION_PATH, message.headers, BODY, known)


def test_our_signatures_carry_no_date():
    assert "created" not in REQUEST["Signature-Input"] + ANSWER["Signature-Input"]


def test_the_error_of_who_looks_keys_up_passes_through():
    def broken(keyid: str) -> PublicKey | None:
        raise BoxFault("The database cannot be read.")

    with pytest.raises(BoxFault):
        verify_request("POST", SESSION_PATH, REQUEST, BODY, broken)


def test_signatures_leave_room_in_a_night_with_nothing_new():
    lines = [f"{name}: {value}\r\n" for headers in (REQUEST, ANSWER) for name, value in headers.items()]

    assert sum(map(len, lines)) <= 550


@given(st.sampled_from(["Content-Digest", "Signature-Input", "Signature"]), st.text(max_size=200))
def test_whatever_stands_in_a_header_is_refused_by_name(name, value):
    with pytest.raises(SignatureRefused):
        verify_request("POST", SESSION_PATH, REQUEST | {name: value}, BODY, known)


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_signature_with_one_byte_altered_is_refused(place, change):
    signature = bytearray(base64.b64decode(REQUEST["Signature"][3:-1]))
    signature[place] ^= change
    altered = f"s=:{base64.b64encode(signature).decode()}:"

    with pytest.raises(SignatureRefused):
        verify_request("POST", SESSION_PATH, REQUEST | {"Signature": altered}, BODY, known)
