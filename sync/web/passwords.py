"""Passwords and PINs: kept as argon2id, checked a few at a time.

* A hash takes 19 MiB and some tens of milliseconds; at most cores - 1 are made at once, so that pages go on
  and sixty learners signing in together need tens of megabytes, not a gigabyte.
* The parameters are in each hash: a weaker one of former times still verifies, and says that it should be renewed.
"""

import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIBIBYTES = 19_456
PASSES = 2
SECRET_CHARACTERS_MAX = 256

room = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) - 1))
"""Held by whoever stretches a secret, in whatever way."""


def hash_secret(secret: str) -> str:
    """Turn a secret into what may be kept."""
    with room:
        return _hasher().hash(secret[:SECRET_CHARACTERS_MAX])


def verify_secret(kept: str, secret: str) -> bool:
    """Tell whether this is the secret that was kept. Without one kept, it takes as long and is false."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with room:
        try:
            _hasher().verify(kept or _nobody(), secret[:SECRET_CHARACTERS_MAX])
            return bool(kept)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Tell whether this hash was made with other parameters than today's, and should be made again at sign-in."""
    return _hasher().check_needs_rehash(kept)


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIBIBYTES, parallelism=1)


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash of nothing anyone can type, so that an unknown name takes as long as a wrong PIN."""
    return _hasher().hash("\0nobody")
