"""Letters: what box and hub say to each other when only a hand connects them.

* A letter is one line of canonical JSON, and behind it one line with the Ed25519 signature over exactly those bytes
  and the word for which way it goes. What follows in an up letter (batches of events) is named there by digest.
* Letters are numbered for each box and each way; the number only grows. Each side tells the other the highest number
  it has seen, so that a restored side goes on above it.
* A down letter holds the answer that the box would get over a link, with its marks, plan and erasures. It names a box
  and a campus by their random ids, and no learner by anything but a random id. What says more is enclosed, sealed.
* An up letter holds the report that the hub would get over a link. It travels sealed (`sync/carry/sealed.py`).
* A letter may be repeated, come late, or never: nothing depends on the order of arrival.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self

from catalog.digest import Digest, digest_of, is_digest
from catalog.fault import LinkFault
from catalog.manifest import canonical, parsed
from sync.carry.carrier import Listed
from sync.fields import MESSAGE_BYTES_MAX, Fields, MessageRefused, demand, name_in, row_in, whole_in
from sync.keys import KeyPair, PublicKey, base64url, from_base64url
from sync.wire import BATCH_BYTES_MAX, PLAN_MAX, Answer, Report, version_fault

VERSION = 1
DOWN = b"qanat letter down\n"
UP = b"qanat letter up\n"
"""What is signed begins with one of these, so that no letter can be taken for another message of the same key."""

SIGNATURE_CHARACTERS = 86
LETTER_BYTES_MAX = MESSAGE_BYTES_MAX + SIGNATURE_CHARACTERS + 2
BATCHES_MAX = 256
UP_BYTES_MAX = LETTER_BYTES_MAX + BATCHES_MAX * BATCH_BYTES_MAX
"""An up letter at its longest, unsealed: what does not fit goes into the next one."""
NO_NONCE = "letter"
"""A letter's report carries this for a nonce: its number says what is new."""


class LetterRefused(LinkFault):
    """A letter is damaged, forged, or from a hub or box that is not ours."""


class OtherHub(LetterRefused):
    """What was brought comes from another hub than the one that this box belongs to."""


@dataclass(frozen=True, slots=True)
class Down:
    """The hub's letter to one box."""

    hub: str
    """The hub's public key."""
    box: str
    campus: str
    number: int
    heard: int
    """The highest number among this box's letters that the hub has taken; 0: none."""
    answer: Answer
    packs: tuple[Listed, ...]
    """Every pack that the answer's plan names."""
    insert: str = ""
    """The digest of what is enclosed (`sync/carry/insert.py`); "": nothing is."""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        own: dict[str, Any] = {
            "hub": self.hub,
            "box": self.box,
            "campus": self.campus,
            "number": self.number,
            "heard": self.heard,
            "answer": parsed(self.answer.to_bytes(), dict),
            "packs": [[one.pack, one.size_bytes, one.digest] for one in self.packs],
        }
        if self.insert:
            own["insert"] = self.insert
        return canonical({**self.extra, **own, "v": self.version})

    @classmethod
    def from_bytes(cls, line: bytes) -> Self:
        """Raises MessageRefused."""
        fields = Fields(line)
        return cls(
            hub=fields.name("hub"),
            box=fields.name("box"),
            campus=fields.name("campus"),
            number=fields.count("number"),
            heard=fields.count("heard"),
            answer=Answer.from_bytes(canonical(fields.table("answer"))),
            packs=tuple(_listed(row) for row in fields.rows("packs", PLAN_MAX)),
            insert=fields.text("insert", ""),
            version=fields.version,
            extra=fields.rest(),
        )

    def listed(self) -> dict[str, Listed]:
        """The packs by their names in the plan."""
        return {one.pack: one for one in self.packs}


@dataclass(frozen=True, slots=True)
class Up:
    """A box's letter to its hub; the batches themselves follow it."""

    number: int
    heard: int
    """The highest number among the hub's letters that this box has believed; 0: none."""
    report: Report
    batches: tuple[tuple[int, Digest], ...]
    """Length and digest of each batch, in the order in which they follow."""
    version: int = VERSION
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        own = {
            "number": self.number,
            "heard": self.heard,
            "report": parsed(self.report.to_bytes(), dict),
            "batches": [list(row) for row in self.batches],
        }
        return canonical({**self.extra, **own, "v": self.version})

    @classmethod
    def from_bytes(cls, line: bytes) -> Self:
        """Raises MessageRefused."""
        fields = Fields(line)
        return cls(
            number=fields.count("number"),
            heard=fields.count("heard"),
            report=Report.from_bytes(canonical(fields.table("report"))),
            batches=tuple(_attached(row) for row in fields.rows("batches", BATCHES_MAX)),
            version=fields.version,
            extra=fields.rest(),
        )


def down_letter(letter: Down, keys: KeyPair) -> bytes:
    """The letter as it lies on a stick, signed by the hub."""
    return _signed(letter.to_bytes(), keys, DOWN)


def read_down(data: bytes, hub: PublicKey) -> Down:
    """Prove a letter to be this hub's, and read it.

    Raises LetterRefused where it is damaged, OtherHub, VersionRefused.
    """
    claimed = peek_down(data)
    if claimed.hub != hub.text:
        raise other_hub()
    _proven(data, hub, DOWN)
    too_old = version_fault(claimed.version)
    if too_old is not None:
        raise too_old
    return claimed


def peek_down(data: bytes) -> Down:
    """What a letter says of itself; nothing of it is proven. Raises LetterRefused."""
    try:
        return Down.from_bytes(_split(data)[0])
    except MessageRefused as refused:
        raise damaged() from refused


def up_head(letter: Up, keys: KeyPair) -> bytes:
    """The letter's own lines, signed by the box; its batches follow as they are."""
    return _signed(letter.to_bytes(), keys, UP)


def read_up(file: BinaryIO, key_of: Callable[[str], PublicKey | None]) -> tuple[Up, Iterator[bytes]]:
    """Prove an unsealed letter to be the box's that it names; its batches come as they are asked for.

    Raises LetterRefused where it is damaged, or nobody's that is known here; the batches raise it too.
    """
    head = file.readline(MESSAGE_BYTES_MAX + 2) + file.readline(SIGNATURE_CHARACTERS + 2)
    try:
        letter = Up.from_bytes(_split(head)[0])
    except MessageRefused as refused:
        raise damaged() from refused
    key = key_of(letter.report.box)
    if key is None:
        raise LetterRefused(
            "A letter on the stick is from a box that this hub does not know.",
            "Enrol that box with a token of this hub; its letter was not taken.",
        )
    _proven(head, key, UP)
    too_old = version_fault(letter.version)
    if too_old is not None:
        raise too_old
    return letter, _attachments(file, letter.batches)


def other_hub() -> OtherHub:
    """A letter of a hub that is not ours."""
    return OtherHub(
        "This comes from another hub than the one that this box belongs to.",
        "Nothing was taken from it. Ask your own hub for a stick or a file.",
    )


def damaged() -> LetterRefused:
    """A letter that is none, or was changed on its way."""
    return LetterRefused(
        "A letter on the stick is damaged: it is not what was signed.",
        "Nothing was taken from it. Have it written again; if it happens twice, take another stick.",
    )


def _attachments(file: BinaryIO, batches: Sequence[tuple[int, Digest]]) -> Iterator[bytes]:
    for size_bytes, digest in batches:
        data = file.read(size_bytes)
        if digest_of(data) != digest:
            raise damaged()
        yield data


def _signed(line: bytes, keys: KeyPair, way: bytes) -> bytes:
    assert len(line) <= MESSAGE_BYTES_MAX, "a letter is bounded by those who write it"
    return line + b"\n" + base64url(keys.sign(way + line)).encode() + b"\n"


def _proven(data: bytes, public: PublicKey, way: bytes) -> None:
    line, signature = _split(data)
    if not public.verify(signature, way + line):
        raise damaged()


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The line and its signature. Raises LetterRefused where the two are not there as they must be."""
    line, feed, rest = data.partition(b"\n")
    try:
        signature = from_base64url(rest.removesuffix(b"\n").decode("ascii"))
    except ValueError as error:
        raise damaged() from error
    if not feed or rest != base64url(signature).encode() + b"\n" or len(rest) != SIGNATURE_CHARACTERS + 1:
        raise damaged()
    return line, signature


def _listed(value: Any) -> Listed:
    pack, size_bytes, digest = row_in(value, 3, "a pack")
    demand(is_digest(digest), "a pack has no digest")
    return Listed(name_in(pack, "pack"), whole_in(size_bytes, "size"), Digest(digest))


def _attached(value: Any) -> tuple[int, Digest]:
    size_bytes, digest = row_in(value, 2, "a batch")
    demand(is_digest(digest), "a batch has no digest")
    demand(0 < whole_in(size_bytes, "size") <= BATCH_BYTES_MAX, "a batch is too long")
    return size_bytes, Digest(digest)
