"""Deltas: small where little changed, refused where they are not what they say."""

import random

import pytest

from catalog.digest import digest_of
from catalog.trust import delta
from catalog.trust.client import refreshed
from catalog.trust.roles import ROOT, MetadataRefused, Target, course_path
from tests.catalog.trust.signers import Forge, listed

NEW_RELEASE_BYTES_MAX = 1_500


def test_what_is_packed_comes_out_as_it_was() -> None:
    documents = Forge().documents()
    (part,) = delta.from_bytes(delta.to_bytes([delta.part_of("a" * 16, documents)]))

    assert documents == delta.documents_in(part, None)


def test_nothing_to_say_is_no_bytes() -> None:
    assert b"" == delta.to_bytes([])


@pytest.mark.slow
def test_one_release_among_thousands_costs_a_kilobyte() -> None:
    courses = [
        Target(course_path("biology", f"course-{number}", 1), digest_of(b"%d" % number), 3_000 + number)
        for number in range(5_000)
    ]
    before = Forge(version=1, targets=courses)
    base = before.believed()
    after = Forge(version=2, targets=[*courses, listed("cells", 2)])
    news = [one for one in after.documents() if one.role != ROOT]

    part = delta.part_of(before.catalogue, news, base)

    assert len(delta.to_bytes([part])) < NEW_RELEASE_BYTES_MAX
    assert (
        after.believed().documents["biology"]
        == refreshed(before.catalogue, base, delta.documents_in(part, base)).documents["biology"]
    )


def test_a_delta_on_something_else_says_so() -> None:
    base, other = Forge(version=1).believed(), Forge(version=2).believed()
    part = delta.part_of(base.catalogue, Forge(version=3).documents(), base)

    with pytest.raises(delta.BaseDiffers):
        delta.documents_in(part, other)


def test_bytes_that_were_changed_on_the_way_are_refused_in_words() -> None:
    """Every one of many single bytes, anywhere: an exception of ours, or documents that do not verify."""
    forge = Forge()
    whole = delta.to_bytes([delta.part_of(forge.catalogue, forge.documents())])
    draws = random.Random(3)

    for _ in range(60):
        broken = bytearray(whole)
        broken[draws.randrange(len(whole))] ^= 1 << draws.randrange(8)
        with pytest.raises((MetadataRefused, delta.BaseDiffers)):
            for part in delta.from_bytes(bytes(broken)):
                refreshed(part.catalogue, None, delta.documents_in(part, None))


@pytest.mark.parametrize(
    "data", [b"", b"[]x", b"{}\n", b'[["a","",5]]\nxx', b'[["a","",-1]]\nxx', b"[[1,2]]\n", b"[" * 99]
)
def test_what_is_no_delta_is_refused(data: bytes) -> None:
    with pytest.raises(MetadataRefused):
        delta.from_bytes(data)


def test_a_bomb_is_not_unpacked() -> None:
    import zstandard

    bomb = zstandard.ZstdCompressor().compress(bytes(delta.UNPACKED_BYTES_MAX + 1))

    with pytest.raises(MetadataRefused):
        delta.documents_in(delta.Part("a" * 16, "", bomb), None)
