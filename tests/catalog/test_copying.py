"""Whether a learner may keep a copy: what licences say, as people write them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.copying import FREE as FREE_LICENCES
from catalog.copying import Copying, copying, is_free
from catalog.digest import digest_of
from catalog.manifest import LayerName, Release

FREE = [
    "CC BY 4.0", "CC-BY-SA", "cc_by_nc_nd", "CC0", "CC0 1.0", "Creative Commons Attribution", "Public Domain",
    "https://creativecommons.org/licenses/by-nc/4.0/", "https://creativecommons.org/publicdomain/zero/1.0/",
    "GFDL-1.3-or-later", "MIT", "Apache-2.0", "Apache License, Version 2.0",
]  # fmt: skip
RESERVED = [
    "All rights reserved", "© 2024 Acme", "proprietary", "accBYe", "Not Creative Commons", "CC BY except the pictures",
    "Special Permissions", "MIT CCNA", "Public Domain? no",
]  # fmt: skip


def release(licence: str = "", **extra: object) -> Release:
    core = {"core": LayerName(digest_of(b"x"), 1, 1)}
    return Release("water", 1, {"en": "Water"}, {}, ("en",), licence, {}, (), core, extra)


@pytest.mark.parametrize("licence", FREE)
def test_a_free_licence_permits_however_it_is_written(licence: str) -> None:
    assert is_free(licence)


@pytest.mark.parametrize("licence", RESERVED)
def test_whatever_else_does_not(licence: str) -> None:
    assert not is_free(licence)


def test_what_the_publisher_says_counts_before_the_licence() -> None:
    said = [
        copying(release("All rights reserved", keep=True)),
        copying(release("CC BY", keep=False)),
        copying(release("CC BY", keep="yes")),
        copying(release("  ")),
        copying(release("All rights reserved")),
    ]

    assert [Copying.ALLOWED, Copying.FORBIDDEN, Copying.FREE, Copying.UNSAID, Copying.RESERVED] == said


def test_subjects_level_and_minutes_are_read_where_they_are_said() -> None:
    said = Release.from_bytes(release(subjects=["Physics", "Art"], level="8", minutes=40, keep=True).to_bytes())
    odd = release(subjects="Physics", level=8, minutes="long", keep="no")

    assert (("Physics", "Art"), "8", 40, True) == (said.subjects, said.level, said.minutes, said.may_be_kept)
    assert ((), "", 0, None) == (odd.subjects, odd.level, odd.minutes, odd.may_be_kept)
    assert replace(said, extra={}).subjects == ()


def test_the_page_for_people_has_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "finding.md").read_text()

    assert [name for name, _ in FREE_LICENCES] == re.findall(r"^\| (.+?) \| yes \|$", page, re.MULTILINE)
