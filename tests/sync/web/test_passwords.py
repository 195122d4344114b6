"""Secrets at rest."""

from sync.web.passwords import hash_secret, is_outdated, verify_secret


def test_the_right_secret_is_known_again_and_a_wrong_one_is_not() -> None:
    kept = hash_secret("4071")

    assert [True, False, False] == [verify_secret(kept, secret) for secret in ("4071", "4072", "")]
    assert "4071" not in kept


def test_a_secret_is_kept_with_the_cost_we_chose() -> None:
    kept = hash_secret("4071")

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(kept)
    assert is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlA")


def test_somebody_without_a_secret_cannot_sign_in() -> None:
    assert not verify_secret("", "")
    assert not verify_secret("", "\0nobody")
    assert not verify_secret("not a hash", "4071")
