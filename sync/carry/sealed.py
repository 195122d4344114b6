"""Sealing: what tells of learners can be read by one hub or one box alone, whoever holds the stick.

* The age format (https://age-encryption.org/v1), by pyrage, to the reader's own Ed25519 key as an SSH recipient: each
  side knows the other's since enrolment, so that no second key has to be made, kept or sent.
* It streams both ways, and what comes out is bounded: a sealed file may claim anything.
* The library is loaded when it is first needed.
"""

import base64
import struct
from typing import BinaryIO

from cryptography.hazmat.primitives import serialization

from sync.carry.letter import LetterRefused, damaged
from sync.keys import KeyPair, PublicKey

_KIND = b"ssh-ed25519"


class _Overlong(Exception):
    """More comes out than a letter may hold."""


class _Bounded:
    """Passes on what is written, up to a limit."""

    def __init__(self, target: BinaryIO, bytes_max: int) -> None:
        self._target = target
        self._left_bytes = bytes_max

    def write(self, data: bytes) -> int:
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise _Overlong
        return self._target.write(data)

    def flush(self) -> None:
        self._target.flush()


def seal(source: BinaryIO, target: BinaryIO, reader: PublicKey) -> None:
    """Write what `source` holds to `target`, for this reader's eyes only."""
    import pyrage
    from pyrage import ssh

    pyrage.encrypt_io(source, target, [ssh.Recipient.from_str(_recipient(reader))])


def unseal(source: BinaryIO, target: BinaryIO, keys: KeyPair, bytes_max: int) -> None:
    """Write what was sealed for us to `target`, at most `bytes_max`.

    Raises LetterRefused where it is not for us, damaged, or too long.
    """
    import pyrage
    from pyrage import ssh

    identity = ssh.Identity.from_buffer(
        keys.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
    )
    try:
        pyrage.decrypt_io(source, _Bounded(target, bytes_max), [identity])
    except _Overlong as error:
        raise LetterRefused(
            f"What is sealed on the stick is longer than {bytes_max >> 20} MiB; no letter ever is.",
            "Nothing was taken from it. Have it written again.",
        ) from error
    except pyrage.DecryptError as error:
        raise LetterRefused(
            "A letter on the stick is damaged, or sealed for somebody else.",
            "Nothing was taken from it. Take it to the hub or the box that it was written for.",
        ) from error
    except OSError as error:
        raise damaged() from error


def _recipient(reader: PublicKey) -> str:
    """A key as SSH writes one: the same 32 bytes, in another coat."""
    blob = struct.pack(">I", len(_KIND)) + _KIND + struct.pack(">I", len(reader.raw)) + reader.raw
    return f"{_KIND.decode()} {base64.b64encode(blob).decode()}"
