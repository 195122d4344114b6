"""Faces: in which letters a label is printed.

* Each text is set in one face that has all its letters where there is one; else letter by letter, from several.
* Letters that no face of this machine has are not printed as boxes or question marks: the text is left out, and that is
  said. The squares beside it are right all the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from catalog.fault import CallerFault

FOLDERS = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/noto"), Path("/usr/share/fonts"))
"""Where Debian (fonts-noto-core) and others put them; the first that has the plain face is taken."""
PLAIN = "NotoSans-Regular.ttf"
BOLD = "NotoSans-Bold.ttf"
EVEN = "NotoSansMono-Regular.ttf"
"""All its letters are as wide, so that 1 and l, 0 and O are told apart."""
FIRST = ("NotoSansArabic-Regular.ttf", "NotoSansKhmer-Regular.ttf")


class NoFaces(CallerFault):
    """There are no letters on this machine to print labels in."""


@dataclass(frozen=True, slots=True)
class Faces:
    """A folder of faces."""

    folder: Path

    @classmethod
    def found(cls, folder: Path | None = None) -> "Faces":
        """The faces of this machine, or those of a folder. Raises NoFaces."""
        for one in (folder,) if folder is not None else FOLDERS:
            if (one / PLAIN).exists():
                return cls(one)
        raise NoFaces(
            f"There is no {PLAIN} {f'in {folder}' if folder is not None else 'on this machine'}.",
            "Install the package fonts-noto-core, or name a folder of Noto fonts with --fonts.",
        )

    def for_text(self, text: str, wanted: str = PLAIN) -> tuple[Path, ...]:
        """The faces to set this text in, the first before the others; none where letters are missing."""
        needed = {ord(letter) for letter in text if not letter.isspace()}
        for path in self._in_order(wanted):
            if needed <= letters_of(path):
                return (path,)
        chosen: list[Path] = []
        for path in self._in_order(wanted):
            has = letters_of(path) & needed
            if has:
                chosen.append(path)
                needed -= has
            if not needed:
                return tuple(chosen)
        return ()

    def _in_order(self, wanted: str) -> Iterator[Path]:
        others = sorted(path.name for path in self.folder.glob("NotoSans*-Regular.ttf"))
        bold = tuple(name.replace("Regular", "Bold") for name in FIRST) if wanted == BOLD else ()
        for name in dict.fromkeys((wanted, *bold, *FIRST, PLAIN, *others)):
            if (self.folder / name).exists():
                yield self.folder / name


@lru_cache(maxsize=512)
def letters_of(path: Path) -> frozenset[int]:
    """The letters that a face has. One that cannot be read has none."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with path.open("rb") as file, TTFont(file, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError):
        return frozenset()
