"""Nouns that the tests with real engines share."""

from collections.abc import Iterator

import pytest

from tests.phones import Phones, phones_at_hand


@pytest.fixture(scope="module")
def phones() -> Iterator[Phones]:
    with phones_at_hand() as phones:
        yield phones
