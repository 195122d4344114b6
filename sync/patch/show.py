"""What a pack file says of itself, for people and programs: operations, groups, bytes by codec.

* Whoever has the base, or looks at a full pack, sees everything; others see the open part: how many files change.
* Nothing is unpacked but the header, and nothing of it is believed that is not checked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from catalog.digest import digest_of
from sync.patch.format import VERSION, FileCodec, Held, Operation
from sync.patch.header import Header, Outline, read_outline


def described(pack: Path, base: Held | None = None) -> dict[str, Any]:
    """The pack as one document. Raises PackRefused where it is not one, or not made on `base`."""
    size_bytes = pack.stat().st_size
    with pack.open("rb") as file:
        prelude, outline = read_outline(file)
        wire_bytes = Counter[str]()
        for group in outline.groups:
            wire_bytes[group.codec.name.lower()] += group.wire_bytes
        document: dict[str, Any] = {
            "form": VERSION,
            "profile": prelude.profile.name.lower().replace("_", "-"),
            "from": prelude.base_root,
            "bytes": size_bytes,
            "header_bytes": size_bytes - wire_bytes.total(),
            "bytes_by_codec": dict(sorted(wire_bytes.items())),
            "groups": [
                {"codec": group.codec.name.lower(), "wire_bytes": group.wire_bytes, "raw_bytes": group.raw_bytes}
                for group in outline.groups
            ],
            "operations": {"removed": outline.removed, "changed": outline.changed, "added": outline.added},
        }
        if prelude.base_root is None or base is not None:
            document |= _closed(file, outline, base if prelude.base_root is not None else None)
    return document


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The document as a person reads it."""
    kind = "A full pack" if document["from"] is None else f"A patch on the release {document['from'][2:18]}"
    yield f"{kind}, {document['bytes']:,} bytes, profile {document['profile']}."
    if "to" in document:
        yield f"It brings the layer {document['layer']} of the release {document['to'][2:18]}."
    yield "Files: " + _list(document["operations"]) + "."
    if "codecs" in document:
        yield "In the stream: " + _list(document["codecs"]) + "."
    yield f"Bytes: {document['header_bytes']:,} header" + "".join(
        f", {count:,} {codec}" for codec, count in document["bytes_by_codec"].items()
    )
    for number, group in enumerate(document["groups"], 1):
        prefix = f" on a prefix of {group['prefix_bytes']:,}" if group.get("prefix_bytes") else ""
        yield f"  group {number:>3}  {group['codec']:<4} {group['wire_bytes']:>12,} of {group['raw_bytes']:,}{prefix}"


def _closed(file: BinaryIO, outline: Outline, base: Held | None) -> dict[str, Any]:
    """What only the closed part tells: the operations by kind, the codecs of files, the prefixes."""
    file.seek(0)
    header = Header.read(file, base)
    entries = base.layer.entries if base else ()
    kinds = Counter(row.operation for row in header.files)
    codecs = Counter(row.codec for row in header.files if row.is_in_stream)
    unchanged = len(entries) - outline.removed - outline.changed
    groups = [
        {
            "codec": group.codec.name.lower(),
            "wire_bytes": group.wire_bytes,
            "raw_bytes": group.raw_bytes,
            "prefix_bytes": sum(entries[place].size_bytes for place in (*group.far, *group.near)),
        }
        for group in header.groups
    ]
    return {
        "to": digest_of(header.release),
        "layer": header.layer,
        "groups": groups,
        "operations": {
            "unchanged": unchanged,
            "removed": outline.removed,
            **{operation.name.lower(): kinds[operation] for operation in Operation},
        },
        "codecs": {codec.name.lower().replace("_", "-"): codecs[codec] for codec in FileCodec},
    }


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
