"""First boot, on a folder that stands for the machine: what each step leaves, however often and however far it went."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalog.fault import BoxFault, CallerFault
from edge.birth.seed import FILE, Seed
from provisioning.first_boot import leds, steps
from provisioning.first_boot.machine import Machine
from provisioning.provision import provision

SEED = Seed("a" * 16, "b" * 16, 7, "Ali Sabieh", "https://hub.example", "aaaaa-" * 7 + "aaaaa", "KMTRD-XWPCF", None)


@dataclass(frozen=True, slots=True)
class Bench(Machine):
    """A machine whose programs are asked for, and not run."""

    asked: tuple[list[str], ...] = ()

    def run(self, command: Sequence[str], told: str = "") -> str:
        self.asked[0].append(" ".join(command))
        return ""


@pytest.fixture
def machine(tmp_path: Path) -> Bench:
    for folder in ("data", "boot/firmware", "etc/qanat", "dev/qanat", "sys/class/block/sda", "sys/class/block/sda4"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/machine-id").write_text("f" * 32 + "\n")
    (tmp_path / "etc/qanat/started").write_text("disk=sda slot=2\n")
    (tmp_path / "etc/passwd").write_text(
        f"root:x:0:0::/:/bin/sh\nqanat:x:{os.getuid()}:{os.getgid()}::/:/bin/false\n"
        f"_chrony:x:{os.getuid()}:{os.getgid()}::/:/bin/false\n"
    )
    (tmp_path / "etc/group").write_text(f"root:x:0:\nwww-data:x:{os.getgid()}:\n_chrony:x:{os.getgid()}:\n")
    (tmp_path / "dev/qanat/data").symlink_to("../sda4")
    for name, sectors in {"sda/size": 6_000_000, "sda4/start": 2_000_000, "sda4/size": 131_072}.items():
        (tmp_path / "sys/class/block" / name).write_text(f"{sectors}\n")
    return Bench(tmp_path, ([],))


@pytest.fixture
def said() -> list[str]:
    return []


def put_seed(machine: Machine, seed: Seed = SEED) -> None:
    (machine.firmware / FILE).write_bytes(seed.to_bytes())


def test_without_a_data_partition_of_its_own_nothing_is_done_at_all(machine: Bench, said: list[str]) -> None:
    """What would be written there lies in memory, and is gone with the power."""
    put_seed(machine)

    with pytest.raises(BoxFault, match="not mounted") as refused:
        steps.run(machine, said.append)

    assert refused.value.hint
    assert not list(machine.data.iterdir())


def test_a_card_that_is_larger_than_its_image_is_filled(machine: Bench, said: list[str]) -> None:
    steps.grow(machine, said.append)

    assert machine.asked[0] == [
        "/usr/sbin/sfdisk --quiet --no-reread --no-tell-kernel -N 4 /dev/sda",
        "/usr/bin/partx --update --nr 4 /dev/sda",
        f"/usr/sbin/resize2fs {machine.root}/dev/sda4",
    ]
    assert "grows to" in said[0]


def test_a_card_that_is_full_is_left_as_it_is(machine: Bench, said: list[str]) -> None:
    (machine.root / "sys/class/block/sda4/size").write_text("4000000\n")

    steps.grow(machine, said.append)

    assert machine.asked[0] == [f"/usr/sbin/resize2fs {machine.root}/dev/sda4"]
    assert said == []


def test_the_box_gets_its_seed_once_and_keeps_it_for_itself(machine: Bench, said: list[str]) -> None:
    put_seed(machine)
    steps.make_folders(machine, said.append)

    steps.take_seed(machine, said.append)
    steps.take_seed(machine, said.append)

    kept = machine.box / steps.KEPT_SEED
    assert Seed.from_bytes(kept.read_bytes()) == SEED
    assert kept.stat().st_mode & 0o777 == 0o600
    assert len(said) == 1
    assert not [secret for secret in (SEED.token, SEED.staff_code) if secret in said[0]]


def test_a_cut_before_the_box_owned_its_seed_is_made_good_at_the_next_start(
    machine: Bench, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seed that belongs to root is one that the box can never read."""
    put_seed(machine)
    steps.make_folders(machine, said.append)
    (machine.box / steps.KEPT_SEED).write_bytes(SEED.to_bytes())
    given: list[str] = []
    monkeypatch.setattr(os, "chown", lambda path, *owner, **how: given.append(Path(path).name))

    steps.take_seed(machine, said.append)

    assert given == [steps.KEPT_SEED]


@pytest.mark.parametrize("name", ["trees", "launches", steps.KEPT_SEED])
def test_root_follows_no_link_that_the_box_could_have_made(machine: Bench, said: list[str], name: str) -> None:
    machine.box.mkdir()
    secret = machine.root / "etc/secret"
    secret.write_bytes(SEED.to_bytes())
    secret.chmod(0o600)
    (machine.box / name).symlink_to(secret)
    put_seed(machine)

    with pytest.raises((BoxFault, OSError)):
        steps.make_folders(machine, said.append)
        steps.take_seed(machine, said.append)

    assert secret.stat().st_mode & 0o777 == 0o600


def test_what_is_used_is_erased_from_the_card(machine: Bench, said: list[str]) -> None:
    put_seed(machine)
    steps.make_folders(machine, said.append)
    steps.take_seed(machine, said.append)
    (machine.box / steps.SPENT).touch()

    steps.take_seed(machine, said.append)

    left = (machine.firmware / FILE).read_bytes()
    assert SEED.token.encode() not in left
    assert SEED.staff_code.encode() not in left
    assert Seed.from_bytes(left).id == SEED.id
    assert not (machine.box / steps.SPENT).exists()
    assert [line.split("remount,")[1][:2] for line in machine.asked[0]] == ["rw", "ro"]


def test_a_cut_before_the_card_is_erased_is_made_good_at_the_next_start(machine: Bench, said: list[str]) -> None:
    put_seed(machine)
    steps.make_folders(machine, said.append)
    steps.take_seed(machine, said.append)
    (machine.box / steps.SPENT).touch()
    (machine.firmware / FILE).write_bytes(b" " * 10)  # as a cut leaves it between the two writes

    steps.take_seed(machine, said.append)

    assert Seed.from_bytes((machine.firmware / FILE).read_bytes()).id == SEED.id
    assert not (machine.box / steps.SPENT).exists()


@pytest.mark.parametrize("data", [b"", b"not a seed", b"x" * 100_000])
def test_a_seed_that_is_none_stops_nothing_else(
    machine: Bench, said: list[str], data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.firmware / FILE).write_bytes(data)
    monkeypatch.setattr(steps, "is_mounted", lambda machine: True)

    faults = steps.run(machine, said.append)

    assert len(faults) == 1
    assert "seed" in faults[0].sentence
    assert (machine.state / "machine-id").read_text() == "f" * 32 + "\n"


def test_the_machines_id_is_kept_from_the_first_start_on(machine: Bench, said: list[str]) -> None:
    steps.keep_machine_id(machine, said.append)
    (machine.etc / "machine-id").write_text("0" * 32 + "\n")

    steps.keep_machine_id(machine, said.append)

    assert (machine.state / "machine-id").read_text() == "f" * 32 + "\n"


def test_the_clock_is_never_before_what_was_written_down(machine: Bench, said: list[str]) -> None:
    machine.state.mkdir()
    (machine.state / "clock").touch()
    os.utime(machine.state / "clock", (1_790_000_000, 1_790_000_000))

    steps.set_clock(machine, said.append)

    assert machine.asked[0] == ["/usr/lib/qanat/not-before 1790000000"]


@pytest.mark.parametrize("light", leds.Light)
def test_the_light_says_it(tmp_path: Path, light: leds.Light) -> None:
    (tmp_path / "ACT").mkdir()
    for name in ("trigger", "delay_on", "delay_off"):
        (tmp_path / "ACT" / name).write_text("")

    assert leds.show(light, tmp_path)

    assert (tmp_path / "ACT/trigger").read_text() == light.value
    assert bool((tmp_path / "ACT/delay_on").read_text()) == (light is leds.Light.NEEDS_SOMEBODY)


def test_a_board_without_a_light_says_nothing(tmp_path: Path) -> None:
    assert not leds.show(leds.Light.WELL, tmp_path)


@pytest.mark.parametrize("words", [["first-boot"], ["slot", "confirm"]])
def test_on_another_machine_the_appliances_commands_do_nothing_and_say_so(words: list[str]) -> None:
    """Whoever tries them on a laptop has its disk left alone."""
    with pytest.raises(CallerFault, match="no appliance") as refused:
        provision.main(words, standalone_mode=False)

    assert refused.value.hint
