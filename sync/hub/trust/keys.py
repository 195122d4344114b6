"""The key ring: secret keys of the catalogue that lie at the hub, and root keys that were put on sticks.

* A key lies in a file of its own, named by its role and its fingerprint: a new key never overwrites an old one.
* A root key on a stick is sealed with a passphrase (age); whoever finds the stick has nothing.
* Nothing here prints a secret, and no secret leaves but for a folder that somebody named.
"""

from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from catalog import durable
from catalog.fault import CallerFault
from catalog.trust.roles import ROOT, key_id
from sync.keys import KEY_FILE_MODE, KeyPair

FOLDER = Path("keys/catalogue")
SUFFIX = ".key"
SEALED_SUFFIX = ".key.age"
PASSPHRASE_LETTERS_MIN = 10


class KeyMissing(CallerFault):
    """What was asked needs a secret key that is not here: it lies on a stick, or with a publisher."""


class KeyRing:
    """The secret keys in a folder of the hub."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, role: str) -> KeyPair:
        """A new key for a role, lasting."""
        key = KeyPair.generate()
        self.add(role, key)
        return key

    def add(self, role: str, key: KeyPair) -> None:
        """Keep this key, lasting."""
        self._folder.mkdir(parents=True, exist_ok=True)
        key.save(self._place(role, key_id(key.public)))

    def find(self, role: str, name: str) -> KeyPair | None:
        """The key of this fingerprint, if it lies here. Raises BoxFault where its file cannot be read."""
        place = self._place(role, name)
        return KeyPair.load(place) if place.exists() else None

    def has(self, role: str, name: str) -> bool:
        return self._place(role, name).exists()

    def holds(self, folder: Path) -> bool:
        """Whether a folder lies in the hub's own."""
        return folder.resolve().is_relative_to(self._home)

    def is_on_disk_of(self, folder: Path) -> bool:
        """Whether a folder lies on the hub's own disk: no stick, as far as can be told."""
        return folder.stat().st_dev == self._home.stat().st_dev

    @property
    def _home(self) -> Path:
        return self._folder.resolve().parents[len(FOLDER.parts) - 1]

    def has_any(self, role: str = "") -> bool:
        """Whether any key of this role lies here, or any at all."""
        return any(self._folder.glob(f"{role}-*{SUFFIX}" if role else f"*{SUFFIX}"))

    def drop_all(self, role: str) -> int:
        """Forget every key of a role. Returns how many there were."""
        places = list(self._folder.glob(f"{role}-*{SUFFIX}"))
        for place in places:
            place.unlink()
        if places:
            durable.sync_folder(self._folder)
        return len(places)

    def drop(self, role: str, name: str) -> None:
        """Forget a key that no longer counts, or that lies on a stick now."""
        self._place(role, name).unlink(missing_ok=True)
        if self._folder.exists():
            durable.sync_folder(self._folder)

    def _place(self, role: str, name: str) -> Path:
        return self._folder / f"{role}-{name}{SUFFIX}"


def check_places(folders: Iterable[Path], ring: KeyRing) -> None:
    """See that keys may go to these folders: they are there, and not within the hub's own. Raises CallerFault.

    A stick that is not mounted is a folder that is missing: making it would leave the key on the hub's own disk.
    """
    for folder in folders:
        if not folder.is_dir():
            raise CallerFault(
                f"The folder {folder} is not there.", "Put the stick in, see that it is mounted, and try again."
            )
        if ring.holds(folder):
            raise CallerFault(
                f"The folder {folder} lies in the hub's own data folder.",
                "Name the folder of a stick, or of another disk.",
            )


def seal_root(key: KeyPair, folder: Path, passphrase: str) -> Path:
    """Write a root key to a folder, sealed. Raises CallerFault."""
    if len(passphrase) < PASSPHRASE_LETTERS_MIN:
        raise CallerFault(
            f"The passphrase is shorter than {PASSPHRASE_LETTERS_MIN} letters.", "Take four words that go together."
        )
    secret = key.private.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    place = folder / f"{ROOT}-{key_id(key.public)}{SEALED_SUFFIX}"
    try:
        durable.write_file(place, encrypted(secret, passphrase), KEY_FILE_MODE)
    except OSError as error:
        raise CallerFault(f"{folder} cannot be written to: {error.strerror}.", "Name another folder.") from error
    if unsealed(place, passphrase).public != key.public:
        raise CallerFault(f"What was written to {place} cannot be read back.", "Take another stick.")
    return place


def root_keys_in(folders: Iterable[Path], passphrase: str) -> list[KeyPair]:
    """Every root key that lies sealed in these folders. Raises CallerFault."""
    places = [place for folder in folders for place in sorted(folder.glob(f"{ROOT}-*{SEALED_SUFFIX}"))]
    return [unsealed(place, passphrase) for place in places]


def unsealed(place: Path, passphrase: str) -> KeyPair:
    """The key in a sealed file. Raises CallerFault where the passphrase is another, or the file is damaged."""
    try:
        return KeyPair.from_seed(decrypted(place.read_bytes(), passphrase))
    except (OSError, ValueError) as error:
        raise CallerFault(
            f"The key in {place.name} cannot be opened.", "Check the passphrase, letter by letter; try another stick."
        ) from error


def encrypted(secret: bytes, passphrase: str) -> bytes:
    """A file in the age format that this passphrase opens."""
    from pyrage import passphrase as age

    sealed: bytes = age.encrypt(secret, passphrase)
    return sealed


def decrypted(sealed: bytes, passphrase: str) -> bytes:
    """What such a file holds. Raises ValueError where the passphrase is another, or the file is damaged."""
    from pyrage import DecryptError
    from pyrage import passphrase as age

    try:
        secret: bytes = age.decrypt(sealed, passphrase)
    except DecryptError as error:
        raise ValueError("not opened") from error
    return secret
