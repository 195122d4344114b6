"""The vendored players: what lies here is what the lock pins, and nothing else."""

import gzip

from catalog.digest import sha256
from edge.library.vendor import FOLDER, addresses, vendored

PLAYERS_BYTES_MAX = 4 << 20


def test_every_file_is_the_one_that_the_lock_names_and_no_other_lies_beside_it() -> None:
    for one in vendored().values():
        found = {
            str(path.relative_to(FOLDER / one.name)): sha256(path.read_bytes()).hex()
            for path in (FOLDER / one.name).rglob("*")
            if path.is_file()
        }

        assert dict(one.files) == found


def test_a_compressed_copy_is_the_file_itself() -> None:
    copies = [FOLDER / one.name / path for one in vendored().values() for path in one.files if path.endswith(".gz")]

    assert copies
    assert all(gzip.decompress(copy.read_bytes()) == copy.with_suffix("").read_bytes() for copy in copies)


def test_each_has_its_licence_beside_it_and_a_pinned_hash() -> None:
    names = {"MIT": "MIT", "Apache-2.0": "Apache License"}
    for one in vendored().values():
        assert names[one.licence] in (FOLDER / one.name / one.licence_file).read_text()
    assert all(one.integrity.startswith("sha512-") for one in vendored().values())


def test_an_address_has_the_version_in_it_so_that_it_may_be_kept_for_ever() -> None:
    served = dict(addresses())

    assert f"scorm-again-{vendored()['scorm-again'].version}/scorm12.min.js" in served
    assert not [address for address in served if address.endswith(".gz")]


def test_the_players_together_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < PLAYERS_BYTES_MAX
