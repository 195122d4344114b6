"""Stages: what an image is made of, kept for the next build.

* A stage is named by the digest of all that went into it: the same inputs are not made twice, other inputs never meet.
* It appears when it is whole: half of one is left under another name and thrown away by the next build.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from catalog.digest import digest_of
from catalog.manifest import canonical

DIGEST_LETTERS = 16

Say = Callable[[Mapping[str, Any]], None]


class Stages:
    """The stages under one folder."""

    def __init__(self, folder: Path, say: Say) -> None:
        self._folder = folder
        self._say = say

    def made(self, name: str, inputs: Any, make: Callable[[Path], None]) -> Path:
        """The stage `name` of these inputs (a JSON value); `make` is given an empty folder where it is not there."""
        folder = self._folder / f"{name}-{digest_of(canonical({'inputs': inputs}))[2 : 2 + DIGEST_LETTERS]}"
        if folder.is_dir():
            self._say({"doing": "kept", "name": name})
            return folder
        self._say({"doing": "making", "name": name})
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        make(part)
        part.rename(folder)
        return folder
