"""What is carried by hand: letters both ways, what is enclosed, single files, and the seal around them.

* A letter that is taken is one that its writer signed, to the byte; one that a hostile writer signed says the same
  when it is read again.
* A single file hands out what lies in it, whole files under plain names, and no byte from elsewhere.
* What is unsealed is what was sealed, and never more than was allowed.
"""

import io
import tarfile
from pathlib import Path
from random import Random

from catalog.digest import digest_of
from sync.carry.carrier import Listed
from sync.carry.insert import Insert
from sync.carry.letter import DOWN, UP, Down, Up, down_letter, read_down, read_up, up_head
from sync.carry.sealed import seal, unseal
from sync.carry.single import SingleFile
from sync.keys import KeyPair, PublicKey, base64url
from sync.wire import Answer, Head, Mark, Report
from tests.hostile.damage import TRICKS
from tests.hostile.doors import Door, Room, demand

BOX, HUB = KeyPair.from_seed(b"b" * 32), KeyPair.from_seed(b"h" * 32)
ATTACHED = (b"batch one" * 20, b"batch two" * 30)
UNSEALED_BYTES_MAX = 200_000


class Letters(Door):
    """Letters and what is enclosed with them."""

    name = "letters"
    kinds = ("down", "down-line", "up", "up-line", "insert")

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        answer = Answer("letter", "nonce-1", (Mark("epoch-00", 41, 7),), wall_seconds=1_790_000_000, erased=("amina",))
        packs = (Listed("core-1", 10, digest_of(b"x")),)
        report = Report(
            "box-1", "letter", "letter", (Head("epoch-00", 3, "h"),), digest_of(b"s"), 1 << 33, 1_790_000_000, True
        )
        self._down = Down(HUB.public, "box-1", "campus-1", 5, 3, answer, packs, insert=digest_of(b"insert"))
        self._up = Up(4, 3, report, tuple((len(data), digest_of(data)) for data in ATTACHED))
        self._insert = Insert(ATTACHED, b"metadata" * 9, extra={"tomorrow": 1})

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        match kind:
            case "down":
                return down_letter(self._down, HUB), "a letter of the hub"
            case "down-line":
                return self._down.to_bytes(), "what the hub signs"
            case "up":
                return up_head(self._up, BOX) + b"".join(ATTACHED), "a letter of a box"
            case "up-line":
                return self._up.to_bytes(), "what a box signs"
        return self._insert.to_bytes(), "what is enclosed"

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        match kind:
            case "down":
                letter = read_down(data, PublicKey(HUB.public))
                demand(letter.to_bytes() == self._down.to_bytes(), "the hub never signed this letter")
            case "down-line":
                down = read_down(_signed(data, HUB, DOWN), PublicKey(HUB.public))
                demand(Down.from_bytes(down.to_bytes()) == down, "it says something else when it is read again")
            case "up":
                self._read_up(data)
            case "up-line":
                self._read_up(_signed(data, BOX, UP) + b"".join(ATTACHED), is_honest=False)
            case "insert":
                insert = Insert.from_bytes(data)
                demand(Insert.from_bytes(insert.to_bytes()) == insert, "it holds something else when it is read again")
                demand(data.endswith(b"".join(insert.batches) + insert.metadata), "it holds what was not enclosed")

    def _read_up(self, data: bytes, *, is_honest: bool = True) -> None:
        key = PublicKey(BOX.public)
        letter, batches = read_up(io.BytesIO(data), lambda box: key if box == "box-1" else None)
        came = list(batches)
        if is_honest:
            demand(letter == self._up and tuple(came) == ATTACHED, "the box never signed this letter")
        demand(Up.from_bytes(letter.to_bytes()) == letter, "it says something else when it is read again")
        demand(all(one in data for one in came), "it holds what was not attached")


class Files(Door):
    """The single file that a phone carries."""

    name = "files"
    kinds = ("file",)

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        target = io.BytesIO()
        words = "an honest file"
        with tarfile.open(
            fileobj=target, mode="w", format=chance.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
        ) as tar:
            for name, data in (
                ("down-box1.letter", b"letter" * 30),
                ("insert-box1.age", b"x" * 700),
                ("up-box1.age", b""),
            ):
                info = tarfile.TarInfo(name)
                if chance.random() < 0.15:
                    info.name, words = chance.choice(TRICKS).encode("utf-8", "replace").decode(), "a file with a trick"
                if chance.random() < 0.1:
                    info.type = chance.choice(
                        (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE, b"L")
                    )
                    info.linkname, words = "/etc/passwd", "a file with no plain file in it"
                info.size = len(data) if info.isreg() else 0
                tar.addfile(info, io.BytesIO(data))
        return target.getvalue(), words

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        source = room.came / "course.qanat"
        source.write_bytes(data)
        with source.open("rb") as file:
            single = SingleFile(file)
            for name, size_bytes in single.files().items():
                is_plain = name.isascii() and not set(name) & set("/\\:\0") and not name.startswith(".")
                demand(is_plain, f"{name!r} was taken for a name")
                with single.open(name) as one:
                    content = one.read(len(data) + 1)
                demand(len(content) == size_bytes and content in data, f"{name} is not what lies there")


class Sealed(Door):
    """The seal around what tells of learners."""

    name = "sealed"
    kinds = ("sealed", "contents")

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._plain = Random("plain").randbytes(150_000)
        sealed = io.BytesIO()
        seal(io.BytesIO(self._plain), sealed, PublicKey(HUB.public))
        self._sealed = sealed.getvalue()

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        if kind == "sealed":
            return self._sealed, "what was sealed"
        return bytes(chance.choice((0, 1, UNSEALED_BYTES_MAX, UNSEALED_BYTES_MAX + 1, 8 << 20))), "zeros to be sealed"

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        came, plain = io.BytesIO(data), io.BytesIO()
        if kind == "contents":
            came = io.BytesIO()
            seal(io.BytesIO(data), came, PublicKey(HUB.public))
            came.seek(0)
        try:
            unseal(came, plain, HUB, UNSEALED_BYTES_MAX)
        finally:
            demand(len(plain.getvalue()) <= UNSEALED_BYTES_MAX, "more came out than was allowed")
        demand(
            plain.getvalue() == (data if kind == "contents" else self._plain), "something else came out than went in"
        )


def _signed(line: bytes, keys: KeyPair, way: bytes) -> bytes:
    return line + b"\n" + base64url(keys.sign(way + line)).encode() + b"\n"
