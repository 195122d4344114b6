"""Building an image: from packages, a lock and this checkout to one file for a card.

* Stages that cost are kept, each under the digest of what it is made of; the rest is made anew.
* Same inputs, same bytes: the kept packages, the lock and the checkout's files are the inputs, and their list lies
  beside the image. The archive moves on by itself: another day's packages are other inputs.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from catalog.digest import Digest, digest_of, digest_of_file
from catalog.fault import BoxFault, CallerFault
from catalog.manifest import canonical
from provisioning.image import boot, debian, disk, kernel, packages, software
from provisioning.image.blockmap import block_map
from provisioning.image.furnish import furnish
from provisioning.image.stages import Say, Stages

COMPRESSION = 12
COPY_BYTES = 1 << 22
ROOM_BYTES = 3_000_000_000
DAY_SECONDS = 86_400
INPUT_FOLDERS = (*software.FLOORS, "lock")


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was made."""

    image: Path
    compressed: Path
    inputs: Digest
    size_bytes: int
    compressed_bytes: int


def build(arch: str, out: Path, cache: Path, say: Say, today_seconds: int) -> Built:
    """Make the image for `arch` at `out` (.img or .img.zst), with its block map and its list of inputs beside it.

    Raises BoxFault where this machine cannot do it, CallerFault where the name is none for an image.
    """
    image, compressed = _names(out)
    _may_build(out.parent, cache)
    stages = Stages(cache, say)
    # One moment for all that is made of a day's packages: a second build of the day finds its stages.
    moment = today_seconds - today_seconds % DAY_SECONDS
    listed = {"packages": packages.PACKAGES, "suite": packages.SUITE, "day": moment // DAY_SECONDS}
    own_arch = debian.native()
    packed = stages.made("packed", [arch, listed], lambda at: debian.fetch_packed(arch, at, moment))
    own_packed = stages.made("packed", [own_arch, listed], lambda at: debian.fetch_packed(own_arch, at, moment))
    configured = stages.made("configured", [own_arch, listed], lambda at: debian.configure(own_arch, at, moment))
    extras = stages.made(
        "extras", [arch, packages.EXTRAS[arch], listed["day"]], lambda at: debian.fetch_extras(arch, at)
    )
    wheels = stages.made("wheels", [arch, digest_of_file(software.LOCK)], lambda at: software.fetch_wheels(arch, at))
    inputs = _inputs(arch, moment, [packed, extras], wheels)
    number = moment
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        work = Path(folder)
        root = work / "root"
        root.mkdir()
        say({"doing": "laying out", "name": "packages"})
        debian.lay_out(packed / debian.PACKED, own_packed / debian.PACKED, configured / debian.CONFIGURED, root)
        say({"doing": "installing", "name": "software"})
        own = work / "own"
        own.mkdir()
        software.own_wheel(own)
        software.install(arch, wheels, own, root)
        _own_python(work, configured, own_arch, root)
        say({"doing": "installing", "name": "kernel"})
        kernel.install_modules(extras / "kernel", root)
        software.install_firmware(extras, root)
        first_root = kernel.first_root(extras / "kernel", root, root / "usr/bin/busybox")
        furnish(root, moment, inputs[2:14])
        _one_moment(root, moment)
        say({"doing": "packing", "name": "root"})
        squashed = work / "root.sq"
        disk.make_root(root, squashed, moment)
        if squashed.stat().st_size > disk.SLOT_MIB * disk.MIB:
            raise BoxFault("The root is larger than its slot.", "Leave something out, or make disk.SLOT_MIB larger.")
        say({"doing": "putting together", "name": "disk"})
        disk_id = digest_of_file(squashed)[2:10]
        kernel_bytes = next((extras / "kernel/boot").glob("vmlinuz-*")).read_bytes()
        boards = boot.pi_boards(extras / "kernel") if arch == "arm64" else {}
        files = {
            **boot.loader_files(arch, extras),
            **boot.slot_files(arch, "a", disk_id, kernel_bytes, first_root, boards),
            boot.entry_name("a"): boot.entry(arch, "a", disk_id, number),
        }
        disk.make_firmware(files, work / "firmware.img", disk_id, moment)
        disk.make_data(None, work / "data.img", _uuid(inputs), moment)
        disk.assemble(arch, disk_id, work / "firmware.img", squashed, work / "data.img", work / "disk.img")
        say({"doing": "mapping", "name": "disk"})
        mapped = block_map(work / "disk.img")
        _compress(work / "disk.img", work / "disk.img.zst", say)
        size_bytes, compressed_bytes = (work / "disk.img").stat().st_size, (work / "disk.img.zst").stat().st_size
        Path(f"{image}.bmap").write_text(mapped)
        Path(f"{image}.json").write_bytes(_listing(arch, inputs, moment, [packed, extras]))
        if out == image:
            shutil.move(work / "disk.img", image)
        shutil.move(work / "disk.img.zst", compressed)
    return Built(image, compressed, inputs, size_bytes, compressed_bytes)


def _names(out: Path) -> tuple[Path, Path]:
    match out.suffixes[-2:]:
        case [*_, ".img"]:
            return out, out.with_name(f"{out.name}.zst")
        case [".img", ".zst"]:
            return out.with_suffix(""), out
        case _:
            raise CallerFault(f"{out.name} is no name for an image.", "Give it a name that ends in .img or .img.zst.")


def _may_build(*folders: Path) -> None:
    if os.geteuid() != 0:
        raise BoxFault(
            "Only root may make a root: its files belong to root and to services.",
            "Run it with sudo, or in a container or virtual machine of its own.",
        )
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < ROOM_BYTES:
            raise BoxFault(
                f"There is no room in {folder}.",
                f"Free {ROOM_BYTES // 1_000_000_000} GB there, or name another folder.",
            )


def _own_python(work: Path, configured: Path, own_arch: str, root: Path) -> None:
    native_root = work / "native"
    native_root.mkdir()
    software.unpack(configured / debian.CONFIGURED, native_root)
    software.compile_modules(native_root, root)
    shutil.rmtree(native_root)


def _inputs(arch: str, moment: int, taken: Iterable[Path], wheels: Path) -> Digest:
    """The digest of all that the image is made of."""
    ours = {
        str(path.relative_to(software.SOURCE)): digest_of_file(path)
        for folder in INPUT_FOLDERS
        for path in sorted((software.SOURCE / folder).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return digest_of(
        canonical(
            {
                "arch": arch,
                "moment": moment,
                "packages": [(folder / debian.NAMES).read_text() for folder in taken],
                "wheels": sorted(path.name for path in wheels.iterdir()),
                "ours": ours,
            }
        )
    )


def _listing(arch: str, inputs: Digest, moment: int, taken: Iterable[Path]) -> bytes:
    said: Mapping[str, Any] = {
        "arch": arch,
        "inputs": inputs,
        "moment": moment,
        "packages": sorted(name for folder in taken for name in (folder / debian.NAMES).read_text().split()),
    }
    return json.dumps(said, indent=1).encode() + b"\n"


def _one_moment(root: Path, moment: int) -> None:
    """Give everything one time, so that compiled modules and caches are taken for whole."""
    for folder, names, files in os.walk(root):
        for name in [*names, *files]:
            os.utime(Path(folder) / name, (moment, moment), follow_symlinks=False)


def _uuid(inputs: Digest) -> str:
    letters = inputs[2:34]
    return "-".join((letters[:8], letters[8:12], letters[12:16], letters[16:20], letters[20:32]))


def _compress(image: Path, target: Path, say: Say) -> None:
    """Compress in one frame with its length and checksum; holes are read as the zeros they are."""
    total = image.stat().st_size
    compressor = zstandard.ZstdCompressor(level=COMPRESSION, write_checksum=True, threads=-1)
    with image.open("rb") as source, target.open("wb") as file, compressor.stream_writer(file, size=total) as writer:
        done = 0
        while piece := source.read(COPY_BYTES):
            writer.write(piece)
            done += len(piece)
            say({"doing": "compressing", "name": "disk", "done_bytes": done, "total_bytes": total})
