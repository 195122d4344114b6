"""A film in several versions: what is offered is what is here."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog.manifest import Activity, Entry, Layer, LayerName, Release
from edge.box import Box
from edge.library.players.versions import chosen, versions_of

Signed = Callable[..., FlaskClient]
SIZES = {"full": (720, "video"), "video-480": (480, "video"), "video-360": (360, "video"), "audio": (0, "audio")}
ATTRIBUTES = {
    "seconds": 14,
    "poster": "film/poster.jpg",
    "chapters": [{"seconds": 0, "title": "The well"}, {"seconds": 7, "title": "The slope"}],
    "renditions": [
        {
            "height": height,
            "kind": kind,
            "name": name,
            "path": f"film/{name}.mp4",
            "size_bytes": 1_000_000 * (number + 1),
        }
        for number, (name, (height, kind)) in enumerate(reversed(SIZES.items()))
    ],
}
FILM = Activity("film", "video", "film/full.mp4", {"en": "The water"}, ATTRIBUTES)


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """A folder with these versions of the film."""

    def with_(*names: str) -> Path:
        (tmp_path / "film").mkdir(exist_ok=True)
        for name in names:
            (tmp_path / "film" / f"{name}.mp4").write_bytes(b"film")
        return tmp_path

    return with_


@pytest.mark.parametrize(
    ("here", "wanted", "saves_data", "plays"),
    [
        (SIZES, "", False, "video-480"),
        (SIZES, "", True, "video-360"),
        (SIZES, "audio", False, "audio"),
        (SIZES, "full", False, "full"),
        (["full", "audio"], "video-360", False, "full"),
        (["audio"], "", False, "audio"),
        (["video-360", "audio"], "full", False, "video-360"),
    ],
)
def test_the_version_that_plays(
    tree: Callable[..., Path], here: list[str], wanted: str, saves_data: bool, plays: str
) -> None:
    versions = versions_of(FILM, tree(*here))

    assert plays == chosen(versions, "video", wanted, saves_data=saves_data).name


def shelved(box: Box, here: list[str]) -> Release:
    """A course with the film, on the shelf, with those of its versions."""
    entries: dict[str, list[Entry]] = {"core": []}
    with box.store.batch() as batch:
        digest, size_bytes = batch.add_bytes(b"picture")
        entries["core"].append(Entry("film/poster.jpg", size_bytes, digest, "image/jpeg", "poster"))
        for name in SIZES:
            digest, size_bytes = batch.add_bytes(name.encode())
            layer = "video" if name == "full" else name
            entries[layer] = [Entry(f"film/{name}.mp4", size_bytes, digest, "video/mp4")]
    layers = [Layer.of(name, rows) for name, rows in entries.items()]
    named = {layer.name: LayerName(layer.root, layer.size_bytes, len(layer.entries)) for layer in layers}
    release = Release("water", 1, {"en": "Water"}, {}, ("en",), "", {}, (FILM,), named)
    arrived = ["core", *("video" if name == "full" else name for name in here)]

    def work(connection: object) -> None:
        box.releases.record(connection, release, layers)  # type: ignore[arg-type]
        box.shelf.switch(connection, release, arrived)  # type: ignore[arg-type]

    box.database.write(work)
    return release


def test_a_page_offers_what_the_box_holds_and_no_more(box: Box, signed: Signed) -> None:
    shelved(box, ["video-360", "video-480", "audio"])
    client = signed()
    html = unescape(client.get("/library/water/film").text).replace("\xa0", " ")

    assert ["/library/water/film?play=audio", "/library/water/film?play=video-360"] == re.findall(
        r'href="(/library/water/film\?play=[\w-]+)"', html
    )
    for words in ("Only sound · 1 MB", "Small · 2 MB", "Medium · 3 MB"):
        assert words in html
    assert 'src="/library/water/film/file?version=video-480"' in html
    assert 'poster="/library/water/film/poster"' in html
    assert 'href="/library/water/film?play=video-480&at=7"' in html


def test_only_sound_plays_as_sound(box: Box, signed: Signed) -> None:
    shelved(box, ["video-360", "audio"])
    html = signed().get("/library/water/film?play=audio&at=7").text

    assert re.search(r'<audio [^>]*src="/library/water/film/file\?version=audio#t=7"', html)
    assert "<video" not in html


def test_each_version_is_its_own_file(box: Box, signed: Signed) -> None:
    shelved(box, ["video-360"])
    client = signed()
    sent = {
        name: client.get(f"/library/water/film/file?version={name}").headers.get("X-Sendfile", "")[-8:]
        for name in ("video-360", "nothing")
    }

    assert {"video-360": "-360.mp4", "nothing": ""} == sent
    assert 200 == client.get("/library/water/film/poster").status_code


def test_a_film_none_of_whose_versions_came_is_still_to_come(box: Box, signed: Signed) -> None:
    shelved(box, [])
    client = signed()

    assert "comes at night" in client.get("/library/water/film").text
    assert "Comes at night" in client.get("/library/water").text
