"""A batch of tokens: signed by its hub, read as a stranger's."""

import json
import random
from dataclasses import replace

import pytest

from catalog.manifest import canonical
from sync.enrolment import Token
from sync.keys import KeyPair, fingerprint
from sync.token_batch import FILE_BYTES_MAX, BatchRefused, TokenBatch

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@pytest.fixture
def keys() -> KeyPair:
    return KeyPair.from_seed(b"h" * 32)


@pytest.fixture
def batch(keys: KeyPair) -> TokenBatch:
    draws = random.Random(4)
    tokens = tuple(Token("".join(draws.choices(LETTERS, k=24)), fingerprint(keys.public)) for _ in range(3))
    return TokenBatch("b" * 16, "wadiwadi", "وادي", "https://hub.example", keys.public, 5, 9, tokens, {"later": 1})


def test_a_batch_comes_back_as_it_was_written_with_what_a_newer_hub_adds(batch: TokenBatch, keys: KeyPair) -> None:
    assert batch == TokenBatch.from_bytes(batch.to_bytes(keys))


@pytest.mark.parametrize(
    "change", [{"campus": "elsewhere"}, {"expires_seconds": 10_000}, {"hub": "https://thief.example"}, {"later": 2}]
)
def test_whatever_is_changed_on_the_way_is_noticed(batch: TokenBatch, keys: KeyPair, change: dict[str, object]) -> None:
    changed = canonical({**json.loads(batch.to_bytes(keys)), **change})

    with pytest.raises(BatchRefused, match="signature"):
        TokenBatch.from_bytes(changed)


def test_tokens_of_another_hub_are_refused_even_when_well_signed(batch: TokenBatch, keys: KeyPair) -> None:
    thief = KeyPair.from_seed(b"t" * 32)
    said = json.loads(batch.to_bytes(keys))
    own = replace(batch, hub_key=thief.public, tokens=(Token("a" * 24, fingerprint(thief.public)),))
    forged = {**json.loads(own.to_bytes(thief)), "tokens": said["tokens"]}
    del forged["signature"]
    from sync.keys import base64url

    signed = {**forged, "signature": base64url(thief.sign(b"qanat token batch\0" + canonical(forged)))}

    with pytest.raises(BatchRefused, match="another hub"):
        TokenBatch.from_bytes(canonical(signed))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"kind":"qanat-batch","version":1}',
        b'{"kind":"qanat-batch","version":1,"signature":"AAAA","hub_key":7}',
        b" " * (FILE_BYTES_MAX + 1),
    ],
)
def test_what_is_no_batch_is_refused(data: bytes) -> None:
    with pytest.raises(BatchRefused):
        TokenBatch.from_bytes(data)


def test_its_secrets_are_not_printed(batch: TokenBatch) -> None:
    assert batch.tokens[0].secret not in repr(batch)
