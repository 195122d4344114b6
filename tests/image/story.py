"""What happens to boards in more than one test."""

import re

from tests.image.board import Board
from tests.image.card import SLOT_A_MIB, SLOT_B_MIB, Card


def put_update(board: Board) -> None:
    """The same software once more, as an update: in the other slot, to be tried once."""
    Card(board.disk).copy_slot(SLOT_A_MIB, SLOT_B_MIB)
    for name in ("vmlinuz", "initrd"):
        board.put_folder("b")
        board.put(f"b/{name}", board.read(f"a/{name}"))
    entry = board.read("loader/entries/qanat-a.conf").decode()
    number = int(re.search(r"version (\d+)", entry)[1])  # type: ignore[index]
    entry = (
        entry.replace("/a/", "/b/").replace(f"version {number}", f"version {number + 1}").replace("slot a", "slot b")
    )
    board.put("loader/entries/qanat-b+1.conf", entry.replace(f"{disk_id(board)}-02", f"{disk_id(board)}-03").encode())


def disk_id(board: Board) -> str:
    with board.disk.open("rb") as file:
        file.seek(440)
        return file.read(4)[::-1].hex()


def card_identity(card: Card) -> tuple[str, str]:
    """What makes it this box and no other: the machine's id, and the box's key."""
    machine, key = card.data_file("/machine/machine-id").decode().strip(), card.data_file("/box/keys/box.key")
    assert re.fullmatch("[0-9a-f]{32}", machine)
    assert key
    return machine, key.hex()
