"""Libraries that pages load from public servers: replaced by the very same bytes, where they lie here."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.digest import sha256
from catalog.importers.course import Imported
from catalog.importers.repairs.vendored import FOLDER, copy_of, table
from catalog.store import Store

Read = Callable[..., Imported]
Zips = Callable[[str, Mapping[str, bytes | str]], Path]

JQUERY = "https://code.jquery.com/jquery-3.7.1.min.js"
BYTES_MAX = 300_000


def held(imported: Imported, files: Store) -> dict[str, bytes]:
    return {entry.path: files.path(entry.digest).read_bytes() for entry in imported.layers[0].entries}


def test_every_copy_is_what_its_hash_says_and_all_of_them_are_small() -> None:
    assert {name: one["sha256"] for name, one in table().items()} == {
        name: sha256(copy_of(name)).hex() for name in table()
    }
    assert sum(path.stat().st_size for path in FOLDER.glob("*.gz")) < BYTES_MAX
    assert all(one["package"].partition("@")[2] in name for name, one in table().items())


def test_a_known_library_comes_into_the_course_once(reading: Read, zipped: Zips, files: Store) -> None:
    page = f'<title>x</title><script src="{JQUERY}" integrity="sha384-x"></script>'
    imported = reading(zipped("course.zip", {"index.html": page, "unit/two.html": page.replace("https:", "")}))

    found = held(imported, files)
    assert copy_of("jquery-3.7.1.min.js") == found["site/vendored/jquery-3.7.1.min.js"]
    assert b'src="vendored/jquery-3.7.1.min.js"' in found["site/index.html"]
    assert b'src="../vendored/jquery-3.7.1.min.js"' in found["site/unit/two.html"]
    assert [] == imported.report.external_links
    assert 1 == sum("a copy of it is in the course now" in line for line in imported.report.repaired)


@pytest.mark.parametrize(
    "address",
    [
        "https://code.jquery.com/jquery-latest.min.js",
        "https://evil.example/code.jquery.com/jquery-3.7.1.min.js",
        "https://code.jquery.com/jquery-3.7.1.js",
        "https://code.jquery.com.evil.example/jquery-3.7.1.min.js",
    ],
)
def test_any_other_address_stays_and_is_listed(reading: Read, zipped: Zips, address: str) -> None:
    imported = reading(zipped("course.zip", {"index.html": f'<title>x</title><script src="{address}"></script>'}))

    assert ["site/index.html"] == [entry.path for entry in imported.layers[0].entries]
    assert [address] == [link.address for link in imported.report.external_links]
