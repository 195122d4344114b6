"""The hardware print: a card that is moved is told from one that is copied, and what cannot be read raises nothing."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.birth.hardware import Change, Print, compare, parts_of, print_of
from edge.keeping.alarms import DAY_SECONDS

ROOM = {"soc": "s1", "mac": "m1", "card": "c1"}


def kinds(box: Any) -> list[str]:
    return [alarm.kind for alarm in box.alarms.standing()]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (ROOM, Change.NONE),
        ({**ROOM, "soc": "s2", "mac": "m2"}, Change.MOVED),
        ({**ROOM, "card": "c2"}, Change.COPIED),
        ({"soc": "s2", "mac": "m2", "card": "c2"}, Change.COPIED),
        # A part that cannot be read today, or could not be before, says nothing.
        ({"soc": "s1"}, Change.NONE),
        ({"card": "c1"}, Change.NONE),
        ({"card": "c2"}, Change.COPIED),
        ({"dmi": "d9"}, Change.NONE),
        ({}, Change.NONE),
        # What tells most decides: another network card in the same machine is no other machine.
        ({**ROOM, "mac": "m2"}, Change.NONE),
        ({"mac": "m2", "card": "c1"}, Change.MOVED),
        # Where the card has no number, nobody can tell a move from a copy.
        ({"soc": "s2"}, Change.COPIED),
        ({"mac": "m2"}, Change.COPIED),
    ],
)
def test_what_changed_between_two_starts(now: Mapping[str, str], expected: Change) -> None:
    assert expected == compare(ROOM, now)
    assert expected == compare(now, ROOM)


def test_the_card_is_named_by_its_own_number_or_else_by_its_machine() -> None:
    assert Print("c1", "s1") == print_of(ROOM)
    assert Print("s1", "s1") == print_of({"soc": "s1", "mac": "m1"})
    assert Print("c1", "") == print_of({"card": "c1"})
    assert ("c1", "") == print_of({"card": "c1"}).row()
    assert () == print_of({}).row()


def test_a_box_keeps_its_print_whatever_can_be_read_later(boxes: Any) -> None:
    box = boxes(parts={"mac": "m1", "card": "c1"})
    first = box.hardware.now()
    for parts in ({}, {"card": "c1"}, ROOM, {"soc": "s1"}, ROOM):
        box.close()
        box = boxes(parts=parts)

        assert (first, []) == (box.hardware.now(), kinds(box))


def test_a_machine_that_shows_nothing_raises_nothing_and_is_nobody(boxes: Any) -> None:
    box = boxes()
    assert Print() == box.hardware.now()
    box.close()

    box = boxes(parts=ROOM)

    assert (Print("c1", "s1"), []) == (box.hardware.now(), kinds(box))


def test_a_card_in_another_machine_is_only_to_be_known(boxes: Any, clock: Any) -> None:
    boxes(parts=ROOM).close()

    box = boxes(parts={**ROOM, "soc": "s2"})

    assert (["machine-changed"], Print("c1", "s2")) == (kinds(box), box.hardware.now())
    box.close()
    clock.wind(15 * DAY_SECONDS)
    assert [] == kinds(boxes(parts={**ROOM, "soc": "s2"}))


def test_a_copied_card_is_an_alarm_until_somebody_has_seen_to_it(boxes: Any) -> None:
    boxes(parts=ROOM).close()

    box = boxes(parts={**ROOM, "card": "c2"})

    assert (["hardware-changed"], Print("c2", "s1")) == (kinds(box), box.hardware.now())
    box.alarms.settle("hardware-changed")
    box.close()
    assert [] == kinds(boxes(parts={**ROOM, "card": "c2"}))


def test_back_on_the_former_card_it_has_the_former_print(boxes: Any) -> None:
    box = boxes(parts={"mac": "m1", "card": "c1"})
    first = box.hardware.now()
    box.close()
    boxes(parts={**ROOM, "card": "c2"}).close()

    box = boxes(parts=ROOM)

    assert first == box.hardware.now()


# ---- what a machine shows ----------------------------------------------------------------------------------------


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """The /sys of a small board: a serial number, a network card that is built in, one on a cable, a card's CID."""
    root = tmp_path / "root"
    data = tmp_path.stat().st_dev
    disk = root / "sys/devices/mmc0/block/mmcblk0"
    wires = root / "sys/class/net"
    made = {
        "sys/firmware/devicetree/base/serial-number": b"10000000a1b2c3d4\0",
        "sys/devices/mmc0/block/mmcblk0/device/cid": b"1b534d454231515430\n",
        "sys/devices/mmc0/block/mmcblk0/mmcblk0p4/partition": b"4\n",
        "sys/devices/soc/net/address": b"dc:a6:32:01:02:03\n",
        "sys/devices/soc/net/addr_assign_type": b"0\n",
        "sys/devices/usb1/net/address": b"00:e0:4c:01:02:03\n",
        "sys/devices/usb1/net/addr_assign_type": b"0\n",
    }
    for name, text in made.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text)
    wires.mkdir(parents=True)
    for name, place in {"eth0": "soc", "enx0": "usb1"}.items():
        (root / f"sys/devices/{place}/net/device").symlink_to(root / f"sys/devices/{place}")
        (wires / name).symlink_to(root / f"sys/devices/{place}/net")
    number = root / f"sys/dev/block/{os.major(data)}:{os.minor(data)}"
    number.parent.mkdir(parents=True)
    number.symlink_to(disk / "mmcblk0p4")
    return root


def test_a_board_shows_its_number_its_card_and_its_network_card(board: Path, tmp_path: Path) -> None:
    parts = parts_of(tmp_path, board)

    assert {"soc", "mac", "card"} == parts.keys()
    assert {16} == {len(part) for part in parts.values()}
    shown = str(parts)
    assert not [number for number in ("a1b2c3d4", "1b534d45", "dc:a6") if number in shown]
    (board / "sys/devices/usb1/net/address").write_bytes(b"00:e0:4c:ff:ff:ff\n")
    assert parts == parts_of(tmp_path, board)


@pytest.mark.parametrize(
    ("file", "said", "gone"),
    [
        ("firmware/devicetree/base/serial-number", b"0000000000000000\0", "soc"),
        ("firmware/devicetree/base/serial-number", b"To be filled by O.E.M.\n", "soc"),
        ("devices/mmc0/block/mmcblk0/device/cid", b"00000000000000000000000000000000\n", "card"),
        ("devices/soc/net/address", b"00:00:00:00:00:00\n", "mac"),
        ("devices/soc/net/addr_assign_type", b"1\n", "mac"),
    ],
)
def test_what_a_maker_left_empty_is_no_number(board: Path, tmp_path: Path, file: str, said: bytes, gone: str) -> None:
    (board / "sys" / file).write_bytes(said)

    assert gone not in parts_of(tmp_path, board)


def test_a_machine_without_any_of_it_has_no_parts(tmp_path: Path) -> None:
    assert {} == parts_of(tmp_path, tmp_path / "nothing")


def test_this_machine_shows_the_same_twice(tmp_path: Path) -> None:
    assert parts_of(tmp_path) == parts_of(tmp_path)
