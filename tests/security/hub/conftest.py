"""The nouns of the hub's tests, for its rows of docs/security.md."""

import pytest

from tests.sync.hub.conftest import box as box
from tests.sync.hub.conftest import client as client
from tests.sync.hub.conftest import clock as clock
from tests.sync.hub.conftest import hub as hub
from tests.sync.hub.conftest import new_box as new_box
from tests.sync.hub.conftest import publishes as publishes
from tests.sync.hub.conftest import random_bytes as random_bytes
from tests.sync.hub.conftest import token as token


@pytest.fixture
def database_url() -> str | None:
    """These doors are the same whatever the database: the hub's own file will do."""
    return None
