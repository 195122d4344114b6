"""`qanat sync patch`: build, apply and look at packs by hand.

* What a hub does in the background and a box at night, done here with folders, zips and releases in a data folder.
* Building needs what a hub has installed; applying and looking need nothing but a box's software.
* Heavy imports live inside the commands.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from catalog.digest import Digest
    from sync.patch.format import Held
    from sync.patch.jpeg import JpegXl

_FILE = click.Path(path_type=Path, dir_okay=False)
_OUT = click.option("--out", required=True, metavar="FILE", type=_FILE, help="The file to write.")
_LAYER = click.option(
    "--layer", metavar="NAME", default="core", show_default=True, help="Which layer, where V is a release in a store."
)
_JPEG_XL = click.option(
    "--jpeg-xl/--no-jpeg-xl",
    "wants_jpeg_xl",
    default=None,
    help="Pack JPEGs as JPEG XL; who unpacks it needs `djxl`. If neither is said: where `cjxl` is and it pays.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")


@click.group()
def sync() -> None:
    """How courses travel, done by hand."""


@sync.group()
def patch() -> None:
    """Packs: what brings one layer of a course, whole or as a patch on an older version.

    A version V is a folder, a zip (its files count, not the zip), or DATA:COURSE@VERSION: a release in the data folder
    of a hub or box; without @VERSION the latest.
    """


@patch.command()
@click.argument("v1", metavar="V1")
@click.argument("v2", metavar="V2")
@_OUT
@_LAYER
@_JPEG_XL
@_JSON
def build(v1: str, v2: str, out: Path, layer: str, wants_jpeg_xl: bool | None, *, as_json: bool) -> None:
    """Write the patch that makes V2 out of V1."""
    from sync.patch.versions import opened

    with opened(v1, layer, _say) as base, opened(v2, layer, _say) as version:
        _build(version, base, out, wants_jpeg_xl, as_json=as_json)


@patch.command()
@click.argument("v", metavar="V")
@_OUT
@_LAYER
@_JPEG_XL
@_JSON
def full(v: str, out: Path, layer: str, wants_jpeg_xl: bool | None, *, as_json: bool) -> None:
    """Write the full pack of V, for those who have nothing of it."""
    from sync.patch.versions import opened

    with opened(v, layer, _say) as version:
        _build(version, None, out, wants_jpeg_xl, as_json=as_json)


@patch.command()
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--from", "v1", metavar="V1", help="What the patch was made on; a full pack needs nothing.")
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="A new or empty folder.")
@click.option("--root", metavar="ROOT", help="The release that it must be; it is refused if it is another.")
@_LAYER
def apply(file: Path, v1: str | None, out: Path, root: str | None, layer: str) -> None:
    """Rebuild V2 in a folder, out of FILE and V1, and prove that it is V2."""
    from sync.patch.folders import unpack
    from sync.patch.jpeg import JpegXl

    with _base(file, v1, layer) as base:
        rebuilt = unpack(file, out, base=base, jpeg_xl=JpegXl.find(), expected_root=_root(root))
    click.echo(f"{out}: {len(rebuilt.layer.entries):,} files, {rebuilt.layer.size_bytes:,} bytes.")
    click.echo(f"Release {rebuilt.release.root}")


@patch.command()
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--from", "v1", metavar="V1", help="What the patch was made on: with it, more can be told.")
@_LAYER
@_JSON
def show(file: Path, v1: str | None, layer: str, *, as_json: bool) -> None:
    """Tell what is in FILE: operations, groups, bytes by codec."""
    from sync.patch.show import described, lines

    with _base(file, v1, layer, is_needed=False) as base:
        document = described(file, base)
    if as_json:
        _print(document)
        return
    for line in lines(document):
        click.echo(line)


def _build(version: "Held", base: "Held | None", out: Path, wants_jpeg_xl: bool | None, *, as_json: bool) -> None:
    from sync.patch.build import build

    _check_folder(out)
    with _bar() as progress:
        info = build(
            version.release,
            version.layer,
            version.open,
            out,
            base=base,
            jpeg_xl=_jpeg_xl(wants_jpeg_xl),
            progress=progress,
        )
    profile = info.profile.name.lower().replace("_", "-")
    if as_json:
        roots = {"from": base.release.root if base else None, "to": version.release.root}
        _print({"bytes": info.size_bytes, "groups": info.groups, "name": info.name, "profile": profile, **roots})
        return
    click.echo(f"{out}: {info.size_bytes:,} bytes, {info.groups} groups, profile {profile}.")


def _jpeg_xl(is_wanted: bool | None) -> "JpegXl | None":
    from catalog.fault import CallerFault
    from sync.patch.jpeg import JpegXl

    if is_wanted is False:
        return None
    found = JpegXl.find()
    if found is not None and found.can_pack:
        return found
    if is_wanted:
        raise CallerFault(
            "JPEGs cannot be packed here: cjxl or djxl is missing.", "Install libjxl-tools, or leave --jpeg-xl out."
        )
    return None


@contextmanager
def _base(file: Path, v1: str | None, layer: str, *, is_needed: bool = True) -> "Iterator[Held | None]":
    """What the pack was made on, opened; None where it is a full pack, or may be left out."""
    from catalog.fault import CallerFault
    from sync.patch.format import base_of
    from sync.patch.versions import opened

    if not file.is_file():
        raise CallerFault(f"There is no {file} here.", "Name a file that `qanat sync patch build` or `full` wrote.")
    root = base_of(file)
    if root is None or (v1 is None and not is_needed):
        yield None
        return
    if v1 is None:
        raise CallerFault(f"{file.name} is a patch.", "Name the version that it was made on: --from V1.")
    with opened(v1, layer, _say) as base:
        if base.release.root != root:
            raise CallerFault(
                f"{file.name} was not made on {v1}, but on another version.",
                f"Name the release {root[2:18]}; {v1} is {base.release.root[2:18]}.",
            )
        yield base


def _root(text: str | None) -> "Digest | None":
    from catalog.digest import Digest, is_digest
    from catalog.fault import CallerFault

    if text is not None and not is_digest(text):
        raise CallerFault(f"{text!r} is no root.", "A root has 66 letters and begins with 12.")
    return None if text is None else Digest(text)


def _check_folder(out: Path) -> None:
    from catalog.fault import CallerFault

    if not out.parent.is_dir():
        raise CallerFault(f"There is no folder {out.parent} here.", "Make it first, or name another place.")


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None] | None]:
    """A bar on stderr where someone watches; it costs nothing where no one does."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label="Packing", file=sys.stderr) as bar:

        def show(done_bytes: int, total_bytes: int) -> None:
            bar.length = max(total_bytes, 1)
            bar.update(done_bytes - bar.pos)

        yield show


def _print(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
