"""Manifests: the documents that name a release.

* A document is canonical JSON: sorted keys, no spaces, UTF-8, whole numbers only; so equal meaning has equal bytes.
* A layer is a sorted list of entries; its root is the digest of that list's bytes.
* A release names its layers by root; its own root is the digest of its bytes. One signed root proves every file.
* What comes from outside enters by `from_bytes`, which refuses with a reason; fields we do not know are kept.
"""

import json
import json.encoder
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Self, TypeVar

from catalog.digest import Digest, Hasher, digest_of, is_digest
from catalog.fault import ContentFault

FORMAT = 1
DOCUMENT_BYTES_MAX = 64 << 20
LAYER_FILES_MAX = 200_000
PATH_BYTES_MAX = 1024
NAME_BYTES_MAX = 255
CORE = "core"

T = TypeVar("T")

_COURSE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LAYER = re.compile(r"[a-z][a-z0-9-]{0,31}")

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

Text = Mapping[str, str]
"""Words by language tag, such as {"en": "Water", "ar": "الماء"}."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a layer. `role` says what it is for: "content", "captions", "cover"."""

    path: str
    size_bytes: int
    digest: Digest
    media_type: str
    role: str = "content"

    def document(self) -> dict[str, Any]:
        return {
            "digest": self.digest,
            "path": self.path,
            "role": self.role,
            "size": self.size_bytes,
            "type": self.media_type,
        }


@dataclass(frozen=True, slots=True)
class Layer:
    """A set of files that travels as one: core, audio, video-360 ...; entries are sorted by path."""

    name: str
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, name: str, entries: Iterable[Entry]) -> Self:
        return cls(name, tuple(sorted(entries, key=lambda entry: entry.path)))

    @property
    def root(self) -> Digest:
        hasher = Hasher()
        for piece in self._pieces():
            hasher.update(piece)
        return hasher.digest()

    @property
    def written(self) -> "WrittenLayer":
        """The layer as its bytes, which is all that a table needs of it."""
        document = self.to_bytes()
        return WrittenLayer(self.name, digest_of(document), document)

    @property
    def size_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self.entries)

    def to_bytes(self) -> bytes:
        """The canonical list of its entries' documents, put together one by one: a long one is in memory once."""
        whole = BytesIO()
        for piece in self._pieces():
            whole.write(piece)
        return whole.getvalue()

    def _pieces(self) -> Iterator[bytes]:
        yield b"["
        for number, entry in enumerate(self.entries):
            yield (b"," if number else b"") + canonical(entry.document())
        yield b"]"

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> Self:
        """Raises ContentFault where the list is not one that we would have written."""
        rows = parsed(data, list)
        _demand(_LAYER.fullmatch(name) is not None, f"a layer cannot be called {name!r}")
        _demand(len(rows) <= LAYER_FILES_MAX, f"a layer has {len(rows)} files, more than {LAYER_FILES_MAX}")
        entries = tuple(_entry(row) for row in rows)
        paths = [entry.path for entry in entries]
        _demand(paths == sorted(set(paths)), "a layer's paths are not sorted or not distinct")
        return cls(name, entries)


@dataclass(frozen=True, slots=True)
class WrittenLayer:
    """A layer of which only its bytes are in memory: its entries, as objects, take twice as much."""

    name: str
    root: Digest
    document: bytes


@dataclass(frozen=True, slots=True)
class Activity:
    """Something a learner can open. `id` stays the same from version to version, so that places are kept.

    kind: "html", "video", "audio", "pdf", "epub", "scorm", "quiz" ... (`catalog/importers/formats.py`); `path` is the
    file that opens. `attributes` depend on the kind:

    * every kind: "section", the heading under which it stands;
    * video and audio: "captions": [{"path", "language", "label"}], "seconds", "poster", "chapters": [{"seconds",
      "title"}], "renditions": [{"name", "path", "height", "size_bytes", "kind"}];
    * epub: "spine", "toc": [{"part", "fragment", "depth", "title"}], "cover", "author".
    """

    id: str
    kind: str
    path: str
    title: Text
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {
            "attributes": dict(self.attributes),
            "id": self.id,
            "kind": self.kind,
            "path": self.path,
            "title": dict(self.title),
        }


@dataclass(frozen=True, slots=True)
class LayerName:
    """What a release says of one of its layers."""

    root: Digest
    size_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A release without its words: its number, and the roots of its layers by name."""

    course: str
    version: int
    root: Digest
    layers: Mapping[str, Digest]


@dataclass(frozen=True, slots=True)
class Release:
    """A course at one version. A later version is a higher number, a roll-back too."""

    course: str
    version: int
    title: Text
    description: Text
    languages: Sequence[str]
    licence: str
    provenance: Mapping[str, Any]
    activities: tuple[Activity, ...]
    layers: Mapping[str, LayerName]
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields of newer formats, kept as they came; "subjects", "level", "minutes" and "keep" are read below."""

    @property
    def root(self) -> Digest:
        return digest_of(self.to_bytes())

    @property
    def size_bytes(self) -> int:
        return sum(layer.size_bytes for layer in self.layers.values())

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the course is about, in the publisher's words; older releases say nothing."""
        said = self.extra.get("subjects")
        return tuple(said) if isinstance(said, list) and _are_texts(said) else ()

    @property
    def level(self) -> str:
        """For whom it is, in the publisher's words; "" where nothing is said."""
        said = self.extra.get("level")
        return said if isinstance(said, str) else ""

    @property
    def minutes(self) -> int:
        """How long it takes, as the publisher says, or as long as its films are; 0 where nobody knows."""
        said: Any = self.extra.get("minutes")
        if _is_count(said):
            return int(said)
        seconds: list[Any] = [activity.attributes.get("seconds") for activity in self.activities]
        return (sum(int(one) for one in seconds if _is_count(one)) + 59) // 60

    @property
    def may_be_kept(self) -> bool | None:
        """Whether learners may keep copies, as the publisher says; None where the licence decides."""
        said = self.extra.get("keep")
        return said if isinstance(said, bool) else None

    def activity(self, activity_id: str) -> Activity | None:
        return next((one for one in self.activities if one.id == activity_id), None)

    def to_bytes(self) -> bytes:
        return canonical(
            {
                **self.extra,
                "activities": [activity.document() for activity in self.activities],
                "course": self.course,
                "description": dict(self.description),
                "format": FORMAT,
                "languages": list(self.languages),
                "layers": {
                    name: {"files": layer.files, "root": layer.root, "size": layer.size_bytes}
                    for name, layer in self.layers.items()
                },
                "licence": self.licence,
                "provenance": dict(self.provenance),
                "title": dict(self.title),
                "version": self.version,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises ContentFault where a field is missing or not of its kind."""
        fields = parsed(data, dict)
        known = {
            "activities", "course", "description", "format", "languages", "layers", "licence", "provenance",
            "title", "version",
        }  # fmt: skip
        _demand(known <= fields.keys(), f"a release lacks {', '.join(sorted(known - fields.keys()))}")
        course = fields["course"]
        _demand(isinstance(course, str) and is_course(course), f"a course cannot be called {course!r}")
        _demand(_is_count(fields["version"]), "a release's version is not a whole number")
        _demand(isinstance(fields["layers"], dict) and CORE in fields["layers"], "a release has no core layer")
        _demand(_are_texts(fields["languages"]), "a release's languages are not a list of tags")
        _demand(isinstance(fields["licence"], str), "a release's licence is not text")
        _demand(isinstance(fields["provenance"], dict), "a release's provenance is not a table")
        _demand(isinstance(fields["activities"], list), "a release's activities are not a list")
        return cls(
            course=course,
            version=fields["version"],
            title=_text(fields["title"]),
            description=_text(fields["description"]),
            languages=tuple(fields["languages"]),
            licence=fields["licence"],
            provenance=fields["provenance"],
            activities=tuple(_activity(row) for row in fields["activities"]),
            layers={name: _layer_name(name, row) for name, row in fields["layers"].items()},
            extra={name: value for name, value in fields.items() if name not in known},
        )


def canonical(document: Any) -> bytes:
    """The one way to write a document: the same bytes every time. Numbers must be whole."""
    return _ENCODER.encode(document).encode()


quoted: Callable[[str], str] = json.encoder.encode_basestring
"""A text as `canonical` writes it: for who puts a document together out of parts, by the thousand."""


def parsed(data: bytes, kind: type[T]) -> T:
    """Read a canonical document.

    Raises ContentFault where it is too long, not JSON, holds fractions, or is not of this kind.
    """
    _demand(len(data) <= DOCUMENT_BYTES_MAX, f"a document has {len(data)} bytes")
    try:
        document = _DECODER.decode(data.decode(json.detect_encoding(data), "surrogatepass"))
        if b"\\u" in data:
            canonical(document)  # half a letter (a lone surrogate) can be escaped in, but never written out again
    except (ValueError, RecursionError) as error:
        raise ContentFault("A document that came is not readable JSON.", "Fetch it again.") from error
    if not isinstance(document, kind):
        raise ContentFault(f"A document should be a {kind.__name__}, and is not.", "Fetch it again.")
    return document


def is_course(text: str) -> bool:
    """Tell whether this may name a course: small Latin letters, digits and hyphens, 63 at most."""
    return _COURSE.fullmatch(text) is not None


_TURNS_AROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Letters that show a name in another order than it is written in: `gnp.exe` behind one of them reads as a picture."""


def is_safe_path(path: str) -> bool:
    """Tell whether a path stays inside its folder on every disk: relative, normal, no tricks."""
    if not path or any(unicodedata.category(letter) == "Cs" for letter in path):
        return False
    if len(path.encode()) > PATH_BYTES_MAX or path != unicodedata.normalize("NFC", path):
        return False
    if "\\" in path or any(unicodedata.category(letter) == "Cc" or letter in _TURNS_AROUND for letter in path):
        return False
    parts = path.split("/")
    return all(part not in ("", ".", "..") and len(part.encode()) <= NAME_BYTES_MAX for part in parts)


def words(text: Text, language: str) -> str:
    """The words in this language, or in English, or in whatever there is.

    >>> words({"ar": "ماء"}, "fr")
    'ماء'
    """
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def _entry(row: Any) -> Entry:
    _demand(isinstance(row, dict), "a layer's entry is not a table")
    path, size, digest = row.get("path"), row.get("size"), row.get("digest")
    _demand(isinstance(path, str) and is_safe_path(path), f"a layer has an unsafe path {path!r}")
    _demand(_is_count(size), f"{path}: the size is not a whole number")
    _demand(is_digest(digest), f"{path}: the digest is not one we know")
    _demand(isinstance(row.get("type"), str) and isinstance(row.get("role"), str), f"{path}: type or role missing")
    return Entry(path, size, Digest(digest), row["type"], row["role"])


def _activity(row: Any) -> Activity:
    _demand(isinstance(row, dict), "an activity is not a table")
    for name in ("id", "kind", "path"):
        _demand(isinstance(row.get(name), str) and bool(row[name]), f"an activity has no {name}")
    _demand(is_safe_path(row["path"]), f"an activity opens an unsafe path {row['path']!r}")
    attributes = row.get("attributes", {})
    _demand(isinstance(attributes, dict), "an activity's attributes are not a table")
    return Activity(row["id"], row["kind"], row["path"], _text(row.get("title")), attributes)


def _layer_name(name: Any, row: Any) -> LayerName:
    _demand(isinstance(name, str) and _LAYER.fullmatch(name) is not None, f"a layer cannot be called {name!r}")
    _demand(isinstance(row, dict) and is_digest(row.get("root")), f"layer {name} has no root")
    _demand(_is_count(row.get("size")) and _is_count(row.get("files")), f"layer {name} has no size")
    return LayerName(Digest(row["root"]), row["size"], row["files"])


def _text(value: Any) -> Text:
    is_text = isinstance(value, dict) and all(isinstance(words, str) for words in value.values())
    _demand(is_text, "a title or description is not words by language")
    return dict(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _no_fraction(text: str) -> Any:
    raise ValueError(f"{text} is not a whole number")


_DECODER = json.JSONDecoder(parse_float=_no_fraction, parse_constant=_no_fraction)


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise ContentFault(f"A manifest cannot be used: {what}.", "Publish the course again, or fetch it again.")
