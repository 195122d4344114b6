"""Tokens as people type them."""

import pytest

from sync.enrolment import Token, TokenRefused, token_text
from sync.keys import fingerprint

SECRET = "abcdefghijklmnopqrstuvwx"
FINGERPRINT = "yz234567abcdefgh"


def test_a_token_reads_back_as_it_is_shown():
    token = Token(SECRET, FINGERPRINT)

    assert token == Token.parse(str(token))
    assert token_text(SECRET, FINGERPRINT) == str(token)


def test_a_token_is_shown_in_groups_of_five():
    assert [5] * 8 == [len(group) for group in str(Token(SECRET, FINGERPRINT)).split("-")]


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text.replace("-", " "),
        lambda text: f"  {text}\n",
        lambda text: text.replace("o", "0"),
    ],
    ids=["capitals", "spaces", "margins", "noughts"],
)
def test_how_a_token_is_typed_does_not_matter(change):
    token = Token(SECRET, FINGERPRINT)

    assert token == Token.parse(change(str(token)))


@pytest.mark.parametrize("text", ["", "abcde", "a" * 39, "a" * 41, "9" * 40, "é" * 40, "a" * 39 + "/"])
def test_a_mistyped_token_is_refused_with_a_next_step(text):
    with pytest.raises(TokenRefused) as refused:
        Token.parse(text)

    assert "again" in refused.value.hint


def test_the_fingerprint_of_a_key_fits_a_token(hub_key):
    token = Token(SECRET, fingerprint(hub_key.public))

    assert token == Token.parse(str(token))
