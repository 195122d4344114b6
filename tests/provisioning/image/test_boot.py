"""What boards read before the kernel: each way to start names the same root."""

import pytest

from provisioning.image import boot
from provisioning.slots import loader

DISK = "1f2e3d4c"


@pytest.mark.parametrize("arch", ["arm64", "amd64"])
@pytest.mark.parametrize(("slot", "partition"), [("a", "02"), ("b", "03")])
def test_every_way_to_start_a_slot_names_its_partition_of_this_disk(arch: str, slot: str, partition: str) -> None:
    files = boot.slot_files(arch, slot, DISK, b"kernel", b"root", {"bcm2711-rpi-4-b.dtb": b"board"})
    lines = [data for name, data in files.items() if name.endswith("cmdline.txt")]
    lines.append(boot.entry(arch, slot, DISK, 7))

    assert all(f"root=PARTUUID={DISK}-{partition} ".encode() in line for line in lines)
    assert {name.partition("/")[0] for name in files} == {slot}
    assert (arch == "arm64") == (f"{slot}/bcm2711-rpi-4-b.dtb" in files)


def test_a_pi_reads_everything_of_a_slot_from_its_own_folder() -> None:
    assert b"os_prefix=b/\n" in boot.pi_config("b")


def test_names_of_entries_are_those_that_updates_look_for() -> None:
    names = [boot.entry_name("a").rpartition("/")[2], boot.entry_name("b", 1).rpartition("/")[2]]

    assert loader.entries(names) == {
        "qanat-a.conf": loader.Entry("a", None),
        "qanat-b+1.conf": loader.Entry("b", 1),
    }
    assert names == [loader.good_name("a"), loader.trial_name("b")]


def test_an_entry_is_bad_when_its_tries_are_used_up() -> None:
    found = loader.entries(["qanat-b+0-1.conf", "qanat-a.conf", "other.conf", "qanat-c.conf"])

    assert {name: (one.is_on_trial, one.is_bad) for name, one in found.items()} == {
        "qanat-b+0-1.conf": (True, True),
        "qanat-a.conf": (False, False),
    }
