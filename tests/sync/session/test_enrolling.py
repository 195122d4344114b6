"""How a box joins a campus: with a token, once."""

import httpx
import pytest

from sync import enrolment, exchange
from sync.enrolment import EnrolledElsewhere, Token, TokenRefused
from sync.keys import KeyPair
from sync.link import LinkBroken, NotTheHub
from sync.signing import SignatureRefused
from tests.wire import (
    ADDRESS,
    Body,
    loses_the_reply,
)

pytestmark = pytest.mark.slow


def test_a_stranger_is_told_to_enrol_first(stranger):
    with pytest.raises(exchange.NotEnrolled):
        stranger.syncs()


def test_a_box_is_taken_in_once_and_knows_its_hub(stranger, token, hub):
    pin = stranger.enrols(token)

    assert pin == enrolment.pinned(stranger.database)
    assert (hub.keys.public, ADDRESS, stranger.id, "Wadi") == (pin.hub_key, pin.address, pin.box, pin.campus_name)
    assert 1 == stranger.syncs().traffic.requests


def test_a_lost_welcome_is_asked_for_again_with_the_same_token(stranger, token, wire):
    wire.misfortunes.append(loses_the_reply)
    with pytest.raises(LinkBroken):
        stranger.enrols(token)

    stranger.enrols(token)

    assert 1 == stranger.syncs().traffic.requests


def test_a_token_that_another_box_used_is_refused(stranger, token):
    stranger.enrols(token)
    stranger.keys = KeyPair.from_seed(bytes(32))

    with pytest.raises(TokenRefused, match="Another box"):
        stranger.enrols(token)


def test_a_token_that_the_hub_never_made_is_refused(stranger, token):
    with pytest.raises(TokenRefused):
        stranger.enrols(Token("a" * 24, token.fingerprint))

    assert enrolment.pinned(stranger.database) is None


def test_another_hub_than_the_tokens_is_not_believed(stranger, token):
    with pytest.raises(NotTheHub, match="not the one that made this token"):
        stranger.enrols(Token(token.secret, "b" * 16))

    assert enrolment.pinned(stranger.database) is None


def test_a_welcome_that_was_altered_on_its_way_is_refused(stranger, token, wire):
    def alters(request, answer):
        reply = answer(request)
        body = reply.stream.data.replace(b"Wadi", b"Wado")
        return httpx.Response(reply.status_code, headers=reply.headers, stream=Body(body))

    wire.misfortunes.append(alters)

    with pytest.raises(SignatureRefused):
        stranger.enrols(token)
    assert enrolment.pinned(stranger.database) is None


def test_a_box_of_one_hub_is_not_enrolled_at_another(box):
    with pytest.raises(EnrolledElsewhere, match="Wadi"):
        box.enrols(Token("a" * 24, "b" * 16))
