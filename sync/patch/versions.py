"""Versions: a course as it lies somewhere, a folder, a zip or a release in a store, ready to be packed or built on.

* A folder is taken file by file as it is, so that what is rebuilt from a patch is that folder again.
* A zip is unpacked first: what counts are its files, whatever tool packed them. One folder around everything is left
  off, and what macOS puts beside it too; so the zip of a folder is the same version as that folder.
* Folders and zips have no words of their own: two with the same files are the same release, whatever they are called.
* Nothing is written but a zip's files, under numbers and never under their own names, in a folder that goes again.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from catalog.digest import Digest, Hasher, digest_of_file
from catalog.durable import disk_fault
from catalog.fault import CallerFault, ContentFault
from catalog.importers.archive import Archive, Member, is_zip
from catalog.importers.folder import walk
from catalog.importers.intake import first_bytes, unreadable
from catalog.importers.report import Report
from catalog.manifest import CORE, Entry, Layer, LayerName, Release
from catalog.media import media_type
from catalog.publish import DATABASE, Catalog
from catalog.tree import check_paths
from sync.patch.format import Held

BOX_DATABASE = "box.db"
COURSE = "course"
MACOS_FOLDER = "__MACOSX/"

Say = Callable[[str], None]


@contextmanager
def opened(text: str, layer_name: str = CORE, say: Say = lambda line: None) -> Iterator[Held]:
    """One layer of what `text` names: a folder, a zip, or `DATA:COURSE@VERSION`, a release in a hub's or box's data
    folder (without `@VERSION`: the latest). `say` is told what was left out or mended.

    Raises CallerFault where there is no such thing, ContentFault where it cannot be taken.
    """
    place = Path(text)
    if place.is_dir():
        yield _folder(place, say)
    elif place.is_file():
        with _zip(place, say) as held:
            yield held
    else:
        with _release(text, layer_name) as held:
            yield held


def release_of(layer: Layer) -> Release:
    """The release that a bare set of files makes."""
    named = LayerName(layer.root, layer.size_bytes, len(layer.entries))
    return Release(COURSE, 1, {}, {}, (), "", {}, (), {layer.name: named})


def _folder(folder: Path, say: Say) -> Held:
    report = Report()
    places: dict[Digest, Path] = {}
    entries: list[Entry] = []
    for found in walk(folder, report):
        try:
            digest = digest_of_file(found.place)
        except OSError as error:
            raise unreadable(found.place, error) from error
        places.setdefault(digest, found.place)
        entries.append(Entry(found.path, found.size_bytes, digest, media_type(found.path)))
        own = found.place.relative_to(folder).as_posix()
        if own != found.path:
            say(f"{found.path!r}: its name was written in another way, and is normal now.")
    _tell(report, say)
    return _held(entries, places)


@contextmanager
def _zip(source: Path, say: Say) -> Iterator[Held]:
    if not is_zip(first_bytes(source)):
        raise CallerFault(
            f"{source.name} is neither a folder nor a zip.", "Name a folder, a zip, or DATA:COURSE@VERSION."
        )
    report = Report()
    with tempfile.TemporaryDirectory(prefix="qanat-zip-") as folder, Archive(source, report) as archive:
        members = [member for member in archive.members if not member.path.startswith(MACOS_FOLDER)]
        top = _wrapping([member.path for member in members])
        places: dict[Digest, Path] = {}
        entries = [
            _unpacked(archive, member, member.path.removeprefix(top), Path(folder) / str(number), places)
            for number, member in enumerate(members)
        ]
        _tell(report, say)
        yield _held(entries, places)


def _unpacked(archive: Archive, member: Member, path: str, place: Path, places: dict[Digest, Path]) -> Entry:
    hasher = Hasher()
    try:
        with place.open("xb") as file:
            for piece in archive.pieces(member):
                hasher.update(piece)
                file.write(piece)
    except OSError as error:
        raise disk_fault(error, place) from error
    digest = hasher.digest()
    places.setdefault(digest, place)
    return Entry(path, hasher.size_bytes, digest, media_type(path))


def _wrapping(paths: Sequence[str]) -> str:
    """The one folder around all of `paths`, or nothing: some tools put it there, and it is no part of the course."""
    top = paths[0].partition("/")[0] if paths else ""
    return f"{top}/" if paths and all(path.startswith(f"{top}/") for path in paths) else ""


@contextmanager
def _release(text: str, layer_name: str) -> Iterator[Held]:
    data, _, wanted = text.rpartition(":")
    if not data or not Path(data).is_dir():
        raise CallerFault(
            f"There is no {text!r} here.", "Name a folder, a zip, or a release in a data folder: DATA:COURSE@VERSION."
        )
    course, _, number = wanted.partition("@")
    catalog = _catalog(Path(data))
    try:
        found = [one for one in catalog.releases.versions(course) if not number or str(one.version) == number]
        if not found:
            raise CallerFault(
                f"{data} holds no release {wanted}.", f"`qanat catalog show --data {data}` lists what there is."
            )
        layers = {layer.name: layer for layer in catalog.releases.layers(found[-1].root)}
        if layer_name not in layers:
            raise CallerFault(
                f"{wanted} has no layer {layer_name} here.",
                f"Those that are here: {', '.join(sorted(layers)) or 'none'}.",
            )
        yield Held(found[-1], layers[layer_name], catalog.store.open)
    finally:
        catalog.close()


def _catalog(data: Path) -> Catalog:
    for name in (DATABASE, BOX_DATABASE):
        if (data / name).is_file():
            return Catalog.open(data, name)
    raise CallerFault(
        f"{data} is not the data folder of a hub or box.", "Name the folder that `--data` names elsewhere."
    )


def _held(entries: Iterable[Entry], places: dict[Digest, Path]) -> Held:
    layer = Layer.of(CORE, entries)
    check_paths(entry.path for entry in layer.entries)

    def open_file(digest: Digest) -> BinaryIO:
        try:
            return places[digest].open("rb")
        except OSError as error:
            raise ContentFault(
                f"{places[digest].name} can no longer be read.", "Try again once nothing changes the folder."
            ) from error

    return Held(release_of(layer), layer, open_file)


def _tell(report: Report, say: Say) -> None:
    for line in (*report.left_out, *report.repaired):
        say(line)
