"""What rots on the card is fetched again first thing in the next session, by its name, and nothing else is."""

import pytest

from catalog.scrub import Scrub
from sync.parcel import file_name
from tests.sync.session.conftest import SITE
from tests.wire import never_gets_there, release_at


@pytest.fixture
def rotten(hub, box):
    """A course whose page rots on the card; the digest of that page."""
    release_at(hub, "water", 1, {"core": SITE})
    box.syncs()
    page = box.shelf.tree("water") / "index.html"
    page.write_bytes(b"<h1>Wafer</h1>")
    (found,) = Scrub(box.store, box.shelf).read_on(1 << 30).rotten
    assert not page.exists()
    return found.digest


def test_one_file_is_asked_for_and_the_page_is_back(box, rotten):
    before = len(box.wire.packs())

    outcome = box.syncs()

    assert () == outcome.faults
    assert [file_name(rotten)] == box.wire.packs()[before:]
    assert SITE["index.html"] == (box.shelf.tree("water") / "index.html").read_bytes()
    assert [] == Scrub(box.store, box.shelf).rotten()
    assert [] == box.spool.names()


def test_it_comes_before_anything_new(hub, box, rotten):
    release_at(hub, "bread", 1, {"core": {"index.html": b"bread"}})
    before = len(box.wire.packs())

    box.syncs()

    assert file_name(rotten) == box.wire.packs()[before]
    assert 2 == len(box.wire.packs()[before:])


def test_while_the_link_is_down_it_stays_remembered(box, rotten):
    box.wire.misfortunes[:] = [None, *[never_gets_there] * 20]

    outcome = box.syncs()

    assert outcome.faults
    assert [rotten] == [one.digest for one in Scrub(box.store, box.shelf).rotten()]
    box.wire.misfortunes.clear()
    assert () == box.syncs().faults


def test_what_nobody_has_any_more_is_said_and_the_rest_of_the_night_goes_on(hub, box, rotten):
    hub.catalog.store.place_of(rotten).unlink()
    release_at(hub, "bread", 1, {"core": {"index.html": b"bread"}})

    outcome = box.syncs()

    assert ["bread"] == list(outcome.shelved)
    assert "nobody has it any more" in outcome.faults[0].sentence


def test_a_cut_between_the_file_and_its_trees_is_made_good(box, rotten, monkeypatch):
    class Cut(BaseException):
        """The power goes."""

    def cut(*_):
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(Scrub, "back", cut)
        with pytest.raises(Cut):
            box.syncs()
    box.starts()

    box.syncs()

    assert SITE["index.html"] == (box.shelf.tree("water") / "index.html").read_bytes()
    assert [] == Scrub(box.store, box.shelf).rotten()
