"""The channel with real programs: pictures travel as JPEG XL, an update as a patch, and a neighbour gives the rest."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.processes import ROOT
from tests.system.machines import Machine

pytestmark = pytest.mark.system

HEADS_BYTES_MAX = 6_000
"""What a night takes beside its packs: reports, answers and their headers."""


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Stills of a fractal as JPEGs, and a page that shows them."""
    folder = tmp_path / "album"
    folder.mkdir()
    view = "mandelbrot=size=960x720:rate=1:start_scale=0.4:end_scale=0.02:end_pts=6,gblur=sigma=2,noise=alls=2"
    still = ["-frames:v", "6", "-pix_fmt", "yuvj420p", "-q:v", "6", "-huffman", "optimal"]
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", view, *still, str(folder / "%d.jpg")], check=True
    )
    (folder / "index.html").write_text("<!doctype html><title>Album</title><img src=1.jpg>")
    return folder


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[dict[str, Machine]]:
    """A hub and two boxes, in folders that are named from where they are started."""
    here = Path(os.path.relpath(tmp_path, ROOT))
    (tmp_path / "far").mkdir()
    made = {name: Machine(kind, here / name) for name, kind in (("far", "hub"), ("near", "box"), ("next", "box"))}
    yield made
    for machine in made.values():
        machine.stops()


def test_a_course_comes_once_over_the_link_and_the_next_box_has_it_from_its_neighbour(
    machines: dict[str, Machine], album: Path
) -> None:
    hub, near, beside = machines["far"], machines["near"], machines["next"]
    hub.says("publish", str(album), "--course", "album")
    hub.starts()
    for box in (near, beside):
        token = hub.says("token", "--campus", "Hill school")["token"]
        box.says("enrol", "--hub", hub.address, "--token", token)

    pictures_bytes = sum(path.stat().st_size for path in album.glob("*.jpg"))
    first = near.says("sync")
    assert (["album"], "well") == (first["courses"], first["outcome"])
    assert first["bytes_down"] < pictures_bytes * 0.85

    near.starts()
    settings = (ROOT / beside.data / "box.toml").open("a")
    with settings:
        settings.write(f'\nneighbour_addresses = ["{near.address}"]\n')
    second = beside.says("sync")
    assert (["album"], "well") == (second["courses"], second["outcome"])
    assert second["bytes_down"] + second["bytes_up"] < HEADS_BYTES_MAX

    (album / "index.html").write_text("<!doctype html><title>Album</title><img src=2.jpg>")
    shutil.copy(album / "1.jpg", album / "again.jpg")
    (album / "1.jpg").rename(album / "first.jpg")
    (album / "noise.bin").write_bytes(random.Random(7).randbytes(3_000))
    hub.says("publish", str(album), "--course", "album")
    update = near.says("sync")
    assert (["album"], "well", 3) == (update["courses"], update["outcome"], update["requests"])
    assert update["bytes_down"] < HEADS_BYTES_MAX
    assert 2 == near.says("courses")["courses"][0]["version"]
