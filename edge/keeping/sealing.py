"""Sealing a backup: it can be read by whoever has the key or the passphrase, and by nobody else.

* The age format (https://age-encryption.org/v1), by pyrage; it streams, so a backup may be larger than the memory.
* For a key the file is plain age: `age --decrypt -i KEY` opens it on any machine. A passphrase seals a key made for
  this one file, which stands at its beginning: the library takes passphrases for short texts only.
* What comes out ends in an error where a byte was changed or the end is missing.
* The library is loaded when it is first needed.
"""

import os
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from catalog.fault import CallerFault, ContentFault
from sync.keys import text_in

MAGIC = b"qanat backup sealed by a passphrase, 1\n"
_LENGTH = struct.Struct(">H")
PASSPHRASE_LETTERS_MIN = 12
_WORK_FACTOR = re.compile(rb"^-> scrypt \S+ (\d+)$", re.MULTILINE)


class BackupRefused(ContentFault):
    """A file is no backup of a box, is damaged, or is sealed for somebody else."""


@dataclass(frozen=True, slots=True)
class Lock:
    """What seals a backup: recipients (age or SSH public keys), or a passphrase."""

    recipients: Sequence[str] = ()
    passphrase: str = ""

    def check(self) -> None:
        """Raises CallerFault where this seals nothing."""
        if bool(self.recipients) == bool(self.passphrase):
            raise CallerFault(
                "A backup is sealed, because it holds the names of learners and the key of the box.",
                "Name a public key with --recipient, or a file with a passphrase with --passphrase-file.",
            )
        if self.passphrase and len(self.passphrase) < PASSPHRASE_LETTERS_MIN:
            raise CallerFault(
                f"The passphrase is short: {len(self.passphrase)} letters, of {PASSPHRASE_LETTERS_MIN} at least.",
                "Take five or more words that nobody guesses, and keep them on paper.",
            )
        for text in self.recipients:
            _recipient(text)


def seal(source: BinaryIO, target: BinaryIO, lock: Lock) -> None:
    """Write what `source` holds to `target`, sealed."""
    import pyrage
    from pyrage import passphrase, x25519

    lock.check()
    if lock.passphrase:
        once = x25519.Identity.generate()
        key = passphrase.encrypt(str(once).encode(), lock.passphrase)
        target.write(MAGIC + _LENGTH.pack(len(key)) + key)
        recipients: list[Any] = [once.to_public()]
    else:
        recipients = [_recipient(text) for text in lock.recipients]
    pyrage.encrypt_io(source, target, recipients)


def unseal(source: BinaryIO, target: BinaryIO, identity_file: Path | None, words: str) -> None:
    """Write what was sealed to `target`, by the key in a file or by a passphrase.

    Raises BackupRefused, CallerFault.
    """
    import pyrage
    from pyrage import passphrase, x25519

    is_by_passphrase = source.read(len(MAGIC)) == MAGIC
    if is_by_passphrase != bool(words):
        needed = "a passphrase: name its file with --passphrase-file" if is_by_passphrase else "a key: use --identity"
        raise CallerFault(f"This backup is opened by {needed}.", "Use what it was made with.")
    try:
        if is_by_passphrase:
            (length,) = _LENGTH.unpack(source.read(_LENGTH.size))
            key = source.read(length)
            _check_work(key)
            identity: Any = x25519.Identity.from_str(passphrase.decrypt(key, words).decode())
        else:
            source.seek(0)
            identity = _identity(identity_file)
        pyrage.decrypt_io(source, target, [identity])
    except (pyrage.DecryptError, struct.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's own; the library's "end of file" has no number
        raise BackupRefused(
            "The backup could not be opened: it is damaged, or sealed for another key or passphrase.",
            "Nothing was taken from it. Try the other key, or another copy of the file.",
        ) from error


def _check_work(key: bytes) -> None:
    """Raises BackupRefused where opening takes more than half of this machine's memory: two to the factor, in KiB.

    The library would try to take it, and end the process where there is not as much.
    """
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    factor_max = (memory_bytes // 2 // 1024).bit_length() - 1
    if any(int(factor) > factor_max for factor in _WORK_FACTOR.findall(key)):
        raise BackupRefused(
            "The backup could not be opened: its passphrase takes more memory than this machine has.",
            "Nothing was taken from it. If it was made on a much larger machine, open it there; else it was changed.",
        )


def _recipient(text: str) -> Any:
    from pyrage import RecipientError, ssh, x25519

    try:
        return ssh.Recipient.from_str(text) if text.startswith("ssh-") else x25519.Recipient.from_str(text)
    except RecipientError as error:
        raise CallerFault(
            f"This is no public key that a backup can be sealed to: {text[:40]}.",
            "It begins with age1 (made by `age-keygen`), or with ssh-ed25519 or ssh-rsa.",
        ) from error


def _identity(path: Path | None) -> Any:
    from pyrage import IdentityError, ssh, x25519

    if path is None:
        raise CallerFault("This backup is opened by a key.", "Name the file of the secret key with --identity.")
    text = text_in(path)
    secret = next((line for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-")), "")
    try:
        return x25519.Identity.from_str(secret.strip()) if secret else ssh.Identity.from_buffer(text.encode())
    except IdentityError as error:
        raise CallerFault(f"{path} holds no secret key that is understood.", "Use an age or SSH secret key.") from error
