"""The stage's own files: our scripts and styles, and the vendored players, by the addresses they are served under.

* An address has a version or the mark of its content in it: browsers keep what it gives.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from catalog.digest import sha256
from edge.library import vendor

PREFIX = "~play"
FOLDER = Path(__file__).parent / "static"
MARK_LETTERS = 12


def addressed() -> Mapping[str, Path]:
    """Every file by its address on a content origin, without the leading slash."""
    players = {f"{PREFIX}/{address}": path for address, path in vendor.addresses()}
    return players | {own(path.name).removeprefix("/"): path for path in FOLDER.iterdir()}


@lru_cache(maxsize=32)
def own(name: str) -> str:
    """The address of a file of ours."""
    return f"/{PREFIX}/own-{sha256((FOLDER / name).read_bytes()).hex()[:MARK_LETTERS]}/{name}"


def player(name: str, path: str = "") -> str:
    """The address of a vendored file, or of the folder of them."""
    return f"/{PREFIX}/{vendor.vendored()[name].folder}/{path}"
