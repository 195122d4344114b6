"""The packs that docs/protocol.md prints are packs that a box takes: their form is a promise to every mirror."""

import re
from pathlib import Path

from catalog.digest import Digest
from sync.patch.apply import apply
from sync.patch.format import Held

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()
FULL, PATCH = (
    bytes.fromhex(text) for text in re.findall(r"^```hex Pack \d\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
)
ROOTS = [Digest(text) for text in re.findall(r"(?:make the release|on it, to) `(12[0-9a-f]{64})`", PAGE)]

FIRST = {"index.html": b"<h1>Water</h1>\n<p>It falls from the clouds.</p>\n", "style.css": b"h1 { color: navy }\n"}
SECOND = FIRST | {
    "home.css": FIRST["style.css"],
    "index.html": b"<h1>Water</h1>\n<p>It falls from dark clouds.</p>\n",
    "wells.html": b"<h1>Wells</h1>\n<p>It comes from the ground.</p>\n",
}


def rebuilt(road, data, root, base=None):
    road.pack.write_bytes(data)
    with road.box.batch() as batch:
        taken = apply(road.pack, batch, root, "core", base=base)
    assert taken.is_proven
    return taken


def files(road, layer):
    return {entry.path: road.box.path(entry.digest).read_bytes() for entry in layer.entries}


def test_the_full_pack_and_the_patch_unpack_to_what_the_page_says(road):
    first = rebuilt(road, FULL, ROOTS[0])
    second = rebuilt(road, PATCH, ROOTS[1], Held(first.release, first.layer, road.box.open))

    assert FIRST == files(road, first.layer)
    assert SECOND == files(road, second.layer)
