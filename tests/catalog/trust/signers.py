"""A catalogue made by hand: any role may be signed by any key, under any number, so that forgers can be played."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.digest import digest_of
from catalog.trust import metadata
from catalog.trust.client import Document, Trusted, refreshed
from catalog.trust.metadata import Publisher
from catalog.trust.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP, Target, catalogue_id, course_path
from sync.keys import KeyPair

NOW_SECONDS = 1_790_000_000
LATER_SECONDS = NOW_SECONDS + 100 * 86_400


def key(number: int) -> KeyPair:
    """The same keys in every run."""
    return KeyPair.from_seed(bytes([number]) * 32)


ROOT_KEYS = [key(1), key(2), key(3)]
TARGETS_KEY, SNAPSHOT_KEY, TIMESTAMP_KEY, PUBLISHER_KEY, STRANGER = (key(number) for number in range(4, 9))


def listed(course: str, version: int, publisher: str = "biology") -> Target:
    data = f"{course} {version}".encode()
    return Target(course_path(publisher, course, version), digest_of(data), len(data))


@dataclass
class Forge:
    """What its keys would sign; every part of it can be changed before `documents` signs it."""

    version: int = 1
    root_version: int = 1
    root_signers: Sequence[KeyPair] = tuple(ROOT_KEYS)
    roots: list[Document] = field(default_factory=list)
    keys: dict[str, list[str]] = field(
        default_factory=lambda: {
            ROOT: [one.public for one in ROOT_KEYS],
            TARGETS: [TARGETS_KEY.public],
            SNAPSHOT: [SNAPSHOT_KEY.public],
            TIMESTAMP: [TIMESTAMP_KEY.public],
        }
    )
    signers: dict[str, KeyPair] = field(
        default_factory=lambda: {
            TARGETS: TARGETS_KEY,
            SNAPSHOT: SNAPSHOT_KEY,
            TIMESTAMP: TIMESTAMP_KEY,
        }
    )
    publisher: str = "biology"
    publisher_key: KeyPair = PUBLISHER_KEY
    top: list[Target] = field(default_factory=list)
    """What the top role itself lists."""
    targets: list[Target] = field(default_factory=lambda: [listed("cells", 1)])
    publishers: list[Publisher] | None = None
    """Whom the top role names, where it is not just the publisher."""
    versions: dict[str, int] = field(default_factory=dict)
    """What the snapshot says of a role, where it is not `version`; 0: nothing."""
    until_seconds: int = LATER_SECONDS

    def root(self) -> Document:
        made = metadata.root(self.root_version, LATER_SECONDS, self.keys)
        return Document(ROOT, self.root_version, metadata.signed(made, self.root_signers))

    def documents(self) -> list[Document]:
        version, until = self.version, self.until_seconds
        named = [Publisher(self.publisher, self.publisher_key.public)] if self.publishers is None else self.publishers
        top = metadata.targets(version, until, self.top, named)
        publisher = metadata.targets(version, until, self.targets)
        versions = {TARGETS: version, self.publisher: version} | self.versions
        shot = metadata.snapshot(version, until, {role: one for role, one in versions.items() if one})
        stamp = metadata.timestamp(version, until, version)
        return [
            *self.roots,
            self.root(),
            Document(TARGETS, version, metadata.signed(top, [self.signers[TARGETS]])),
            Document(self.publisher, version, metadata.signed(publisher, [self.publisher_key])),
            Document(SNAPSHOT, version, metadata.signed(shot, [self.signers[SNAPSHOT]])),
            Document(TIMESTAMP, version, metadata.signed(stamp, [self.signers[TIMESTAMP]])),
        ]

    @property
    def catalogue(self) -> str:
        return catalogue_id((self.roots or [self.root()])[0].body)

    def believed(self) -> Trusted:
        """What a box believes that heard all of this."""
        return refreshed(self.catalogue, None, self.documents())
