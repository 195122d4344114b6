"""A film that comes over many nights, while somebody mends the pages of its course."""

import pytest

from sync.receiving.fetching import TRIES_MAX
from tests.wire import cut_at, never_gets_there, noise

pytestmark = pytest.mark.slow

FILM = {"film.mp4": noise(1_500_000, 5)}


def pages(edition):
    return {"index.html": f"<h1>Water, edition {edition}</h1>".encode()}


def test_a_film_that_is_half_here_is_not_begun_anew_when_the_pages_change(box, campus, wire):
    campus.publishes("water", core=pages(1), video=FILM)
    wire.when_packs_are_asked += [None, cut_at(1_200_000), *[never_gets_there] * TRIES_MAX]
    box.syncs()
    campus.publishes("water", 2, core=pages(2), video=FILM)
    campus.publishes("water", 3, core=pages(3), video=FILM)

    outcome = box.syncs()

    assert () == outcome.faults
    assert {"water": ["core", "video"]} == box.on_shelf() == campus.holds(box)
    assert FILM["film.mp4"] == box.reads("water", "film.mp4")
    assert pages(3)["index.html"] == box.reads("water", "index.html")
    assert outcome.traffic.bytes_down < 1_500_000 // 2
