"""The fence: writing into another system's root without leaving it.

* A root's links are made for the machine that will run it. Followed here they lead to this machine's own files: so the
  link itself is replaced, and a folder that is a link is never walked through.
"""

import shutil
from pathlib import Path

from catalog.fault import BoxFault


class LeadsOut(BoxFault):
    """A path in the root passes a link, and may lead to this machine's own files."""


def place(root: Path, name: str, data: bytes, mode: int = 0o644) -> Path:
    """Write a file at `name` in `root`; a file or link of that name is replaced. Raises LeadsOut."""
    path = cleared(root, name)
    path.write_bytes(data)
    path.chmod(mode)
    return path


def place_link(root: Path, name: str, target: str) -> Path:
    """Make a link at `name` in `root` that says `target`. Raises LeadsOut."""
    path = cleared(root, name)
    path.symlink_to(target)
    return path


def place_folder(root: Path, name: str, mode: int = 0o755) -> Path:
    """Make a folder at `name` in `root`, and those above it. Raises LeadsOut."""
    path = root
    for part in Path(name).parts:
        path = path / part
        if path.is_symlink():
            raise _leads_out(root, path)
        if not path.is_dir():
            path.mkdir(mode=0o755)
    path.chmod(mode)
    return path


def cleared(root: Path, name: str) -> Path:
    """The path of `name` in `root` with nothing at it, and folders above it that are no links. Raises LeadsOut."""
    inside = Path(name)
    if inside.is_absolute() or ".." in inside.parts or not inside.parts:
        raise _leads_out(root, inside)
    path = root
    for part in inside.parts[:-1]:
        path = path / part
        if path.is_symlink():
            raise _leads_out(root, path)
        path.mkdir(mode=0o755, exist_ok=True)
    path = path / inside.name
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
    return path


def removed(root: Path, pattern: str) -> int:
    """Remove what matches a shell pattern in `root`; links are removed, not followed. Returns how many went."""
    found = [path for path in sorted(root.glob(pattern)) if not _passes_link(root, path)]
    for path in found:
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        else:
            shutil.rmtree(path)
    return len(found)


def _passes_link(root: Path, path: Path) -> bool:
    return any((root / above).is_symlink() for above in path.relative_to(root).parents)


def _leads_out(root: Path, path: Path) -> LeadsOut:
    return LeadsOut(
        f"{path} leads out of the root {root}, perhaps to this machine's own files.",
        "Nothing was written there. Name the place by its real folder, such as usr/lib instead of lib.",
    )
