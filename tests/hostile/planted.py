"""Planted mistakes: ways in which a door could stand open. The cases must find each of them.

* A mistake is the real code with one care left out, the one that its name says.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

MISTAKES: dict[str, Plant] = {}
DOORS: dict[str, str] = {}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The mistake is there while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        MISTAKES[name](patch)
        yield


def mistake(door: str, name: str) -> Callable[[Plant], Plant]:
    """Register a mistake under what the code does that makes it, and the door at which it shows."""
    DOORS[name] = door
    return lambda plant: MISTAKES.setdefault(name, plant)


@mistake("batches", "columns are read beyond their end")
def _short_columns(patch: Patch) -> None:
    from sync.columns import Reader

    def take(reader: Reader, size: int) -> bytes:
        piece = reader._data[reader._place : reader._place + size]
        reader._place += size
        return piece

    patch.setattr(Reader, "take", take)


@mistake("batches", "a batch is believed without its chain")
def _no_chain(patch: Patch) -> None:
    from sync.batch import Batch

    patch.setattr(Batch, "hash_at", lambda batch, sequence: batch.last_hash)


@mistake("messages", "a message may count anything")
def _any_count(patch: Patch) -> None:
    from sync import fields

    patch.setattr(fields, "whole_in", lambda value, what, least=0: value)


@mistake("archives", "a name may lead out of its folder")
def _zip_slip(patch: Patch) -> None:
    from catalog.importers import archive, course, intake

    patch.setattr(archive, "_mended", lambda source, info, alphabet, report: info.orig_filename)
    patch.setattr(archive, "_leads_out", lambda path: False)
    patch.setattr(archive, "is_safe_path", lambda path: True)
    patch.setattr(intake, "is_safe_path", lambda path: True)
    patch.setattr(course, "check_paths", lambda paths: None)


@mistake("archives", "an archive may unpack to anything")
def _bombs(patch: Patch) -> None:
    from catalog.importers.archive import Archive

    patch.setattr(Archive, "pieces", lambda archive, member: iter([archive._zip.read(member.info)]))


@mistake("films", "captions are taken in any alphabet")
def _any_alphabet(patch: Patch) -> None:
    from catalog.importers.media import captions

    patch.setattr(captions, "_text", lambda source, intake: source.read_bytes())


@mistake("packs", "a full pack is believed without its root")
def _no_root(patch: Patch) -> None:
    from sync.patch import apply

    honest = apply.demand
    patch.setattr(
        apply,
        "demand",
        lambda holds, what, good=0: None if "its files are not those" in what else honest(holds, what, good),
    )


@mistake("packs", "a header is read beyond its end")
def _short_header(patch: Patch) -> None:
    _short_columns(patch)


@mistake("letters", "a letter is believed whoever signed it")
def _any_letter(patch: Patch) -> None:
    from sync.carry import letter

    patch.setattr(letter, "_proven", lambda data, public, way: None)


@mistake("files", "a single file may name anything")
def _any_name(patch: Patch) -> None:
    from sync.carry import single

    patch.setattr(single, "is_file_name", lambda name: True)


@mistake("sealed", "what is unsealed has no end")
def _endless(patch: Patch) -> None:
    from sync.carry import sealed

    patch.setattr(sealed, "_Bounded", lambda target, bytes_max: target)


@mistake("metadata", "a document is believed whoever signed it")
def _any_signature(patch: Patch) -> None:
    from tuf.api.metadata import Root, Targets

    for kind in (Root, Targets):
        patch.setattr(kind, "verify_delegate", lambda *_: None)


@mistake("metadata", "a publisher is heard everywhere")
def _any_path(patch: Patch) -> None:
    from tuf.api.metadata import DelegatedRole

    patch.setattr(DelegatedRole, "is_delegated_path", lambda *_: True)


@mistake("box-backups", "a backup may hold any file")
def _any_file(patch: Patch) -> None:
    from edge.keeping import restore

    patch.setattr(restore, "NAMES", re.compile(r"(?s).*"))


@mistake("box-backups", "a refused backup stays where it was unpacked")
def _left_behind(patch: Patch) -> None:
    from edge.keeping import restore

    patch.setattr(restore.shutil, "rmtree", lambda *_, **__: None)


@mistake("hub-backups", "a hub's backup may hold any file")
def _any_hub_file(patch: Patch) -> None:
    from sync.hub.keeping import backup

    patch.setattr(backup, "NAMES", re.compile(r"(?s).*"))


@mistake("hub-backups", "a hub's backup may name any place of a course's file")
def _any_digest(patch: Patch) -> None:
    from sync.hub.keeping import copies

    patch.setattr(copies, "is_digest", lambda text: True)
