"""The client workflow, each attack by its name (row 26 of the security rows): refused, and nothing changes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from catalog.trust import metadata
from catalog.trust.client import Document, Trusted, followed_root, listings, refreshed
from catalog.trust.metadata import Publisher
from catalog.trust.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, MetadataRefused, Target, key_id
from tests.catalog.trust.signers import (
    LATER_SECONDS,
    PUBLISHER_KEY,
    ROOT_KEYS,
    SNAPSHOT_KEY,
    STRANGER,
    TIMESTAMP_KEY,
    Forge,
    key,
    listed,
)


@pytest.fixture
def trusted() -> Trusted:
    return Forge(version=5).believed()


def _courses(believed: Trusted) -> list[str]:
    return [target.path for one in listings(believed) for target in one.targets]


def _only(documents: Sequence[Document], *roles: str) -> list[Document]:
    return [one for one in documents if one.role in roles]


def test_a_whole_catalogue_is_believed_by_its_name_alone() -> None:
    assert ["courses/biology/cells/1"] == _courses(Forge().believed())


def test_news_are_believed_without_what_did_not_change(trusted: Trusted) -> None:
    news = Forge(version=6, targets=[listed("cells", 2)]).documents()

    believed = refreshed(trusted.catalogue, trusted, [one for one in news if one.role != ROOT])

    assert ["courses/biology/cells/2"] == _courses(believed)


def test_the_same_again_changes_nothing(trusted: Trusted) -> None:
    assert trusted == refreshed(trusted.catalogue, trusted, Forge(version=5).documents())


def test_another_first_root_than_the_name_says_is_refused() -> None:
    other = Forge(keys=Forge().keys | {TIMESTAMP: [STRANGER.public]}, signers=Forge().signers | {TIMESTAMP: STRANGER})

    with pytest.raises(MetadataRefused, match="first root is not the one"):
        refreshed(Forge().catalogue, None, other.documents())


ATTACKS: dict[str, tuple[Callable[[], Forge], str]] = {
    "an old timestamp": (lambda: Forge(version=4), "timestamp 4 is older than 5"),
    "a role that goes back": (lambda: Forge(version=6, versions={"biology": 4}), "biology goes back from 5 to 4"),
    "a role that is left out": (
        lambda: Forge(version=6, publishers=[], versions={"biology": 0}), "biology goes back from 5 to 0"),
    "a timestamp by a stranger": (
        lambda: Forge(version=6, signers=Forge().signers | {TIMESTAMP: STRANGER}), "timestamp 6 is not signed"),
    "a snapshot by the timestamp's key": (
        lambda: Forge(version=6, signers=Forge().signers | {SNAPSHOT: TIMESTAMP_KEY}), "snapshot 6 is not signed"),
    "targets by the snapshot's key": (
        lambda: Forge(version=6, signers=Forge().signers | {TARGETS: SNAPSHOT_KEY}), "targets 6 is not signed"),
    "a publisher by another's key": (
        lambda: Forge(version=6, publishers=[Publisher("biology", STRANGER.public)]), "biology 6 is not signed"),
    "a root by one key of three": (
        lambda: Forge(version=6, root_version=2, root_signers=ROOT_KEYS[:1]), "root 2 is not signed"),
    "a root that only its own keys signed": (
        lambda: Forge(version=6, root_version=2, keys=Forge().keys | {ROOT: [key(n).public for n in (11, 12, 13)]},
                      root_signers=[key(11), key(12), key(13)]), "root 2 is not signed"),
    "a root that skips one": (lambda: Forge(version=6, root_version=3), "a root between two others is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("forge", "why"), ATTACKS.values(), ids=ATTACKS.keys())
def test_a_forger_is_refused(trusted: Trusted, forge: Callable[[], Forge], why: str) -> None:
    with pytest.raises(MetadataRefused, match=why):
        refreshed(trusted.catalogue, trusted, forge().documents())


def test_mix_and_match_of_two_moments_is_refused(trusted: Trusted) -> None:
    sixth, seventh = Forge(version=6).documents(), Forge(version=7).documents()
    mixed = [*_only(seventh, TIMESTAMP), *_only(sixth, SNAPSHOT, TARGETS, "biology")]

    with pytest.raises(MetadataRefused, match="snapshot 7 is named and missing"):
        refreshed(trusted.catalogue, trusted, mixed)


def test_a_document_under_another_number_is_refused(trusted: Trusted) -> None:
    renamed = [replace(one, version=6) for one in Forge(version=5).documents() if one.role != ROOT]

    with pytest.raises(MetadataRefused, match="timestamp 6 is in truth 5"):
        refreshed(trusted.catalogue, trusted, renamed)


def test_what_a_publisher_lists_elsewhere_is_not_listed() -> None:
    elsewhere = Forge(
        targets=[listed("cells", 1), listed("atoms", 1, "physics"), replace(listed("cells", 2), path="x")]
    )

    assert ["courses/biology/cells/1"] == _courses(elsewhere.believed())


def test_a_publisher_of_some_courses_lists_no_others() -> None:
    forge = Forge(
        publishers=[Publisher("biology", PUBLISHER_KEY.public, "cells-*")],
        targets=[listed("cells-1", 1), listed("atoms", 1)],
    )

    assert ["courses/biology/cells-1/1"] == _courses(forge.believed())


def test_one_key_under_two_names_counts_once() -> None:
    body = Forge().root().body.replace(key_id(ROOT_KEYS[1].public).encode(), b"a" * 16)

    with pytest.raises(MetadataRefused, match="does not bear its own name"):
        followed_root("any", Document(ROOT, 1, body), [Document(ROOT, 2, body)])


def test_every_byte_of_a_root_counts() -> None:
    documents = Forge().documents()
    body = bytearray(documents[0].body)
    body[len(body) // 2] ^= 1

    with pytest.raises(MetadataRefused):
        refreshed(Forge().catalogue, None, [replace(documents[0], body=bytes(body)), *documents[1:]])


def test_a_box_that_slept_through_five_roots_follows_the_chain(trusted: Trusted) -> None:
    """A year: the root's keys were replaced each time, so that none of those that the box knows counts any more."""
    roots, before = [], list(ROOT_KEYS)
    for version in range(2, 7):
        after = [key(20 + 3 * version + place) for place in range(3)]
        forge = Forge(root_version=version, keys=Forge().keys | {ROOT: [one.public for one in after]})
        roots.append(replace(forge, root_signers=[*before[:2], *after[:2]]).root())
        before = after
    news = [one for one in Forge(version=9).documents() if one.role != ROOT]

    believed = refreshed(trusted.catalogue, trusted, [*roots, *news])

    assert (6, 9) == (believed.version(ROOT), believed.version(TIMESTAMP))


def test_a_stolen_timestamp_key_that_counted_far_ahead_is_outlived(trusted: Trusted) -> None:
    far = refreshed(trusted.catalogue, trusted, Forge(version=1_000_000).documents())
    fresh = Forge(
        version=7, root_version=2, keys=Forge().keys | {TIMESTAMP: [STRANGER.public]},
        signers=Forge().signers | {TIMESTAMP: STRANGER},
    )  # fmt: skip

    assert 7 == refreshed(trusted.catalogue, far, fresh.documents()).version(TIMESTAMP)


def test_without_new_keys_a_new_root_forgives_no_rollback(trusted: Trusted) -> None:
    with pytest.raises(MetadataRefused, match="older than 5"):
        refreshed(trusted.catalogue, trusted, Forge(version=4, root_version=2).documents())


def test_a_revoked_publisher_is_heard_no_more(trusted: Trusted) -> None:
    without = refreshed(trusted.catalogue, trusted, Forge(version=6, publishers=[]).documents())

    assert [] == _courses(without)


def test_a_word_counts_no_longer_than_those_above_it() -> None:
    forge = Forge(until_seconds=LATER_SECONDS - 1)

    assert {LATER_SECONDS - 1} == {one.expires_seconds for one in listings(forge.believed())}


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"\xff", b'{"signed":{"_type":"root"},"signatures":[]}', b"[" * 9999]
)
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(MetadataRefused):
        metadata.read(body, metadata.Root)


def test_equal_content_has_equal_bytes() -> None:
    assert Forge().documents() == Forge().documents()


def test_a_target_is_what_was_signed() -> None:
    (one,) = [target for row in listings(Forge().believed()) for target in row.targets]

    assert listed("cells", 1) == one
    assert ("cells", 1) == one.course
    assert Target("software/qanat.tar", one.digest, 1).course is None


def test_numbers_that_no_database_holds_are_refused() -> None:
    """A publisher signed a version, and the size of a course, of 2 to the 63: found at the door `metadata`."""
    endless = Target("courses/biology/cells/1", listed("cells", 1).digest, 1 << 63)

    with pytest.raises(MetadataRefused, match="size that can be"):
        listings(Forge(targets=[endless]).believed())
    with pytest.raises(MetadataRefused, match="version that can be counted"):
        Forge(version=1 << 63).believed()
