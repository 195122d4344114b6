"""Kolibri: a channel as a course, its topics as sections, each thing to study as an activity.

* It is taken from the folder that Kolibri keeps or exports to (`content/databases`, `content/storage`), or a zip of it.
* Every file is proven by the checksum that is its name; what is missing or damaged is left out and said.
* Ids are the channel's own, so that a later version finds every place again.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog.durable import disk_fault
from catalog.fault import ContentFault
from catalog.importers.intake import Intake
from catalog.importers.kolibri.channel import Channel, ChannelFile, Node, read_channel
from catalog.importers.kolibri.perseus import EXERCISE, media_of, questions_of
from catalog.importers.media.languages import short_tag
from catalog.importers.questions.quiz import keep
from catalog.importers.report import Report
from catalog.importers.source import ArchiveTree, Source, Tree
from catalog.manifest import Activity

DATABASE_BYTES_MAX = 512 << 20
SUBTITLES = "video_subtitle"
KINDS = {"video", "audio", "document", "html5", "exercise", "h5p"}
MASTERY_PERMILLE = 700
ID_LETTERS = 32

_DATABASE = re.compile(r"(?:(?P<base>.+)/)?databases/(?P<channel>[0-9a-f]{32})\.sqlite3")
_CHECKSUM = re.compile(r"[0-9a-f]{32}")


class Kolibri:
    """A folder or zip with a channel of Kolibri."""

    format = "kolibri"

    def recognises(self, source: Source) -> bool:
        return source.tree is not None and any(map(_DATABASE.fullmatch, source.tree.paths))

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        tree = source.tree
        assert tree is not None, "it was recognised"
        databases = [found for path in tree.paths if (found := _DATABASE.fullmatch(path))]
        intake.report.left_out += [f"{found[0]}: another channel; import it by itself." for found in databases[1:]]
        channel = _channel(tree, databases[0][0], intake)
        base = f"{databases[0]['base']}/" if databases[0]["base"] else ""
        _tell(channel, intake)
        taking = _Taking(tree, f"{base}storage", channel, intake)
        activities = [activity for node in channel.nodes for activity in taking.activities(node)]
        if not activities:
            raise ContentFault(
                f"{source.name} has nothing in it that could be taken: its files are missing.",
                "Import the channel into Kolibri with its files, and export it again.",
            )
        return activities


class _Taking:
    """The nodes of one channel on their way into the course."""

    def __init__(self, tree: Tree, storage: str, channel: Channel, intake: Intake) -> None:
        self._tree = tree
        self._storage = storage
        self._channel = channel
        self._intake = intake
        self._there = set(tree.paths)

    def activities(self, node: Node) -> list[Activity]:
        if node.kind in ("topic", "channel") or not node.files:
            return []
        left_out = self._intake.report.left_out
        shown = [file for file in node.files if not file.is_beside]
        if node.kind not in KINDS or not shown:
            left_out.append(f"{node.title}: a {node.kind}, which no player here shows.")
            return []
        try:
            found = self._exercise(node, shown[0]) if node.kind == "exercise" else self._file(node, shown[0])
        except ContentFault as fault:
            left_out.append(f"{node.title}: {fault.sentence}")
            return []
        return [self._finished(node, activity) for activity in found]

    def _file(self, node: Node, file: ChannelFile) -> list[Activity]:
        return self._intake.read_inner(f"{node.id}.{file.extension}", self._pieces(file), _id(node))

    def _exercise(self, node: Node, file: ChannelFile) -> list[Activity]:
        with self._intake.workplace() as place:
            package = place / "exercise.zip"
            try:
                with package.open("wb") as written:
                    for piece in self._pieces(file):
                        written.write(piece)
            except OSError as error:
                raise disk_fault(error, package) from error
            inner = ArchiveTree(package, Report())
            try:
                if EXERCISE not in inner.paths:
                    raise ContentFault("An exercise of a form that this box does not know.", "")
                made = keep(
                    questions_of(inner), self._intake, self._intake.claim_id(_id(node)), node.title,
                    lambda source: media_of(inner, source), pass_permille=MASTERY_PERMILLE,
                )  # fmt: skip
            finally:
                inner.close()
        return [made] if made is not None else []

    def _finished(self, node: Node, activity: Activity) -> Activity:
        attributes: dict[str, Any] = dict(activity.attributes)
        if section := self._channel.sections.get(node.id, ""):
            attributes["section"] = section
        if captions := self._captions(node, activity):
            attributes["captions"] = [*attributes.get("captions", []), *captions]
        title = {self._intake.language: node.title} if node.title else activity.title
        return replace(activity, title=title, attributes=attributes)

    def _captions(self, node: Node, activity: Activity) -> list[dict[str, str]]:
        tracks: list[dict[str, str]] = []
        for file in node.files:
            if file.preset != SUBTITLES or activity.kind not in ("video", "audio"):
                continue
            language = short_tag(file.language) or self._intake.language
            path = f"{activity.id}/subtitles-{len(tracks) + 1}.vtt"
            try:
                self._intake.add(path, self._pieces(file), role="captions", media_type="text/vtt", is_counted=False)
            except ContentFault as fault:
                self._intake.report.left_out.append(f"{node.title}, captions {language}: {fault.sentence}")
                continue
            tracks.append({"label": language, "language": language, "path": path})
        return tracks

    def _pieces(self, file: ChannelFile) -> Iterator[bytes]:
        """The bytes of a file. Raises ContentFault where it is missing, or its checksum is another."""
        path = f"{self._storage}/{file.checksum[:1]}/{file.checksum[1:2]}/{file.checksum}.{file.extension}"
        if not _CHECKSUM.fullmatch(file.checksum) or path not in self._there:
            raise ContentFault("Its file is not in the folder.", "Import it into Kolibri, and export it again.")
        hasher = hashlib.md5(usedforsecurity=False)
        for piece in self._tree.pieces(path):
            hasher.update(piece)
            yield piece
        self._intake.advance(self._tree.source_bytes(path))
        if hasher.hexdigest() != file.checksum:
            raise ContentFault("Its file is damaged.", "Import it into Kolibri again, and export it again.")


def _channel(tree: Tree, path: str, intake: Intake) -> Channel:
    if tree.size_bytes(path) > DATABASE_BYTES_MAX:
        raise ContentFault(
            f"The channel's database has more than {DATABASE_BYTES_MAX >> 20} MiB.", "Export a part of it."
        )
    with intake.workplace() as place:
        copy = place / Path(path).name
        try:
            with copy.open("wb") as file:
                for piece in tree.pieces(path):
                    file.write(piece)
        except OSError as error:
            raise disk_fault(error, copy) from error
        intake.advance(tree.source_bytes(path))
        return read_channel(copy)


def _id(node: Node) -> str:
    name = "".join(letter for letter in node.id.lower() if letter.isascii() and letter.isalnum())[:ID_LETTERS]
    return name or "part"


def _tell(channel: Channel, intake: Intake) -> None:
    about = intake.about
    licences = [node.licence for node in channel.nodes if node.licence]
    languages = [node.language for node in channel.nodes if node.language]
    about.title, about.description = channel.title, channel.description
    about.licence = licences[0] if len(set(licences)) == 1 else ", ".join(sorted(set(licences)))[:200]
    about.language = short_tag(languages[0]) if languages else ""
