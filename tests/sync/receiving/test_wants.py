"""What a box still has to fetch, between sessions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import releases, store
from catalog.db import Database
from catalog.digest import Digest, digest_of
from catalog.manifest import Entry, Layer, Release
from catalog.releases import Releases
from catalog.store import Store
from sync.receiving import wants
from sync.receiving.spool import Spool
from sync.receiving.wants import Wants
from sync.wire import Parcel
from tests.wire import release_of


class Shelfless:
    """Wants, and the releases and the spool that say how much of them is here."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "box.db", [store.migrations, releases.migrations, wants.migrations])
        self.store = Store(folder / "store", self.database)
        self.releases = Releases(self.database, self.store)
        self.spool = Spool(folder / "spool")
        self.wants = Wants(self.database, self.releases, self.spool)

    def plans(self, *plan: Parcel) -> None:
        self.database.write(lambda connection: self.wants.keep(connection, plan))

    def has(self, release: Release, *layers: Layer) -> None:
        self.database.write(lambda connection: self.releases.record(connection, release, layers))


def layer(name: str, words: str) -> Layer:
    return Layer.of(name, [Entry(f"{words}.html", len(words), digest_of(words.encode()), "text/html")])


CORES = [layer("core", f"page {number}") for number in range(4)]
FILM = layer("video", "film")
RELEASES = [release_of("water", number, [core, FILM]) for number, core in enumerate(CORES)]


def parcel(to: int, base: int | None = None, layer: str = "core", size_bytes: int = 1000) -> Parcel:
    from_root: Digest | None = RELEASES[base].root if base is not None else None
    return Parcel("water", to, RELEASES[to].root, layer, f"{layer}-{to}-{base}", size_bytes, 5000, from_root)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Shelfless]:
    box = Shelfless(tmp_path)
    yield box
    box.database.close()


def test_the_plan_is_kept_as_it_came_and_the_next_takes_its_place(box: Shelfless) -> None:
    box.plans(parcel(1), parcel(1, layer="video"))
    box.plans(parcel(2, 1), parcel(2, layer="video"))

    assert [parcel(2, 1), parcel(2, layer="video")] == box.wants.plan() == box.wants.lacking()


def test_what_came_from_wherever_is_lacking_no_more(box: Shelfless) -> None:
    box.plans(parcel(1), parcel(1, layer="video"))

    box.has(RELEASES[1], CORES[1])

    assert [parcel(1, layer="video")] == box.wants.lacking()


def test_of_a_chain_only_what_lies_behind_the_last_hop_here_is_lacking(box: Shelfless) -> None:
    chain = [parcel(1, 0), parcel(2, 1), parcel(3, 2)]
    box.plans(*chain)
    box.has(RELEASES[2], CORES[2])

    assert chain[2:] == box.wants.lacking()


def test_of_a_chain_whose_end_is_here_nothing_is_lacking(box: Shelfless) -> None:
    box.plans(parcel(1, 0), parcel(2, 1))
    box.has(RELEASES[2], CORES[2])

    assert [] == box.wants.lacking()


def test_what_lies_in_the_spool_does_not_come_again(box: Shelfless) -> None:
    box.plans(parcel(1), parcel(1, layer="video", size_bytes=5000))
    box.spool.write("core-1-None", [b"x" * 400], 1000)

    assert 600 + 5000 == box.wants.coming_bytes()


def test_layers_that_do_not_come_to_this_box_are_not_lacking(box: Shelfless) -> None:
    box.plans(parcel(1), parcel(1, layer="video"))
    text_only = Wants(box.database, box.releases, box.spool, lambda layer: layer == "core")

    assert [parcel(1)] == text_only.lacking()


def test_an_unfit_base_is_remembered_as_long_as_its_release_is_here(box: Shelfless) -> None:
    box.has(RELEASES[0], CORES[0])
    box.database.write(lambda connection: box.wants.refuse_base(connection, RELEASES[0].root, "core"))
    known = box.wants.unfit_bases()
    box.database.write(lambda connection: box.releases.forget_others(connection, []))

    assert ({(RELEASES[0].root, "core")}, set()) == (known, box.wants.unfit_bases())


def test_a_base_of_which_nothing_is_here_needs_no_remembering(box: Shelfless) -> None:
    box.database.write(lambda connection: box.wants.refuse_base(connection, RELEASES[0].root, "core"))

    assert set() == box.wants.unfit_bases()
