"""A package's pages and what they need, taken in with their repairs: links, names, kinds.

* Whoever imports pages takes them in by `take`, or one at a time by `Mending`: so every format gets the same mends and
  the same lines in the report.
* Files stream from the tree to the store; only first bytes are looked at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from catalog.importers.intake import Added, Intake
from catalog.importers.repairs import frames, zawgyi
from catalog.importers.repairs.kinds import HEAD_BYTES, complaint, is_oversize, name_for, type_of
from catalog.importers.repairs.references import MENDED, References
from catalog.importers.repairs.vendored import PLACE, Vendored
from catalog.importers.source import Tree, beginning
from catalog.media import BYTES, media_type

HEAD_LOOKED_AT_BYTES = 1 << 20
PAGES = {"text/html", "application/xhtml+xml"}
UNNAMED_LOOKED_AT_MAX = 2_000

Seen = Callable[[str, Added], None]


class Mending:
    """The repairs of one package, whose files are taken in one at a time, and then `finish`.

    `files` are the paths of all that the package will have under `folder` (none: at the top of the course); `renamed`
    says what it calls otherwise. `place` is where copies of libraries go. `has_own_links`: whoever takes the files in
    has led the links inside the package already, and tells what is missing by `miss`.
    """

    def __init__(
        self,
        intake: Intake,
        files: Iterable[str],
        folder: str = "",
        *,
        renamed: Mapping[str, str] | None = None,
        place: str = PLACE,
        has_own_links: bool = False,
    ) -> None:
        paths = frozenset(files)
        self._intake = intake
        self._prefix = f"{folder}/" if folder else ""
        self._vendored = Vendored(paths, place)
        self._references = References(
            paths, intake.report, renamed or {}, self._vendored.instead_of, has_own_links=has_own_links
        )

    def add(self, path: str, pieces: Iterable[bytes], style: bytes = b"", *, is_led: bool = False) -> Added:
        """Take in one file; `style` is put into a page's head; where `is_led`, what leads other frames is too."""
        pieces = iter(pieces)
        first = next(pieces, b"")
        kind = type_of(path, first[:HEAD_BYTES])
        if wrong := complaint(path, first[:HEAD_BYTES]):
            self._intake.report.noted.append(wrong)
        whole: Iterator[bytes] = chain((first,), pieces)
        if kind in MENDED:
            whole = zawgyi.mended(path, self._references.mended(path, whole), self._intake.report)
        elif path.endswith(".json"):
            whole = zawgyi.mended(path, whole, self._intake.report)
        if kind in PAGES:
            whole = frames.led(path, whole) if is_led else whole
            whole = _styled(whole, style) if style else whole
        added = self._intake.add(f"{self._prefix}{path}", whole, media_type=kind, is_counted=False)
        if is_oversize(kind, added.entry.size_bytes):
            size = added.entry.size_bytes >> 20
            self._intake.report.noted.append(
                f"{path}: {size} MiB in one file; phones load it slowly. Make it smaller if you can."
            )
        return added

    def miss(self, page: str, target: str) -> None:
        """`page` asks for a file that is not there."""
        self._references.miss(page, target)

    def finish(self) -> None:
        """Report what is missing, and take in the libraries that pages asked the internet for."""
        self._references.finish()
        self._vendored.add(self._prefix, self._intake)


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
    names = {found: unopened.get(path, path) for found, path in files.items()} if unopened else files
    mending = Mending(intake, names.values(), folder, renamed={**unopened, **(renamed or {})})
    for old, new in unopened.items():
        intake.report.repaired.append(f"{old}: a page that no browser would open; it is called {new} now.")
    of_frames = frames.framed(tree, names) if frames.PLACE not in names.values() else None
    for found in tree.paths:
        path = names.get(found)
        if path is not None:
            seen(files[found], mending.add(path, tree.pieces(found), style, is_led=of_frames is not None))
        intake.advance(tree.source_bytes(found))
    if of_frames is not None:
        frames.add(of_frames, folder, intake)
    mending.finish()


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
