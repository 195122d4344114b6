"""The hardware print: on which machine and from which card a box runs, so that a copy of its card is told from a move.

* Read from what the kernel shows to everybody; each part is hashed with its name before it is kept or said.
* Parts that cannot be read say nothing: only what is known on both sides is compared, and a machine that shows nothing
  (a virtual one, a sandbox) raises nothing.
* The same card in another machine was moved. Another card was copied, whatever machine it is in: the first one may
  still run somewhere. Where the card has no number of its own, the machine stands for it.
* A print once given stays: a part that can be read only today changes nothing.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.digest import sha256
from edge.keeping.alarms import Alarms
from sync.clock import Clock
from sync.keys import base64url

CARD = "card"
MACHINE = ("soc", "dmi", "mac")
"""The machine's parts, the one that tells most first: the first that is known on both sides decides."""
VALUE_BYTES_MAX = 256
PRINT_LETTERS = 16

_NOTHING = frozenset({"", "0", "none", "notspecified", "tobefilledbyo.e.m.", "defaultstring", "systemserialnumber"})
"""What makers leave where a number should be; the like of zeros alone says nothing either."""

migrations = Migrations("edge.birth.hardware")


@migrations()
def hardware(connection: Connection) -> None:
    """Every hardware that this box ran on, as it knows it now; the newest `place` is the one that it runs on."""
    connection.execute(
        """
        create table hardware (
            place integer primary key,
            card text not null,
            machine text not null,
            parts text not null,
            since_seconds integer not null
        ) strict
        """
    )


class Change(Enum):
    """What happened to a box between two starts."""

    NONE = "none"
    MOVED = "moved"
    """Its card is in another machine."""
    COPIED = "copied"
    """It runs from another card, or, as far as can be known, from a copy elsewhere."""


@dataclass(frozen=True, slots=True)
class Print:
    """What is said of the hardware: the card by its number, or else by the machine; and the machine. "": not known."""

    card: str = ""
    machine: str = ""

    def row(self) -> tuple[str, ...]:
        """As the report has it; nothing where nothing is known."""
        return (self.card, self.machine) if self.card else ()


def parts_of(data: Path, root: Path = Path("/")) -> Mapping[str, str]:
    """The parts that this machine shows, hashed. `root` is where its /sys is found."""
    sys = root / "sys"
    found = {
        "soc": _value(sys / "firmware/devicetree/base/serial-number"),
        "dmi": _value(sys / "class/dmi/id/product_uuid") or _value(sys / "class/dmi/id/product_serial"),
        "mac": _first_mac(sys / "class/net"),
        CARD: _disk_number(sys, data),
    }
    return {name: _hashed(name, value) for name, value in found.items() if value}


def compare(before: Mapping[str, str], now: Mapping[str, str]) -> Change:
    """What happened between two sets of parts."""
    machine = next((name for name in MACHINE if name in before and name in now), None)
    is_other_machine = machine is not None and before[machine] != now[machine]
    if CARD in before and CARD in now:
        if before[CARD] != now[CARD]:
            return Change.COPIED
        return Change.MOVED if is_other_machine else Change.NONE
    return Change.COPIED if is_other_machine else Change.NONE


def print_of(parts: Mapping[str, str]) -> Print:
    """What is said of these parts."""
    machine = next((parts[name] for name in MACHINE if name in parts), "")
    return Print(parts.get(CARD, machine), machine)


class Hardware:
    """What a box remembers of the hardware that it ran on."""

    def __init__(self, database: Database, alarms: Alarms, clock: Clock) -> None:
        self._database = database
        self._alarms = alarms
        self._clock = clock

    def look(self, parts: Mapping[str, str]) -> Change:
        """See, at a start, on what the box runs now; what changed is an alarm, and kept, in one transaction."""
        rows = self._rows()
        if not parts:
            return Change.NONE
        change = compare(rows[-1][2], parts) if rows else Change.NONE
        if rows and change is Change.NONE and parts.keys() <= rows[-1][2].keys():
            return change

        def work(connection: Connection) -> None:
            if rows and change is Change.NONE:
                place, _, known = rows[-1]
                learnt = json.dumps({**parts, **known}, sort_keys=True)
                connection.execute("update hardware set parts = ? where place = ?", [learnt, place])
                return
            # Back on what it ran on before: it has the print that it had there.
            same = [said for _, said, known in rows if compare(known, parts) is Change.NONE]
            said = same[-1] if same else print_of(parts)
            connection.execute(
                "insert into hardware (card, machine, parts, since_seconds) values (?, ?, ?, ?)",
                [said.card, said.machine, json.dumps(dict(parts), sort_keys=True), self._clock.now().wall_seconds],
            )
            match change:
                case Change.COPIED:
                    self._alarms.raise_in(connection, "hardware-changed")
                case Change.MOVED:
                    self._alarms.raise_in(connection, "machine-changed")
                case Change.NONE:
                    pass

        self._database.write(work)
        return change

    def now(self) -> Print:
        """What the box says of the hardware that it runs on."""
        rows = self._rows()
        return rows[-1][1] if rows else Print()

    def _rows(self) -> list[tuple[int, Print, Mapping[str, str]]]:
        rows = self._database.read().execute("select place, card, machine, parts from hardware order by place")
        return [(row["place"], Print(row["card"], row["machine"]), json.loads(row["parts"])) for row in rows]


def _value(path: Path) -> str:
    """What a file of the kernel's says, without what is no number; "" where it cannot be read or says nothing."""
    try:
        with path.open("rb") as file:
            raw = file.read(VALUE_BYTES_MAX)
    except OSError:
        return ""
    text = "".join(raw.decode("utf-8", "replace").replace("\0", " ").split()).lower()
    return "" if text in _NOTHING or not set(text) - set("0-:.fx") else text


def _first_mac(folder: Path) -> str:
    """The address burnt into the first network card by name that is built in."""
    try:
        cards = sorted(folder.iterdir())
    except OSError:
        return ""
    return next((address for card in cards if _is_built_in(card) and (address := _value(card / "address"))), "")


def _is_built_in(card: Path) -> bool:
    """Tell whether a network card is a real one, not on a cable, with the address that it was made with."""
    device = card / "device"
    is_here = device.exists() and "/usb" not in os.fspath(device.resolve())
    return is_here and _read(card / "addr_assign_type") == "0"


def _disk_number(sys: Path, data: Path) -> str:
    """The number of the card or disk that the data lies on."""
    try:
        device = data.stat().st_dev
        block = (sys / "dev/block" / f"{os.major(device)}:{os.minor(device)}").resolve(strict=True)
    except OSError:
        return ""
    whole = block.parent if (block / "partition").exists() else block
    return next((value for name in ("cid", "wwid", "serial") if (value := _value(whole / "device" / name))), "")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")[:VALUE_BYTES_MAX].strip()
    except OSError:
        return ""


def _hashed(name: str, value: str) -> str:
    # A number of few digits could be guessed from its hash; what it is good for is to be told apart from others.
    return base64url(sha256(f"qanat hardware\0{name}\0{value}".encode()))[:PRINT_LETTERS]
