"""The kernel of an image: its drivers pruned and indexed, and the first root that finds the real one.

* Made on this machine for any other; nothing of the target is run.
* The first root (initramfs) is a program, one script and the drivers that a disk needs, in the order they need each
  other. Same inputs, same bytes (names sorted, no times, no owners).
* Format: Linux, Documentation/driver-api/early-userspace/buffer-format.rst ("newc").
"""

import lzma
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import zstandard

from catalog.fault import BoxFault
from provisioning.image import fence
from provisioning.image.packages import INITIAL_MODULES, MODULES_PRUNED
from provisioning.image.tools import run

MODULES = "usr/lib/modules"
FIRST_STEPS = Path(__file__).parent / "target" / "init"
COMPRESSION = 19
FILE = 0o100644
PROGRAM = 0o100755
FOLDER = 0o040755

ESSENTIAL = ("squashfs", "overlay", "ext4", "crc32c_generic")
"""Without one of these a box starts and has no root, or has no data partition and does not say so."""


def version(kernel: Path) -> str:
    """The version of the kernel in this package, as its modules' folder is named."""
    (folder,) = (kernel / MODULES).iterdir()
    return folder.name


def install_modules(kernel: Path, root: Path) -> None:
    """Put the drivers that a box can need into `root`, with their index."""
    name = version(kernel)
    target = fence.cleared(root, f"{MODULES}/{name}")
    shutil.copytree(kernel / MODULES / name, target, symlinks=True)
    for pattern in MODULES_PRUNED:
        for found in target.glob(pattern.rstrip("/")):
            if found.is_dir():
                shutil.rmtree(found)
    run(["depmod", "--basedir", root / "usr", name])


def first_root(kernel: Path, root: Path, busybox: Path) -> bytes:
    """The initramfs for this kernel: `root` has its modules with their index (`install_modules`).

    Raises BoxFault where a driver is missing without which no box may start.
    """
    folder = root / MODULES / version(kernel)
    order = list(_in_order(INITIAL_MODULES, _depends(folder), _builtin(folder)))
    missing = [name for name in ESSENTIAL if name not in {_stem(path) for path in order} | _builtin(folder)]
    if missing:
        raise BoxFault(f"This kernel has no {' and no '.join(missing)}.", "Name its new driver in packages.py.")
    modules = {f"m/{number:03} {_stem(path)}.ko": _unpacked(folder / path) for number, path in enumerate(order)}
    entries: dict[str, tuple[int, bytes]] = {
        **dict.fromkeys(("bin", "data", "dev", "low", "m", "new", "proc", "rw", "sys"), (FOLDER, b"")),
        "bin/busybox": (PROGRAM, busybox.read_bytes()),
        "init": (PROGRAM, FIRST_STEPS.read_bytes()),
        **{name.replace(" ", "-"): (FILE, data) for name, data in modules.items()},
    }
    return zstandard.ZstdCompressor(level=COMPRESSION, write_checksum=True).compress(archive(entries))


def archive(entries: Mapping[str, tuple[int, bytes]]) -> bytes:
    """A cpio archive of these entries: by name their mode and their bytes."""
    parts = [_record(number, name, *entries[name]) for number, name in enumerate(sorted(entries), 1)]
    return b"".join([*parts, _record(0, "TRAILER!!!", 0, b"")])


def _record(number: int, name: str, mode: int, data: bytes) -> bytes:
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name.encode()) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return _padded(head) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _depends(folder: Path) -> dict[str, Sequence[str]]:
    lines = (line.partition(":") for line in (folder / "modules.dep").read_text().splitlines())
    return {path: needs.split() for path, _, needs in lines}


def _builtin(folder: Path) -> set[str]:
    return {_stem(line) for line in (folder / "modules.builtin").read_text().splitlines()}


def _in_order(names: Iterable[str], depends: Mapping[str, Sequence[str]], builtin: set[str]) -> Iterator[str]:
    """The modules of these names and all they need, each after what it needs; a name that is none is left out."""
    paths = {_stem(path): path for path in depends}
    seen: set[str] = set()
    for name in names:
        path = paths.get(name)
        if path is None or name in builtin:
            continue
        for one in [*reversed(depends[path]), path]:
            if one not in seen:
                seen.add(one)
                yield one


def _stem(path: str) -> str:
    return Path(path).name.partition(".ko")[0].replace("-", "_")


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data
