from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import Hasher, digest_of, digest_of_file, is_digest, sha256


def test_a_digest_is_the_algorithm_and_what_sha256sum_prints() -> None:
    assert "12" + "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" == digest_of(b"abc")


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"water" * 500_000)

    assert digest_of(b"water" * 500_000) == digest_of_file(path)


@given(st.lists(st.binary(max_size=50)))
def test_pieces_have_the_digest_of_the_whole(pieces: list[bytes]) -> None:
    hasher = Hasher()
    for piece in pieces:
        hasher.update(piece)

    assert (digest_of(b"".join(pieces)), len(b"".join(pieces))) == (hasher.digest(), hasher.size_bytes)


@given(st.binary())
def test_every_digest_is_one(data: bytes) -> None:
    assert is_digest(digest_of(data))
    assert digest_of(data)[2:] == sha256(data).hex()


def test_what_is_almost_a_digest_is_none() -> None:
    good = digest_of(b"")

    almost = [good.upper(), good[:-1], good + "0", good + "\n", "13" + good[2:], " " + good[1:], None, 7, good.encode()]

    assert [] == [one for one in almost if is_digest(one)]
