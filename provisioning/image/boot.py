"""What a board reads before the kernel: the files of the first partition, for each way to start.

* Boards with UEFI (mini-PCs, laptops, most arm64 boards) start systemd-boot, which counts tries: an entry named
  `qanat-b+1.conf` is tried once and then counts as bad unless it is confirmed (systemd-boot(7), "Boot Counting").
* A Raspberry Pi reads config.txt, and tryboot.txt once when it is told to (`reboot "0 tryboot"`).
* Both name a slot's kernel by its own folder, /a or /b, and its root by the identifier of the disk: so two cards in one
  machine are never taken for each other.
"""

from collections.abc import Mapping
from pathlib import Path

SLOTS = {"a": 2, "b": 3}
"""A slot's name, and the number of its partition."""

DATA_PARTITION = 4

CONSOLES = {"arm64": "console=tty0 console=ttyAMA0,115200", "amd64": "console=tty0 console=ttyS0,115200"}
"""The last that is there is where the box says what it is doing: a serial line, else the screen."""

OPTIONS = "rootfstype=squashfs ro quiet loglevel=4 panic=10 systemd.show_status=no fsck.mode=skip"

LOADER = "timeout 0\neditor no\nauto-entries no\nauto-firmware no\n"

PI_FIRMWARE = ("bootcode.bin", "start.elf", "start4.elf", "fixup.dat", "fixup4.dat")
PI_BOARDS = ("bcm2711-rpi-4-b.dtb", "bcm2711-rpi-400.dtb", "bcm2711-rpi-cm4-io.dtb", "bcm2837-rpi-3-a-plus.dtb",
             "bcm2837-rpi-3-b.dtb", "bcm2837-rpi-3-b-plus.dtb", "bcm2837-rpi-zero-2-w.dtb")  # fmt: skip
"""Pi 3 and 4. Debian's firmware is older than the Pi 5; for that, a stock image is seeded."""


def root(disk_id: str, slot: str) -> str:
    """How the kernel is told a slot's root: the disk's identifier (8 hex digits) and the partition's number."""
    return f"PARTUUID={disk_id}-{SLOTS[slot]:02}"


def entry_name(slot: str, tries: int | None = None) -> str:
    """The file of a slot's entry: `tries` until it counts as bad, None where it is confirmed."""
    return f"loader/entries/qanat-{slot}{'' if tries is None else f'+{tries}'}.conf"


def entry(arch: str, slot: str, disk_id: str, number: int) -> bytes:
    """A slot's entry for systemd-boot; of those that are good, the highest `number` starts."""
    return (
        f"title Qanat, slot {slot}\n"
        "sort-key qanat\n"
        f"version {number}\n"
        f"linux /{slot}/vmlinuz\n"
        f"initrd /{slot}/initrd\n"
        f"options root={root(disk_id, slot)} {CONSOLES[arch]} {OPTIONS}\n"
    ).encode()


def pi_config(slot: str) -> bytes:
    """config.txt or tryboot.txt: https://www.raspberrypi.com/documentation/computers/config_txt.html."""
    return (
        "[all]\n"
        f"os_prefix={slot}/\n"
        "arm_64bit=1\n"
        "kernel=vmlinuz\n"
        "initramfs initrd followkernel\n"
        "cmdline=cmdline.txt\n"
        "enable_uart=1\n"
        "gpu_mem=16\n"
        "dtparam=watchdog=on\n"
    ).encode()


def pi_command_line(slot: str, disk_id: str) -> bytes:
    """A slot's cmdline.txt: `serial0` is the Pi's own name for its serial line."""
    return f"root={root(disk_id, slot)} console=serial0,115200 console=tty0 {OPTIONS}\n".encode()


def slot_files(
    arch: str, slot: str, disk_id: str, kernel: bytes, first_root: bytes, boards: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The folder of a slot on the first partition; `boards` are the Pi's descriptions of its hardware (.dtb)."""
    files = {f"{slot}/vmlinuz": kernel, f"{slot}/initrd": first_root}
    if arch == "arm64":
        files[f"{slot}/cmdline.txt"] = pi_command_line(slot, disk_id)
        files |= {f"{slot}/{name}": data for name, data in boards.items()}
    return files


def loader_files(arch: str, extras: Path) -> dict[str, bytes]:
    """The loaders, from the packages that were taken apart in `extras`."""
    efi = Path("usr/lib/systemd/boot/efi")
    if arch == "amd64":
        # shim is signed for every PC's own check, and starts the file of this name: systemd-boot, signed by Debian.
        shim = extras / "shim-signed/usr/lib/shim/shimx64.efi.signed"
        signed = extras / "systemd-boot-efi-amd64-signed" / efi / "systemd-bootx64.efi.signed"
        loaders = {"EFI/BOOT/BOOTX64.EFI": shim.read_bytes(), "EFI/BOOT/grubx64.efi": signed.read_bytes()}
    else:
        loaders = {"EFI/BOOT/BOOTAA64.EFI": (extras / "systemd-boot-efi" / efi / "systemd-bootaa64.efi").read_bytes()}
        firmware = extras / "raspi-firmware/usr/lib/raspi-firmware"
        loaders |= {name: (firmware / name).read_bytes() for name in PI_FIRMWARE}
        loaders["config.txt"] = pi_config("a")
    return {**loaders, "loader/loader.conf": LOADER.encode()}


def pi_boards(kernel: Path) -> dict[str, bytes]:
    """The Pi's descriptions of hardware that come with this kernel package."""
    (folder,) = (kernel / "usr/lib").glob("linux-image-*")
    return {name: (folder / "broadcom" / name).read_bytes() for name in PI_BOARDS}
