"""The steps of first boot: each may be cut anywhere, and is done again at the next start at no cost.

* What is done is seen by looking, never by a mark that says so: a mark can be lost or lie.
* A step that fails says so, and the others go on: a box without its seed still serves, and its page says what it lacks.
* Without a data partition of its own nothing is done here at all: nothing would last.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from catalog.durable import write_file
from catalog.fault import BoxFault, Fault
from edge.birth.seed import FILE as SEED_FILE
from edge.birth.seed import SEED_BYTES_MAX, Seed
from provisioning.first_boot.machine import Machine

USER = "qanat"
WEB_GROUP = "www-data"
KEPT_SEED = "seed.json"
SPENT = "seed-spent"
SECRET_MODE = 0o600
DATA_PARTITION = 4
SLACK_BYTES = 8 << 20
"""A partition that ends so near to its disk's end has grown."""
TO_THE_END = ", +\n"
"""What sfdisk(8) is told of a partition that begins where it does and takes all that is free behind it."""

Say = Callable[[str], None]
Step = Callable[[Machine, Say], None]


@dataclass(frozen=True, slots=True)
class Account:
    """Who owns what the box keeps."""

    user: int
    group: int


def grow(machine: Machine, say: Say) -> None:
    """Let the data partition fill the card, while it is in use."""
    disk = machine.started()["disk"]
    device = os.path.realpath(machine.devices / "data")
    sysfs = machine.root / "sys/class/block"
    name = Path(device).name
    disk_bytes = _sectors(sysfs / disk / "size")
    end_bytes = _sectors(sysfs / name / "start") + _sectors(sysfs / name / "size")
    if disk_bytes - end_bytes > SLACK_BYTES:
        say(f"the data partition grows to {(disk_bytes - end_bytes + _sectors(sysfs / name / 'size')) // 10**6} MB")
        number = str(DATA_PARTITION)
        machine.run(
            ["/usr/sbin/sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "-N", number, f"/dev/{disk}"],
            TO_THE_END,
        )
        machine.run(["/usr/bin/partx", "--update", "--nr", number, f"/dev/{disk}"])
    machine.run(["/usr/sbin/resize2fs", device])


def keep_machine_id(machine: Machine, say: Say) -> None:
    """Keep the id that systemd drew: the first steps give it to the next start."""
    kept = machine.state / "machine-id"
    if not kept.exists() or not kept.read_text().strip():
        make(machine.state, 0o755)
        write_file(kept, (machine.etc / "machine-id").read_bytes(), 0o444)


def set_clock(machine: Machine, say: Say) -> None:
    """Never let it be earlier than it was: a board without a clock wakes up in the past."""
    saved = machine.state / "clock"
    make(machine.state, 0o755)
    if not saved.exists():
        saved.touch()
    machine.run(["/usr/lib/qanat/not-before", str(int(saved.stat().st_mtime))])


def make_folders(machine: Machine, say: Say) -> None:
    """Make the box's folder: the box owns it, and nginx may reach through it to what it sends."""
    account = account_of(machine)
    for folder, mode in ((machine.box, 0o710), (machine.box / "trees", 0o750), (machine.box / "launches", 0o750)):
        make(folder, mode)
        _give(folder, account, mode)
    chrony = machine.data / "chrony"
    make(chrony, 0o750)
    if "\n_chrony:" in (machine.etc / "passwd").read_text():  # a stock system keeps the time by another program
        os.chown(chrony, _number(machine.etc / "passwd", "_chrony", 2), _number(machine.etc / "group", "_chrony", 2))


def take_seed(machine: Machine, say: Say) -> None:
    """Hand the card's seed to the box, once; and erase from the card what was used."""
    card = machine.firmware / SEED_FILE
    kept, account = machine.box / KEPT_SEED, account_of(machine)
    if not card.is_file():
        say("there is no seed on this card: staff enrol the box on its page")
        return
    if (machine.box / SPENT).exists():
        # From the box's own, which lets go of its secrets first: the card's may have been cut in the middle of this.
        spent = Seed.from_bytes(_read(kept)).spent()
        _erase(machine, spent.to_bytes())
        (machine.box / SPENT).unlink()
        say(f"card {spent.id}: its token is used, and erased from the card")
    elif not kept.exists():
        seed = Seed.from_bytes(_read(card))
        write_file(kept, seed.to_bytes(), SECRET_MODE)
        say(f"card {seed.id}: this is {seed.settings.get('name', 'a new box')}, for {seed.campus_name or 'a campus'}")
    if kept.exists():
        _give(kept, account, SECRET_MODE)  # each time: the power may have gone between writing it and this


def join_networks(machine: Machine, say: Say) -> None:
    """Let the networks be what the seed says, before any of them is up: each start makes them anew."""
    from provisioning.network import files
    from provisioning.network.cli import RADIO_DRIVERS
    from provisioning.network.plan import Plan
    from provisioning.network.radio import country_told

    kept = machine.box / KEPT_SEED
    if not kept.is_file():
        return
    plan = Plan.of(Seed.from_bytes(_read(kept)))
    files.write(plan, machine.root)
    has_radio = RADIO_DRIVERS.exists()
    wrong = files.apply(plan, files.run, has_radio=has_radio)
    if has_radio:
        # For the box's page, which may not ask the radio itself.
        make(machine.root / "run/qanat", 0o755)
        (machine.root / "run/qanat/wifi-country").write_text(country_told(files.run(["iw", "reg", "get"])[1]))
    if wrong:
        raise BoxFault(" ".join(wrong), "Start the box again; docs/network.md says what each part is for.")


STEPS: dict[str, Step] = {
    "grow": grow,
    "machine-id": keep_machine_id,
    "clock": set_clock,
    "folders": make_folders,
    "seed": take_seed,
    "networks": join_networks,
}
"""In this order."""


def run(machine: Machine, say: Say, only: str = "") -> list[Fault]:
    """Do every step, or one. Returns what went wrong.

    Raises BoxFault where the data partition is not mounted: nothing is done then.
    """
    if not is_mounted(machine):
        raise BoxFault(
            "The data partition of this card is not mounted: nothing that is done here would last.",
            "Start the box again. If that does not help, put in another card; `qanat provision rescue` reads this one.",
        )
    faults: list[Fault] = []
    for name, step in STEPS.items():
        if only in ("", name):
            try:
                step(machine, say)
            except Fault as fault:
                faults.append(fault)
                say(f"{name}: {fault}")
            except OSError as error:
                faults.append(BoxFault(f"{name}: {error}.", "Start the box again; then try another card."))
                say(str(faults[-1]))
    return faults


def is_mounted(machine: Machine) -> bool:
    """Whether the data partition is there: a folder of the root in its place lies in memory."""
    return machine.data.stat().st_dev != machine.root.stat().st_dev


def account_of(machine: Machine) -> Account:
    """The box's account, and the group of nginx."""
    return Account(_number(machine.etc / "passwd", USER, 2), _number(machine.etc / "group", WEB_GROUP, 2))


def make(folder: Path, mode: int) -> None:
    """Make a folder where there is none."""
    if not folder.is_dir():
        folder.mkdir(mode=mode, parents=True)


def _give(path: Path, account: Account, mode: int) -> None:
    """Let the box own it. The box writes this folder, and root follows no link out of it."""
    if path.is_symlink():
        raise BoxFault(f"{path} is a link, and should be none.", "Somebody was at this box's data; burn the card anew.")
    os.chown(path, account.user, account.group, follow_symlinks=False)
    path.chmod(mode)


def _erase(machine: Machine, spent: bytes) -> None:
    """Write over the seed on the card: its former bytes first, so that they are not merely let go."""
    where = str(machine.firmware)
    machine.run(["/usr/bin/mount", "-o", "remount,rw", where])
    try:
        card = machine.firmware / SEED_FILE
        with card.open("r+b") as file:
            length = file.seek(0, os.SEEK_END)
            file.seek(0)
            file.write(b" " * length)
            file.flush()
            os.fdatasync(file.fileno())
        write_file(card, spent)
    finally:
        machine.run(["/usr/bin/mount", "-o", "remount,ro", where])


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SEED_BYTES_MAX + 1)


def _sectors(path: Path) -> int:
    return int(path.read_text()) * 512


def _number(path: Path, name: str, field: int) -> int:
    for line in path.read_text().splitlines():
        parts = line.split(":")
        if parts[0] == name:
            return int(parts[field])
    raise BoxFault(f"There is no {name} in {path}.", "The image is not whole; burn the card again.")
