"""A package's pages and what they need, taken in with their repairs: links, names, kinds.

* Whoever imports pages takes them in by `take`: so every format gets the same mends and the same lines in the report.
* Files stream from the tree to the store; only first bytes are looked at.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from catalog.importers.intake import Added, Intake
from catalog.importers.repairs import frames, zawgyi
from catalog.importers.repairs.kinds import HEAD_BYTES, complaint, is_oversize, name_for, type_of
from catalog.importers.repairs.references import MENDED, References
from catalog.importers.repairs.vendored import Vendored
from catalog.importers.source import Tree, beginning
from catalog.media import BYTES, media_type

HEAD_LOOKED_AT_BYTES = 1 << 20
PAGES = {"text/html", "application/xhtml+xml"}
UNNAMED_LOOKED_AT_MAX = 2_000

Seen = Callable[[str, Added], None]


def take(
    tree: Tree,
    files: Mapping[str, str],
    folder: str,
    intake: Intake,
    seen: Seen = lambda path, added: None,
    *,
    renamed: Mapping[str, str] | None = None,
    style: bytes = b"",
    keeps_names: bool = False,
) -> None:
    """Take in `files` (path in the tree -> path in the package) under `folder`; `seen` hears of each.

    `renamed` says which of them the package itself calls otherwise (its name -> path in the package); `style` is put
    into the head of each page. `keeps_names`: the package's own list names its files, so that none gets another name.

    Raises ContentFault, DiskFull or BoxFault.
    """
    unopened = {} if keeps_names else _renamed(tree, files)
    names = {found: unopened.get(path, path) for found, path in files.items()}
    vendored = Vendored(frozenset(names.values()))
    references = References(names.values(), intake.report, {**unopened, **(renamed or {})}, vendored.instead_of)
    for old, new in unopened.items():
        intake.report.repaired.append(f"{old}: a page that no browser would open; it is called {new} now.")
    of_frames = frames.framed(tree, names) if frames.PLACE not in names.values() else None
    page = _Page(style, is_led=of_frames is not None)
    for found in tree.paths:
        path = names.get(found)
        if path is not None:
            seen(files[found], _add(tree, found, path, folder, references, intake, page))
        intake.advance(tree.source_bytes(found))
    references.finish()
    if of_frames is not None:
        frames.add(of_frames, folder, intake)
    vendored.add(folder, intake)


@dataclass(frozen=True, slots=True)
class _Page:
    """What is put into each page beside its mends."""

    style: bytes
    is_led: bool

    def with_ours(self, path: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        pieces = frames.led(path, pieces) if self.is_led else pieces
        return _styled(pieces, self.style) if self.style else pieces


def _add(tree: Tree, found: str, path: str, folder: str, references: References, intake: Intake, page: _Page) -> Added:
    pieces = iter(tree.pieces(found))
    first = next(pieces, b"")
    head = first[:HEAD_BYTES]
    kind = type_of(path, head)
    if wrong := complaint(path, head):
        intake.report.noted.append(wrong)
    whole: Iterator[bytes] = chain((first,), pieces)
    if kind in MENDED:
        whole = zawgyi.mended(path, references.mended(path, whole), intake.report)
    elif path.endswith(".json"):
        whole = zawgyi.mended(path, whole, intake.report)
    if kind in PAGES:
        whole = page.with_ours(path, whole)
    added = intake.add(f"{folder}/{path}", whole, media_type=kind, is_counted=False)
    if is_oversize(kind, added.entry.size_bytes):
        size = added.entry.size_bytes >> 20
        intake.report.noted.append(
            f"{path}: {size} MiB in one file; phones load it slowly. Make it smaller if you can."
        )
    return added


def _styled(pieces: Iterator[bytes], style: bytes) -> Iterator[bytes]:
    """The page with a style of ours at the end of its head."""
    held = b""
    for piece in pieces:
        held += piece
        at = held.lower().find(b"</head")
        if at >= 0:
            yield held[:at] + style + held[at:]
            yield from pieces
            return
        if len(held) > HEAD_LOOKED_AT_BYTES:
            break
    yield held
    yield from pieces


def _renamed(tree: Tree, files: Mapping[str, str]) -> dict[str, str]:
    """Pages under names that no browser opens, and the names that they get."""
    unnamed = [(found, path) for found, path in files.items() if media_type(path) == BYTES and tree.size_bytes(found)]
    taken = set(files.values())
    renamed: dict[str, str] = {}
    for found, path in unnamed[:UNNAMED_LOOKED_AT_MAX]:
        name = name_for(path, beginning(tree, found, HEAD_BYTES))
        if name != path and name not in taken:
            renamed[path] = name
    return renamed
