"""Keys: who a box or a hub is."""

import stat
from pathlib import Path

import pytest

from catalog.fault import BoxFault, LinkFault
from sync.keys import KeyPair, PublicKey, base64url, box_id, fingerprint, from_base64url


def test_a_signature_holds_for_exactly_its_bytes(box_key, hub_key):
    signature = box_key.sign(b"water")

    assert PublicKey(box_key.public).verify(signature, b"water")
    assert not PublicKey(box_key.public).verify(signature, b"Water")
    assert not PublicKey(hub_key.public).verify(signature, b"water")


def test_a_box_is_named_by_its_key(box_key, hub_key):
    name = box_id(box_key.public)

    assert name == box_id(box_key.public) == fingerprint(box_key.public)
    assert name != box_id(hub_key.public)
    assert 16 == len(name)
    assert name == name.lower()


def test_a_key_is_made_once_and_read_ever_after(tmp_path: Path):
    path = tmp_path / "keys" / "box.key"

    made = KeyPair.load_or_make(path)

    assert made.public == KeyPair.load_or_make(path).public == KeyPair.load(path).public


def test_only_its_owner_reads_a_key(tmp_path: Path, box_key):
    box_key.save(tmp_path / "box.key")

    assert 0o600 == stat.S_IMODE((tmp_path / "box.key").stat().st_mode)


def test_a_key_never_prints_its_secret(box_key):
    assert f"KeyPair({box_key.public})" == repr(box_key)


def test_every_new_key_is_another():
    assert KeyPair.generate().public != KeyPair.generate().public


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_key_file_is_said_in_words(tmp_path: Path, content):
    (tmp_path / "box.key").write_bytes(content)

    with pytest.raises(BoxFault, match=r"box\.key cannot be read"):
        KeyPair.load(tmp_path / "box.key")


def test_a_missing_key_file_is_said_in_words(tmp_path: Path):
    with pytest.raises(BoxFault, match=r"box\.key cannot be read"):
        KeyPair.load(tmp_path / "box.key")


@pytest.mark.parametrize("text", ["", "short", "A" * 42, "A" * 44, "!" * 43, "é" * 43, "A" * 42 + "B"])
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(LinkFault, match="public key"):
        PublicKey(text)


def test_text_for_the_wire_comes_back_as_its_bytes():
    assert b"\xfb\xff\x00" == from_base64url(base64url(b"\xfb\xff\x00"))
