"""Nouns of learning's tests: a course on the shelf, a learner's phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.manifest import Release
from edge.box import Box
from edge.people.people import Person


@pytest.fixture
def water(box: Box, shelve: Callable[..., Release], tmp_path: Path) -> Release:
    """A small course of two pages."""
    folder = tmp_path / "water"
    folder.mkdir()
    (folder / "index.html").write_text("<h1>Water</h1>")
    (folder / "two.html").write_text("<h1>Rain</h1>")
    return shelve(box, "water", [folder], title="Water")


@pytest.fixture
def learner(phones: Callable[..., Any], amina: Person) -> Any:
    """Amina's phone, signed in."""
    phone = phones("10.0.0.4")
    phone.sends("/sign-in/number", number="D-1042", pin="4719")
    return phone
