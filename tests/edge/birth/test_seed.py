"""Seeds: what goes on a card comes off it, and what a stranger puts there is refused with a sentence."""

import json
from typing import Any

import pytest

from edge.birth.seed import Seed, SeedRefused, Wifi

SEED = Seed(
    id="a" * 16,
    batch="b" * 16,
    number=7,
    campus_name="Lycée d'Ali Sabieh",
    hub="https://hub.example",
    token="aaaaa-aaaaa-aaaaa-aaaaa-aaaab-bbbbb-bbbbb-bbbbb",
    staff_code="KMTRD-XWPCF",
    wifi=Wifi("Qanat 07", "korall-7-baum", "DJ", 6),
    join={"Staff room": "school-secret"},
    apn="internet",
    serves_lan=True,
    settings={"name": "Ali Sabieh 07", "timezone": "Africa/Djibouti", "languages": ["fr", "ar"], "language": "fr"},
    made_seconds=1_790_000_000,
)


def test_a_seed_comes_off_the_card_as_it_went_on() -> None:
    assert Seed.from_bytes(SEED.to_bytes()) == SEED
    assert Seed.from_bytes(SEED.to_bytes()).to_bytes() == SEED.to_bytes()


def test_a_newer_seed_keeps_what_this_box_does_not_know() -> None:
    newer = json.loads(SEED.to_bytes()) | {"version": 2, "antenna": "long"}

    assert Seed.from_bytes(json.dumps(newer).encode()).rest == {"antenna": "long"}


def test_a_spent_seed_holds_nothing_that_opens_the_hub_or_the_box() -> None:
    left = SEED.spent().to_bytes()

    assert SEED.token.encode() not in left
    assert SEED.staff_code.encode() not in left
    assert Seed.from_bytes(left).is_spent
    assert not SEED.is_spent


def test_its_secrets_are_not_in_what_logs_print() -> None:
    assert not [secret for secret in (SEED.token, SEED.staff_code, "korall", "school-secret") if secret in repr(SEED)]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "else"},
        {"version": "one"},
        {"id": "../../etc"},
        {"number": -1},
        {"number": True},
        {"wifi": {"name": "x" * 33, "password": "12345678", "country": "DJ", "channel": 1}},
        {"wifi": {"name": "x\ny", "password": "12345678", "country": "DJ", "channel": 1}},
        {"wifi": {"name": "x", "password": "short", "country": "DJ", "channel": 1}},
        {"wifi": {"name": "x", "password": "12345678", "country": "dj", "channel": 1}},
        {"wifi": {"name": "x", "password": "12345678", "country": "DJ", "channel": 13}},
        {"wifi": []},
        {"join": {"x": 1}},
        {"join": {str(number): "x" for number in range(9)}},
        {"settings": {"colour": "red"}},
        {"settings": {"port": "no"}},
        {"hub": "ftp://x"},
        {"serves_lan": "yes"},
        {"token": "x" * 2000},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_a_sentence(change: dict[str, Any]) -> None:
    with pytest.raises(SeedRefused) as refused:
        Seed.from_bytes(json.dumps(json.loads(SEED.to_bytes()) | change).encode())

    assert refused.value.hint


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 10_000, b" " * 70_000])
def test_what_is_no_seed_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(SeedRefused):
        Seed.from_bytes(data)
