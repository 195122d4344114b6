"""The first root: the same bytes each time, readable by the tools that every Linux has."""

import lzma
import subprocess
from pathlib import Path

import pytest
import zstandard

from catalog.fault import BoxFault
from provisioning.image import kernel

DEPENDS = {
    "kernel/fs/ext4/ext4.ko.xz": "kernel/lib/crc16.ko.xz kernel/fs/jbd2/jbd2.ko.xz",
    "kernel/fs/jbd2/jbd2.ko.xz": "",
    "kernel/lib/crc16.ko.xz": "",
    "kernel/crypto/crc32c_generic.ko.xz": "",
    "kernel/fs/overlayfs/overlay.ko.xz": "",
    "kernel/fs/squashfs/squashfs.ko.xz": "",
}


@pytest.fixture
def system(tmp_path: Path) -> tuple[Path, Path]:
    """A kernel package and a root with its modules, indexed as depmod does."""
    package, root = tmp_path / "package", tmp_path / "root"
    folder = root / kernel.MODULES / "6.12.0-box"
    for name in DEPENDS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(lzma.compress(f"module {name}".encode()))
    (folder / "modules.dep").write_text("".join(f"{name}: {needs}\n" for name, needs in DEPENDS.items()))
    (folder / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci.ko\n")
    (package / kernel.MODULES / "6.12.0-box").mkdir(parents=True)
    (tmp_path / "busybox").write_bytes(b"\x7fELF")
    return package, root


@pytest.mark.system
def test_it_holds_the_script_the_program_and_the_drivers_each_after_what_it_needs(
    system: tuple[Path, Path], tmp_path: Path
) -> None:
    made = kernel.first_root(*system, tmp_path / "busybox")
    names = subprocess.run(
        ["cpio", "--list", "--quiet"], input=zstandard.decompress(made, 1 << 24), capture_output=True, check=True
    ).stdout.decode()
    order = [name.partition("-")[2] for name in names.split() if name.startswith("m/")]

    assert {"init", "bin/busybox", "dev", "proc"} <= set(names.split())
    assert order.index("ext4.ko") > max(order.index("crc16.ko"), order.index("jbd2.ko"))


def test_same_inputs_same_bytes(system: tuple[Path, Path], tmp_path: Path) -> None:
    assert kernel.first_root(*system, tmp_path / "busybox") == kernel.first_root(*system, tmp_path / "busybox")


@pytest.mark.parametrize("name", kernel.ESSENTIAL)
def test_without_a_driver_that_no_box_can_do_without_there_is_no_image(
    system: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    """A box without crc32c_generic starts, serves pages, and has no data partition."""
    index = system[1] / kernel.MODULES / "6.12.0-box" / "modules.dep"
    kept = [line for line in index.read_text().splitlines() if f"/{name}.ko.xz:" not in line]
    index.write_text("\n".join(kept))

    with pytest.raises(BoxFault, match=name):
        kernel.first_root(*system, tmp_path / "busybox")


def test_the_script_is_one_that_its_shell_can_read() -> None:
    assert subprocess.run(["sh", "-n", kernel.FIRST_STEPS], capture_output=True, check=False).stderr == b""
