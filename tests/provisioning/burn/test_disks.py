"""Never a system disk, never a mounted one, never one that nobody meant; over trees as the kernel shows them."""

from pathlib import Path

import pytest

from provisioning.burn.disks import SIZE_MAX_BYTES, Disk, DiskRefused, Disks, refusal

GIB = 1 << 30
USB = "devices/pci0000:00/0000:00:14.0/usb1/1-4"
NEED_BYTES = GIB


class Machine:
    """A computer's /sys, /proc and /dev, made of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mounts: list[str] = []
        for folder in ("sys/block", "proc/self", "dev/disk/by-path"):
            (root / folder).mkdir(parents=True)
        self.write("proc/self/mountinfo", "")
        self.write("proc/swaps", "Filename Type Size Used Priority\n")
        self.write("proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro quiet\n")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def disk(self, name: str, place: str, size_bytes: int, *, parts: int = 0, **files: str) -> None:
        """A disk whose device is at `place`; `files` are what the kernel says of it (`device_cid` is device/cid)."""
        folder = f"sys/{place}/block/{name}"
        number = f"{8 if name.startswith('sd') else 179}:{16 * (ord(name[-1]) % 16)}"
        said = {"size": str(size_bytes // 512), "ro": "0", "removable": "0", "dev": number, **files}
        for file, text in said.items():
            self.write(f"{folder}/{file.replace('device_', 'device/', 1)}", f"{text}\n")
        for part in range(1, parts + 1):
            major, minor = number.split(":")
            self.write(f"{folder}/{name}{part}/partition", f"{part}\n")
            self.write(f"{folder}/{name}{part}/dev", f"{major}:{int(minor) + part}\n")
        (self.root / "sys/block" / name).symlink_to(self.root / folder)

    def mount(self, number: str, place: str, source: str = "/dev/x") -> None:
        self.mounts.append(f"{30 + len(self.mounts)} 1 {number} / {place} rw,relatime shared:1 - ext4 {source} rw")
        self.write("proc/self/mountinfo", "\n".join(self.mounts))

    def first_sector(self, name: str, disk_id: str) -> None:
        sector = bytes(440) + int(disk_id, 16).to_bytes(4, "little") + bytes(66) + b"\x55\xaa"
        (self.root / "dev" / name).write_bytes(sector)

    @property
    def disks(self) -> Disks:
        return Disks(self.root)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A laptop: its disk, two USB readers (one is empty), a card in its own slot, a USB disk for back-ups."""
    machine = Machine(tmp_path)
    machine.disk("sda", "devices/pci0000:00/0000:00:17.0/ata1", 500 * GIB, parts=2, device_model="SAMSUNG")
    machine.disk("sdb", f"{USB}/1-4.2/1-4.2:1.0/host6/target6:0:0/6:0:0:0", 32 * GIB, parts=2, removable="1",
                 device_vendor="Generic", device_model="SD/MMC")  # fmt: skip
    machine.write(f"sys/{USB}/1-4.2/serial", "000000001539\n")
    machine.disk("sdc", f"{USB}/1-4.3/1-4.3:1.0/host7/target7:0:0/7:0:0:0", 0, removable="1")
    machine.disk("sdd", f"{USB}/1-4.1/1-4.1:1.0/host8/target8:0:0/8:0:0:0", 1000 * GIB, parts=1)
    machine.disk("mmcblk0", "devices/platform/emmc2/mmc0/mmc0:aaaa", 64 * GIB, device_type="SD", device_name="SC64G",
                 device_cid="035344534336344780b1c2d3e4014900")  # fmt: skip
    machine.disk("mmcblk1", "devices/platform/emmc/mmc1/mmc1:0001", 16 * GIB, device_type="MMC", device_name="BJTD4R")
    machine.disk("loop0", "devices/virtual", GIB)
    machine.mount("8:17", "/")
    (machine.root / "dev/disk/by-path/pci-0000:00:14.0-usb-0:4.2:1.0-scsi-0:0:0:0").symlink_to("../../sdb")
    return machine


def of(machine: Machine, name: str) -> Disk:
    return machine.disks._disk(name)


def why_not(machine: Machine, name: str, *, is_insisted: bool = False) -> str:
    return refusal(of(machine, name), NEED_BYTES, SIZE_MAX_BYTES, is_insisted=is_insisted)


def test_all_readers_are_the_cards_in_readers(machine: Machine) -> None:
    """Not the empty reader, not the back-up disk, not what is soldered in, not what the computer runs from."""
    assert ["/dev/mmcblk0", "/dev/sdb"] == sorted(str(disk.path) for disk in machine.disks.readers())


def test_a_reader_is_named_by_its_port_and_a_card_by_its_cid(machine: Machine) -> None:
    reader, slot = of(machine, "sdb"), of(machine, "mmcblk0")

    assert "/dev/sdb (USB 1-4.2)" == reader.slot
    assert ("Generic SD/MMC", "000000001539") == (reader.model, reader.serial)
    assert "pci-0000:00:14.0-usb-0:4.2:1.0-scsi-0:0:0:0" == reader.by_path
    assert ("SC64G", "035344534336344780b1c2d3e4014900") == (slot.model, slot.serial)


def test_a_card_in_a_reader_is_taken(machine: Machine) -> None:
    assert ["", ""] == [why_not(machine, name) for name in ("sdb", "mmcblk0")]


@pytest.mark.parametrize("name", ["sdd", "mmcblk1"])
def test_another_disk_is_taken_only_where_it_is_meant(machine: Machine, name: str) -> None:
    assert "Say --yes-this-disk /dev/" in why_not(machine, name)
    assert "" == why_not(machine, name, is_insisted=True)


@pytest.mark.parametrize("place", ["/", "/boot", "/boot/firmware", "/usr", "/home", "/var/lib", "/run/live/medium"])
def test_what_the_computer_runs_from_is_never_taken(machine: Machine, place: str) -> None:
    machine.mount("8:33", place)

    assert f"is what this computer runs from: it holds {place}." in why_not(machine, "sdb", is_insisted=True)


def test_a_file_system_with_numbers_of_its_own_is_known_by_its_source(machine: Machine) -> None:
    """btrfs: the kernel's list has 0:31 for it, and /dev/sdb2 at the end."""
    machine.mount("0:31", "/", "/dev/sdb2")

    assert "it holds /." in why_not(machine, "sdb", is_insisted=True)


def test_the_stick_that_the_computer_was_started_from_is_never_taken(machine: Machine) -> None:
    """A desk station runs from memory: nothing of its stick needs to be mounted."""
    machine.first_sector("sdb", "0badcafe")
    machine.write("proc/cmdline", "root=PARTUUID=0BADCAFE-02 ro\n")

    assert "it was started from it" in why_not(machine, "sdb", is_insisted=True)


def test_a_mounted_card_is_not_taken(machine: Machine) -> None:
    machine.mount("8:33", "/media/amina/MY\\040PHOTOS")

    assert "/dev/sdb (USB 1-4.2) is mounted at /media/amina/MY PHOTOS: unmount it first." == why_not(machine, "sdb")


def test_a_disk_that_others_use_is_not_taken(machine: Machine) -> None:
    folder = (machine.root / "sys/block/sdb").resolve()
    (folder / "sdb2/holders/dm-0").mkdir(parents=True)
    machine.write("proc/swaps", "Filename Type Size Used Priority\n/dev/sdb1 partition 1 0 -2\n")

    assert "is in use by dm-0, swap." in why_not(machine, "sdb", is_insisted=True)


def test_a_locked_card_is_not_taken(machine: Machine) -> None:
    (machine.root / "sys/block/sdb/ro").write_text("1\n")

    assert "move the small switch" in why_not(machine, "sdb")


def test_an_empty_reader_is_said(machine: Machine) -> None:
    assert "/dev/sdc (USB 1-4.3) has no card in it." == why_not(machine, "sdc")


def test_too_small_and_too_large_are_refused(machine: Machine) -> None:
    card = of(machine, "sdb")

    assert "is too small" in refusal(card, 33 * GIB, SIZE_MAX_BYTES)
    assert "is larger than a card may be" in refusal(card, GIB, 16 * GIB, is_insisted=True)


def test_a_file_is_a_disk_of_its_own_size(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "card.img").write_bytes(b"x" * 5000)

    assert 5000 == machine.disks.named(tmp_path / "card.img", GIB).size_bytes
    assert GIB == machine.disks.named(tmp_path / "new.img", GIB).size_bytes
    assert "too small" in refusal(machine.disks.named(tmp_path / "card.img", GIB), GIB, SIZE_MAX_BYTES)


@pytest.mark.parametrize("name", ["/dev/null", "/dev/none-such", "/nowhere/card.img"])
def test_what_is_no_disk_is_refused(machine: Machine, name: str) -> None:
    with pytest.raises(DiskRefused):
        machine.disks.named(Path(name), GIB)
