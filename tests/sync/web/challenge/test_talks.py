"""Talks: a password is proven and set without being sent, and nothing that is overheard helps."""

import json
import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from sync.clock import TRUSTED_SINCE_SECONDS, Moment
from sync.keys import base64url, from_base64url
from sync.web.challenge import talks, verifier
from sync.web.challenge.prover import Prover
from sync.web.challenge.talks import SHOWING_SECONDS_MAX, TALK_SECONDS_MAX, TalkRefused, Talks
from sync.web.challenge.verifier import Verifier, of_password

PASSWORD = "six goats and a well"
NAME = "كادرة Ismail"
HERS = of_password(PASSWORD, bytes(16))


class HandClock:
    seconds = 0.0

    def now(self) -> Moment:
        return Moment(TRUSTED_SINCE_SECONDS, self.seconds, True)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds


def find(name: str) -> tuple[str, Verifier | None]:
    return name.casefold(), HERS if name == NAME else None


def draws(seed: int) -> Any:
    return random.Random(seed).randbytes


@pytest.fixture(autouse=True, scope="module")
def stretched_once() -> Iterator[None]:
    """The real scrypt; no test waits for what another has stretched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier, "stretch", lru_cache(maxsize=None)(verifier.stretch))
        yield


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def box(clock: HandClock) -> Talks:
    return Talks(clock, draws(1), b"a secret of the box")


def prover_of(box: Talks, name: str = NAME, session: str = "mine", seed: int = 2) -> Prover:
    prover = Prover(draws(seed), name)
    prover.hears(box.begin(session, prover.asks(), find))
    return prover


def test_the_right_password_is_proven(box: Talks) -> None:
    said = box.hear("mine", **prover_of(box).says(PASSWORD))

    assert (NAME, HERS) == (said.name, said.proven)


@pytest.mark.parametrize("wrong", ["", "six goats and a wel", "Six goats and a well", PASSWORD + " "])
def test_another_password_is_not(box: Talks, wrong: str) -> None:
    assert box.hear("mine", **prover_of(box).says(wrong)).proven is None


def test_a_phone_that_composes_its_letters_otherwise_has_the_same_password() -> None:
    assert of_password("wéll", bytes(16)) == of_password("we\u0301ll", bytes(16))


def test_nothing_that_crosses_the_air_holds_the_password_or_a_verifier(box: Talks) -> None:
    prover = Prover(draws(2), NAME)
    asked = prover.asks()
    answered = box.begin("mine", asked, find)
    prover.hears(answered)
    said = prover.says(PASSWORD, "seven goats, no well")

    air = json.dumps([asked, answered, said])

    new = box.hear("mine", **said).verifier
    assert new is not None
    for secret in (PASSWORD, "seven goats", "s=", "r=", *new.said.values(), *HERS.said.values()):
        assert secret not in air.replace(asked["first"], "")


def test_a_new_password_comes_as_its_verifier(box: Talks) -> None:
    said = box.hear("mine", **prover_of(box, name="").says(new_password="seven goats, no well"))

    assert said.proven is None
    assert said.verifier is not None
    assert verifier.is_password(said.verifier, "seven goats, no well")


def test_an_unknown_name_is_asked_as_a_known_one_and_always_alike(box: Talks) -> None:
    known = prover_of(box).shown["first"].split(",")
    twice = [prover_of(box, name="Nobody", seed=seed).shown["first"].split(",") for seed in (3, 4)]

    assert [len(part) for part in known] == [len(part) for part in twice[0]]
    assert known[2] == twice[0][2]
    assert twice[0][1] == twice[1][1]


def test_an_unknown_name_proves_nothing_whatever_is_said(box: Talks) -> None:
    said = box.hear("mine", **prover_of(box, name="Nobody").says(PASSWORD))

    assert said.proven is None


def test_a_talk_is_ended_once(box: Talks) -> None:
    says = prover_of(box).says(PASSWORD)
    box.hear("mine", **says)

    with pytest.raises(TalkRefused):
        box.hear("mine", **says)


def test_a_talk_belongs_to_its_session(box: Talks) -> None:
    with pytest.raises(TalkRefused):
        box.hear("another's", **prover_of(box, session="mine").says(PASSWORD))


def test_a_talk_is_over_after_a_while(box: Talks, clock: HandClock) -> None:
    says = prover_of(box).says(PASSWORD)
    clock.wait(TALK_SECONDS_MAX + 1)

    with pytest.raises(TalkRefused):
        box.hear("mine", **says)


def test_what_is_shown_sealed_may_be_written_down_first(box: Talks, clock: HandClock) -> None:
    prover = Prover(draws(2))
    answered = box.begin("mine", prover.asks(), shown={"codes": ["KMTRD-XWPCF"]})

    assert ["KMTRD-XWPCF"] == prover.hears(answered)["codes"]
    assert "KMTRD" not in json.dumps(answered)
    clock.wait(SHOWING_SECONDS_MAX - 1)
    assert ["KMTRD-XWPCF"] == box.hear("mine", **prover.says()).shown["codes"]


def test_a_byte_changed_on_the_way_is_refused(box: Talks) -> None:
    says = prover_of(box).says(PASSWORD)
    sealed = bytearray(from_base64url(says["sealed"]))
    sealed[7] ^= 1

    with pytest.raises(TalkRefused):
        box.hear("mine", says["talk"], base64url(bytes(sealed)))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"key": "short"},
        {"key": base64url(bytes(32))},
        {"key": "é"},
        {"key": base64url(bytes([9]) + bytes(31)), "first": "n,,r=abc"},
        {"key": base64url(bytes([9]) + bytes(31)), "first": "p=tls-unique,,n=YQ,r=abc"},
        {"key": base64url(bytes([9]) + bytes(31)), "first": "n,,n=//,r=abc"},
    ],
)
def test_what_no_browser_says_is_refused_in_words(box: Talks, said: dict[str, str]) -> None:
    with pytest.raises(TalkRefused):
        box.begin("mine", said, find)


@pytest.mark.parametrize("said", [b"", b"[]", b"7", b"not json", b'{"verifier": 7}', b'{"verifier": {"salt": "AA=="}}'])
def test_sealed_nonsense_is_refused_in_words(box: Talks, said: bytes) -> None:
    prover = prover_of(box, name="")
    assert prover._sealing is not None

    with pytest.raises(TalkRefused):
        box.hear("mine", prover._talk, base64url(prover._sealing.seal(said)))


def test_talks_that_nobody_ends_take_bounded_room(box: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talks, "TALKS_MAX", 5)

    for seed in range(20):
        prover_of(box, name="", seed=seed + 10)

    assert 5 == len(box._talks)


def test_a_proof_that_would_be_cheap_to_guess_from_is_not_given(box: Talks) -> None:
    prover = prover_of(box)
    prover.shown = {"first": str(prover.shown["first"]).replace(f"i={verifier.COST}", "i=2")}

    with pytest.raises(Exception, match="easy to guess"):
        prover.says(PASSWORD)


def test_a_verifier_is_read_as_it_was_written_and_a_hash_is_none() -> None:
    assert HERS == Verifier.from_text(HERS.text)
    assert Verifier.from_text("$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA") is None
    assert Verifier.from_text("") is None
