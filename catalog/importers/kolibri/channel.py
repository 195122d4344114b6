"""A channel's database: its topics and what stands in them, in order, each with its files.

* Databases of every version since 2017 have these tables; columns that one lacks are read as empty.
* What comes out is bounded: so many nodes, so many letters.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.db import Connection, strangers
from catalog.fault import ContentFault

NODES_MAX = 20_000
FILES_MAX = 100_000
WORDS_MAX = 2_000
DEPTH_MAX = 20

_CHANNELS = "select * from content_channelmetadata limit ?"
_NODES = "select * from content_contentnode order by lft, id limit ?"
_FILES = "select * from content_file order by contentnode_id, priority, id limit ?"
_STORED = "select * from content_localfile limit ?"


@dataclass(frozen=True, slots=True)
class ChannelFile:
    """A file of a node: which, what for, in which language."""

    checksum: str
    extension: str
    preset: str
    language: str
    is_beside: bool
    """A thumbnail or captions: beside what the node shows."""


@dataclass(frozen=True, slots=True)
class Node:
    """A topic, or something to study in one."""

    id: str
    parent: str
    kind: str
    title: str
    description: str
    licence: str
    language: str
    files: tuple[ChannelFile, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and its nodes in their order. `sections` has the words of the topics above each node."""

    id: str
    title: str
    description: str
    nodes: tuple[Node, ...]
    sections: Mapping[str, str]


def read_channel(place: Path) -> Channel:
    """Raises ContentFault where the database is damaged, or has no channel in it."""
    with strangers(place) as connection:
        channels = _rows(connection, _CHANNELS, ("id", "name", "description", "root_id"), 1)
        if not channels:
            raise ContentFault(f"{place.name} has no channel in it.", "Export the channel again from Kolibri.")
        one = channels[0]
        files = _files(connection)
        columns = ("id", "parent_id", "kind", "title", "description", "license_name", "lang_id")
        rows = _rows(connection, _NODES, columns, NODES_MAX + 1)
    if len(rows) > NODES_MAX:
        raise ContentFault(f"The channel has more than {NODES_MAX:,} parts.", "Export a part of it from Kolibri.")
    nodes = tuple(
        Node(
            row["id"], row["parent_id"], row["kind"], row["title"], row["description"], row["license_name"],
            row["lang_id"], tuple(files.get(row["id"], ())),
        )
        for row in rows
    )  # fmt: skip
    return Channel(one["id"], one["name"], one["description"], nodes, _sections(nodes, one["root_id"]))


def _files(connection: Connection) -> Mapping[str, Sequence[ChannelFile]]:
    stored = {row["id"]: row["extension"] for row in _rows(connection, _STORED, ("id", "extension"), FILES_MAX)}
    columns = ("contentnode_id", "local_file_id", "preset", "lang_id", "supplementary", "thumbnail")
    files: dict[str, list[ChannelFile]] = defaultdict(list)
    for row in _rows(connection, _FILES, columns, FILES_MAX):
        checksum = row["local_file_id"]
        is_beside = "1" in (row["supplementary"], row["thumbnail"])
        file = ChannelFile(checksum, stored.get(checksum, ""), row["preset"], row["lang_id"], is_beside)
        files[row["contentnode_id"]].append(file)
    return files


def _sections(nodes: Sequence[Node], root: str) -> Mapping[str, str]:
    """The topics above each node, the root's own words left off: the course bears them."""
    known = {node.id: node for node in nodes}
    sections: dict[str, str] = {}
    for node in nodes:
        above: list[str] = []
        parent = node.parent
        while parent and parent != root and parent in known and len(above) < DEPTH_MAX:
            above.insert(0, known[parent].title)
            parent = known[parent].parent
        sections[node.id] = " · ".join(filter(None, above))[:WORDS_MAX]
    return sections


def _rows(connection: Connection, query: str, columns: Sequence[str], rows_max: int) -> list[dict[str, str]]:
    """The rows that a query finds, all values as text; a column that this version of the tables lacks is empty."""
    found = []
    for row in connection.execute(query, [rows_max]):
        there = row.keys()
        found.append({column: _text(row[column]) if column in there else "" for column in columns})
    return found


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:WORDS_MAX]
