"""What every link promises, asked of each: over HTTP, over a real socket, to a neighbour, to a stick, and in memory."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from random import Random
from typing import Any

import pytest

from catalog.digest import digest_of
from catalog.fault import LinkFault
from sync.carry.carrier import Listed, parts_of
from sync.carry.stick import FOLDER, Stick
from sync.clock import SystemClock
from sync.hub.app import create_app
from sync.hub.hub import Hub
from sync.link import Link, LinkBroken, NotTheHub, PackMissing
from sync.links.folder import FolderLink
from sync.links.http import HttpLink
from sync.links.neighbour import NeighbourLink
from sync.parcel import file_name, manifest_name, release_name
from sync.web.front import Front, Site
from sync.web.wsgi import Application
from tests.sync.conftest import SEED, HandClock
from tests.wire import ADDRESS, SimulatedLink, Wire, noise, release_at

MISSING = "core-00000000000000000000000000000000-full-2"


class Served:
    """A hub with one course, and everything that may be fetched from it by name."""

    def __init__(self, folder: Path) -> None:
        self.hub = Hub.open(folder, HandClock(), Random(SEED).randbytes)
        release = release_at(self.hub, "water", 1, {"core": {"index.html": b"<h1>Water</h1>", "b.bin": noise(200_000)}})
        self.app = create_app(self.hub)
        (self.pack,) = [path.name for path in self.hub.packing.folder.iterdir() if path.name.startswith("core-")]
        layer = self.hub.catalog.releases.layers(release.root)[0]
        page = next(entry for entry in layer.entries if entry.path == "index.html")
        self.documents = [release_name(release.root), manifest_name(layer.root), file_name(page.digest)]
        wire = HttpLink(ADDRESS, Wire(self.app))
        self.files = {name: b"".join(wire.fetch(name, 0, None)) for name in (self.pack, *self.documents)}
        assert [release.to_bytes(), b"<h1>Water</h1>"] == [self.files[self.documents[0]], self.files[self.documents[2]]]


OpenLink = Callable[[Served, Path], AbstractContextManager[Link]]


def over_http(served: Served, folder: Path) -> AbstractContextManager[Link]:
    return HttpLink(ADDRESS, Wire(served.app))


def to_a_neighbour(served: Served, folder: Path) -> AbstractContextManager[Link]:
    return NeighbourLink(ADDRESS, Wire(served.app))


def in_memory(served: Served, folder: Path) -> AbstractContextManager[Link]:
    return nullcontext(SimulatedLink(served.files))


def to_a_stick(served: Served, folder: Path) -> AbstractContextManager[Link]:
    return nullcontext(stick_with({served.pack: served.files[served.pack]}, folder))


@contextmanager
def over_tcp(served: Served, folder: Path) -> Iterator[Link]:
    application = Application(served.app, [served.hub.data])
    front = Front([Site("127.0.0.1", 0, application)], SystemClock())
    with front.serving(), HttpLink(f"http://127.0.0.1:{front.ports[0]}") as link:
        yield link


def stick_with(files: Mapping[str, bytes], disk: Path) -> FolderLink:
    listed = {name: Listed(name, len(data), digest_of(data)) for name, data in files.items()}
    (disk / FOLDER).mkdir(parents=True)
    for one in listed.values():
        for part in parts_of(one):
            place = slice(part.offset, part.offset + part.size_bytes)
            (disk / FOLDER / part.name).write_bytes(files[one.pack][place])
    return FolderLink(Stick(disk), listed)


LINKS: list[Any] = [
    over_http,
    pytest.param(over_tcp, marks=pytest.mark.system),
    to_a_neighbour,
    to_a_stick,
    in_memory,
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("hub"))
    yield served
    served.hub.close()


@pytest.fixture(params=LINKS, ids=lambda one: one.__name__)
def link(request: pytest.FixtureRequest, served: Served, tmp_path: Path) -> Iterator[Link]:
    open_link: OpenLink = request.param
    with open_link(served, tmp_path) as link:
        yield link


def test_a_pack_comes_whole(link: Link, served: Served) -> None:
    data = served.files[served.pack]

    assert data == b"".join(link.fetch(served.pack, 0, len(data)))


@pytest.mark.parametrize("offset", [1, 65_536, 199_999])
def test_a_pack_comes_from_the_byte_where_it_was_left(link: Link, served: Served, offset: int) -> None:
    data = served.files[served.pack]

    assert data[offset:] == b"".join(link.fetch(served.pack, offset, len(data)))


def test_a_pack_comes_to_its_end_where_nobody_said_how_long_it_is(link: Link, served: Served) -> None:
    assert served.files[served.pack] == b"".join(link.fetch(served.pack, 0, None))


def test_what_is_not_there_is_missing(link: Link) -> None:
    with pytest.raises(PackMissing) as missing:
        list(link.fetch(MISSING, 0, 1000))

    assert missing.value.sentence


def test_nothing_is_asked_before_the_first_piece(link: Link, served: Served) -> None:
    before = link.traffic

    link.fetch(served.pack, 0, 1000)

    assert before == link.traffic


def test_what_crosses_is_counted(link: Link, served: Served) -> None:
    data = served.files[served.pack]
    before = link.traffic

    list(link.fetch(served.pack, 0, len(data)))

    moved = link.traffic - before
    assert 1 == moved.requests
    assert len(data) <= moved.bytes_down <= len(data) + 1000


def test_hanging_up_leaves_the_link_of_use(link: Link, served: Served) -> None:
    data = served.files[served.pack]
    pieces = link.fetch(served.pack, 0, len(data))
    first = next(pieces)
    pieces.close()

    assert data == first + b"".join(link.fetch(served.pack, len(first), len(data)))


@pytest.mark.parametrize("wrong_by", [-1, 1])
def test_another_length_than_the_plan_says_is_a_fault_and_never_more_bytes(
    link: Link, served: Served, wrong_by: int
) -> None:
    said_bytes = len(served.files[served.pack]) + wrong_by
    came = bytearray()

    with pytest.raises((NotTheHub, LinkBroken, PackMissing)):
        for piece in link.fetch(served.pack, 0, said_bytes):
            came += piece

    assert len(came) <= said_bytes


@pytest.mark.parametrize("document", range(3))
@pytest.mark.parametrize("open_link", [one for one in LINKS if one is not to_a_stick])
def test_documents_and_single_files_come_by_name(
    open_link: OpenLink, served: Served, tmp_path: Path, document: int
) -> None:
    """A stick has packs only, and says so as of any other file that it lacks."""
    name = served.documents[document]

    with open_link(served, tmp_path) as link:
        assert served.files[name] == b"".join(link.fetch(name, 0, None))


@pytest.mark.parametrize("open_link", [to_a_neighbour, to_a_stick, in_memory])
def test_a_link_that_carries_no_messages_says_so(open_link: OpenLink, served: Served, tmp_path: Path) -> None:
    with open_link(served, tmp_path) as link, pytest.raises(LinkFault) as fault:
        link.exchange("/sync/session", b"{}", {})

    assert fault.value.sentence.endswith(".")
    assert fault.value.hint
