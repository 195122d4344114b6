"""A box and a hub to drive, made once for all tests of a worker."""

import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from sync.web import passwords
from sync.web.challenge import sheet, verifier
from tests.api.driving import Driver
from tests.api.prepared import Prepared
from tests.power.databases import in_memory


@pytest.fixture(scope="session")
def hashes_made_once() -> Iterator[None]:
    """The real argon2 and scrypt, but nobody waits for a hash that was made before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hash_secret", lru_cache(maxsize=None)(passwords.hash_secret))
        patch.setattr(verifier, "stretch", lru_cache(maxsize=None)(verifier.stretch))
        patch.setattr(sheet, "stretch", lru_cache(maxsize=None)(sheet.stretch))
        yield


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    made = in_memory("qanat-api-")
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def prepared(folder: Path, hashes_made_once: None) -> Prepared:
    return Prepared(folder)


@pytest.fixture(scope="session")
def driver(folder: Path, prepared: Prepared) -> Driver:
    return Driver(folder, prepared)
