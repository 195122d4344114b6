"""Ceremonies: what people do with the catalogue's keys, each in one transaction and noted for the audit.

* A new root is signed by two of those whose keys counted before and by two of those whose keys count from now on.
* Root keys leave the hub only after what was written to the sticks has been read back.
* Every stick with a root key also bears the chain of roots: a hub that was restored from before a rotation learns the
  later roots from it.
* Who is revoked is named no more: what it signed, before or after, counts for nothing with the next answer.
* Who is named or revoked while a key is lost is so at once here, and for boxes with the next signature.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, update

from catalog import durable
from catalog.digest import digest_of
from catalog.fault import BoxFault, CallerFault, LinkFault
from catalog.trust.document import Document
from catalog.trust.roles import (
    OWN_PUBLISHER,
    ROOT,
    ROOT_KEYS,
    SOFTWARE,
    TARGETS,
    TIMESTAMP,
    Target,
    is_course_pattern,
    is_publisher,
    key_id,
    life_seconds,
)
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.keeping import alarms, audit
from sync.hub.keeping.alarms import THE_HUB, Kind
from sync.hub.trust import documents, listing, signing
from sync.hub.trust.catalogue import SignedCatalogue
from sync.hub.trust.keys import KeyMissing, check_places, root_keys_in, seal_root
from sync.hub.trust.signing import ONLINE_ROLES
from sync.keys import KeyPair, PublicKey

CHAIN_FILE = "catalogue-{}.roots"


@dataclass(frozen=True, slots=True)
class Sticks:
    """Folders with sealed root keys, and the passphrase that opens them."""

    folders: Sequence[Path] = ()
    passphrase: str = ""


class Ceremonies:
    """What people do with the keys."""

    def __init__(self, engine: Engine, catalogue: SignedCatalogue, clock: Clock) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._ring = catalogue.ring
        self._clock = clock

    def take_offline(self, sticks: Sticks) -> list[Path]:
        """Move the three root keys from the hub to three folders, one each. Returns what was written.

        Raises CallerFault, KeyMissing where they are not at the hub any more.
        """
        if len(set(sticks.folders)) != ROOT_KEYS:
            raise CallerFault(
                f"{len(set(sticks.folders))} folders were named.",
                f"Name {ROOT_KEYS}: one stick for each root key, to be kept in different places.",
            )
        check_places(sticks.folders, self._ring)
        with writing(self._engine) as connection:
            catalogue = self._catalogue.begun(connection)
            names = documents.keys_in(_newest_root(connection, catalogue), ROOT)
            chain = self._chain(connection, catalogue)
        here = [key for name in names if (key := self._ring.find(ROOT, name)) is not None]
        if len(here) < ROOT_KEYS:
            raise KeyMissing("Root keys lie outside of this hub already.", "Their sticks serve for `rotate`.")
        # A passphrase is slow to work with, on purpose: boxes are answered meanwhile.
        written = [seal_root(key, folder, sticks.passphrase) for key, folder in zip(here, sticks.folders, strict=True)]
        with self._work("keys-offline"):
            for folder in sticks.folders:
                durable.write_file(folder / CHAIN_FILE.format(catalogue), chain)
        for key in here:
            self._ring.drop(ROOT, key_id(key.public))
        return written

    def rotate(self, sticks: Sticks, roles: Sequence[str] = ONLINE_ROLES, new_root: Sticks | None = None) -> int:
        """Replace the keys of these top roles by new ones; with `root` among them, the root's own keys too, which go
        to the folders of `new_root`, or to the hub where there are none. Returns the new root's version.

        Raises KeyMissing where fewer than two root keys are at hand, CallerFault.
        """
        unknown = set(roles) - {ROOT, *ONLINE_ROLES}
        if unknown:
            raise CallerFault(
                f"{', '.join(sorted(unknown))} is no role of the root.", f"Name {ROOT}, {', '.join(ONLINE_ROLES)}."
            )
        if new_root is not None:
            check_places(new_root.folders, self._ring)
        # Before the transaction: a passphrase is slow to work with, on purpose, and boxes are answered meanwhile.
        brought = root_keys_in(sticks.folders, sticks.passphrase)
        if ROOT in roles and new_root is None and (sticks.folders or not self._are_root_keys_here()):
            raise KeyMissing(
                "The root keys are not at this hub, and new ones would lie on it in clear.",
                f"Name {ROOT_KEYS} sticks for the new ones: --to DIR --to DIR --to DIR.",
            )
        fresh = self._new_root_keys(new_root) if ROOT in roles else []
        with self._work("keys-rotated", roles=" ".join(sorted(roles))) as (connection, catalogue):
            former = _newest_root(connection, catalogue)
            self._learn_roots(connection, catalogue, sticks.folders)
            root = _newest_root(connection, catalogue)
            signers = self._signers(root, former, brought)
            keys = self._keys_of(root)
            for role in roles:
                made = fresh if role == ROOT else [self._ring.make(role)]
                keys[role] = [key.public for key in made]
            above_root = max(former.version, self._seen_root_version(connection))
            signers = [*signers, *fresh]
            version = signing.add_roots(connection, catalogue, keys, signers, self._now(), above_root)
            alarms.settle(connection, THE_HUB, Kind.KEYS_FORGOTTEN, self._now())
            for folder in new_root.folders if new_root else ():
                durable.write_file(folder / CHAIN_FILE.format(catalogue), self._chain(connection, catalogue))
            stamp = documents.newest(connection, catalogue, TIMESTAMP)
            above_version = stamp.version if stamp else 0
            signing.sign(connection, catalogue, self._ring.find, self._now(), above_version=above_version)
        for role in roles:
            for name in {*documents.keys_in(root, role), *documents.keys_in(former, role)}:
                self._ring.drop(role, name)
        return version

    def delegate(self, publisher: str, courses: str = "", key: str = "", to: Path | None = None) -> str:
        """Let a publisher list courses of its own. With `key`, its public half, the secret one is elsewhere already;
        with `to` it goes to that folder; otherwise it lies at the hub. Returns the key's fingerprint.

        Raises CallerFault.
        """
        if to is not None:
            check_places([to], self._ring)
        pattern = courses or ("*" if publisher in (OWN_PUBLISHER, SOFTWARE) else f"{publisher}-*")
        if not is_publisher(publisher) or not is_course_pattern(pattern):
            raise CallerFault(
                f"{publisher} with {pattern} cannot be a publisher and its courses.",
                "Use small letters, digits and hyphens; in the courses also * and ?.",
            )
        with self._work("publisher-named", publisher=publisher, courses=pattern) as (connection, _):
            former = next((one.key for one in listing.publishers(connection) if one.name == publisher), "")
            public = _public(key) if key else self._new_publisher(publisher, to)
            signing.add_role(connection, publisher, public, pattern, self._now())
            listing.assign(connection)
            listing.mark_due(connection, TARGETS)
            self._catalogue.try_to_sign(connection)
        if former and former != public:
            self._ring.drop(publisher, key_id(former))
        return key_id(public)

    def sign_for(self, publisher: str, folder: Path) -> int:
        """Sign what waits for a publisher, by its key in `folder`. Returns how much it lists.

        Raises KeyMissing, BoxFault.
        """
        with self._work("publisher-signed", publisher=publisher) as (connection, catalogue):
            row = next((one for one in listing.publishers(connection) if one.name == publisher), None)
            if row is None:
                raise _nobody(publisher)
            key = _key_in(folder, publisher)
            if key.public != row.key:
                raise KeyMissing(f"The key in {folder} is not {publisher}'s.", "Put in the stick that bears it.")

            def find(role: str, name: str) -> KeyPair | None:
                return key if role == publisher else self._ring.find(role, name)

            listing.mark_due(connection, publisher)
            signing.sign(connection, catalogue, find, self._now())
            return len(listing.listed_by(connection, publisher))

    def revoke(self, name: str, sticks: Sticks, new_root: Sticks | None = None) -> str:
        """Let a publisher, or whoever holds the key of this fingerprint, count no more. Returns whose it was.

        A top role gets another key, for which two root keys must sign.

        Raises CallerFault, KeyMissing.
        """
        with self._work("key-revoked", name=name) as (connection, catalogue):
            rows = [one for one in listing.publishers(connection) if one.name not in (TARGETS, OWN_PUBLISHER)]
            row = next((one for one in rows if name in (one.name, key_id(one.key))), None)
            if row is not None:
                self._revoke_publisher(connection, row.name)
                return str(row.name)
            root = _newest_root(connection, catalogue)
            roles = [role for role in (ROOT, *ONLINE_ROLES) if name in documents.keys_in(root, role)]
            is_own = any(key_id(one.key) == name for one in listing.publishers(connection) if one.key)
        if is_own:
            self.delegate(OWN_PUBLISHER)
            return OWN_PUBLISHER
        if not roles:
            raise _nobody(name)
        self.rotate(sticks, roles, new_root)
        return roles[0]

    def list_software(self, name: str, data: bytes) -> None:
        """List a piece of the boxes' software, for boxes that update themselves. Raises CallerFault."""
        with self._work("software-listed", file=name) as (connection, _):
            if all(one.name != SOFTWARE for one in listing.publishers(connection)):
                raise CallerFault(
                    "Nobody is named to publish the boxes' software.",
                    f"Run `qanat hub keys delegate {SOFTWARE}` first.",
                )
            listing.note_software(connection, Target(f"{SOFTWARE}/{name}", digest_of(data), len(data)))
            self._catalogue.try_to_sign(connection)

    @contextmanager
    def _work(self, act: str, **about: str) -> Iterator[tuple[Connection, str]]:
        """One transaction over the catalogue, which is there from now on; noted for the audit.

        Nothing is signed first: who comes because a key is lost could not go on.
        """
        with writing(self._engine) as connection:
            catalogue = self._catalogue.begun(connection)
            yield connection, catalogue
            audit.note(connection, audit.COMMAND_LINE, act, about, self._now())

    def _are_root_keys_here(self) -> bool:
        with reading(self._engine) as connection:
            catalogue = signing.own(connection)
            names = [] if catalogue is None else documents.keys_in(_newest_root(connection, catalogue), ROOT)
        return all(self._ring.has(ROOT, name) for name in names)

    def _keys_of(self, root: Document) -> dict[str, list[str]]:
        from catalog.trust.metadata import publics_in

        return publics_in(root.body)

    def _new_root_keys(self, sticks: Sticks | None) -> list[KeyPair]:
        """New root keys, where they belong already: one on each stick, or all at the hub. Raises CallerFault."""
        if sticks is not None and len(set(sticks.folders)) != ROOT_KEYS:
            raise CallerFault(
                f"{ROOT_KEYS} new root keys need {ROOT_KEYS} sticks.", "Name a folder for each with --to."
            )
        keys = [KeyPair.generate() for _ in range(ROOT_KEYS)]
        for place, key in enumerate(keys):
            if sticks is None:
                self._ring.add(ROOT, key)
            else:
                seal_root(key, sticks.folders[place], sticks.passphrase)
        return keys

    def _chain(self, connection: Connection, catalogue: str) -> bytes:
        from catalog.trust import delta

        return delta.to_bytes([delta.part_of(catalogue, documents.roots(connection, catalogue, 0))])

    def _signers(self, root: Document, former: Document, brought: Sequence[KeyPair]) -> list[KeyPair]:
        """Who signs the next root: two keys of the one before it, and those of this hub's own, if sticks had another.

        Boxes that followed either of the two then follow the next. Raises KeyMissing.
        """
        signers = signing.root_signers(self._ring, root, brought)
        if former.body != root.body:
            with suppress(KeyMissing):
                signers += signing.root_signers(self._ring, former, brought)
        return list({key.public: key for key in signers}.values())

    def _seen_root_version(self, connection: Connection) -> int:
        (own,) = (one for one in documents.standings(connection) if one.is_own)
        return own.seen_root_version

    def _learn_roots(self, connection: Connection, catalogue: str, folders: Sequence[Path]) -> None:
        """Take the roots that the sticks know and this hub has forgotten.

        Where this hub has signed others since, under numbers that it had forgotten, those of the sticks take their
        places: they were first, and boxes may have them.
        """
        from catalog.trust import client, delta

        for folder in folders:
            place = folder / CHAIN_FILE.format(catalogue)
            if not place.exists():
                continue
            (part,) = delta.from_bytes(place.read_bytes())
            came = delta.documents_in(part, None)
            client.followed_root(catalogue, None, came)
            ours = {one.version: one.body for one in documents.roots(connection, catalogue, 0)}
            others = [one.version for one in came if ours.get(one.version, one.body) != one.body]
            if others:
                documents.drop_roots(connection, catalogue, min(others))
            root = _newest_root(connection, catalogue)
            rows = [(one, self._now() + life_seconds(ROOT)) for one in came if one.version > root.version]
            if rows:
                documents.keep(connection, catalogue, rows, self._now())

    def _new_publisher(self, publisher: str, folder: Path | None) -> str:
        if folder is None:
            return self._ring.make(publisher).public
        key = KeyPair.generate()
        key.save(folder / f"{publisher}.key")
        return key.public

    def _revoke_publisher(self, connection: Connection, publisher: str) -> None:
        role, row = schema.trust_role, schema.trust_listing
        connection.execute(
            update(role).where(role.c.name == publisher).values(revoked_seconds=self._now(), is_due=signing.SIGNED)
        )
        connection.execute(delete(row).where(row.c.role == publisher))
        listing.mark_due(connection, TARGETS)
        self._catalogue.try_to_sign(connection)

    def _now(self) -> int:
        return self._clock.now().wall_seconds


def _newest_root(connection: Connection, catalogue: str) -> Document:
    root = documents.newest(connection, catalogue, ROOT)
    assert root is not None, "a catalogue begins with its root"
    return root


def _key_in(folder: Path, publisher: str) -> KeyPair:
    """Raises KeyMissing where the publisher's key is not in this folder, or cannot be read."""
    place = folder / f"{publisher}.key"
    try:
        return KeyPair.load(place)
    except BoxFault as error:
        said = "cannot be read" if place.exists() else "is not there"
        hint = f"Put in the stick that bears it; if it is lost, `qanat hub keys delegate {publisher}` makes another."
        raise KeyMissing(f"The key {place} {said}.", hint) from error


def _public(text: str) -> str:
    """Raises CallerFault where the text is no key."""
    try:
        return PublicKey(text).text
    except LinkFault as error:
        raise CallerFault(
            f"{text[:60]} is no public key.",
            "Give the 43 letters that the publisher reads to you; without --key, one is made.",
        ) from error


def _nobody(name: str) -> CallerFault:
    return CallerFault(f"No publisher and no key here is called {name}.", "See `qanat hub keys status` for both.")
