"""Messages of the wire, and the rows that letters and plans are made of.

A message that is taken says the same again: written and read once more it is equal, and its bytes stay.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

from catalog.digest import digest_of
from sync.parcel import Holding, Parcel
from sync.wire import Answer, Catalogued, Enrol, Followed, Head, Mark, Refusal, Report, Welcome
from tests.hostile.doors import Door, Room, demand

Message = Enrol | Welcome | Report | Answer | Refusal
_READERS: Mapping[str, type[Message]] = {
    "enrol": Enrol, "welcome": Welcome, "report": Report, "answer": Answer, "refusal": Refusal,
}  # fmt: skip


class Messages(Door):
    """What box and hub say to each other, before anybody has looked at a signature."""

    name = "messages"
    kinds = ("enrol", "welcome", "report", "report", "answer", "answer", "refusal")

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._samples = {kind: message.to_bytes() for kind, message in _messages().items()}

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        return self._samples[kind], f"a whole {kind}"

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        reader = _READERS[kind]
        message = reader.from_bytes(data)
        again = message.to_bytes()
        demand(
            reader.from_bytes(again) == _in_order(message),
            "a message that was taken means something else when it is said again",
        )
        demand(reader.from_bytes(again).to_bytes() == again, "a message has two forms")


def _in_order(message: Message) -> Message:
    """The same, its layers in order: they are a set, and are said in order."""
    if not isinstance(message, Report) or message.holdings is None:
        return message
    return replace(message, holdings=tuple(replace(one, layers=tuple(sorted(one.layers))) for one in message.holdings))


def _messages() -> Mapping[str, Message]:
    root, base = digest_of(b"release"), digest_of(b"base")
    heads = (Head("epoch-00", 41, "hash-41"), Head("epoch-01", 0, "hash-0"))
    full = Parcel("water", 3, root, "core", "core-1", 70_000, 90_000)
    patch = Parcel("soil", 4, root, "video-360", "video-2", 70_000, 90_000, base)
    report = Report(
        "copdsqhgjnkjc4ra", "request-1", "nonce-1", heads, digest_of(b"shelf"), 1 << 34, 1_790_000_000, True,
        holdings=(Holding("water", root, ("core", "video-360")),), health={"card": {"wear": 3}, "temperature": 51},
        batch=b"batch" * 20, can=("patch", "follow"), follows=(Followed("campus-1", "epoch-00", -1),),
        catalogues=(Catalogued("aaaabbbbccccdddd", 1, 7),), pruned=heads[:1], given_back=b"back" * 30,
        extra={"tomorrow": ["and", 1, {"more": "to come"}]},
    )  # fmt: skip
    answer = Answer(
        "request-1", "nonce-2", (Mark("epoch-00", 41, -1),), (full, patch, full), 1_790_000_000, 60, True, True,
        ("learner-1",), (Followed("campus-1", "epoch-00", 3),), b"signed" * 20, b"metadata" * 20,
    )  # fmt: skip
    return {
        "enrol": Enrol("token-1", "k" * 43, "School of the hill مدرسة", "nonce-0"),
        "welcome": Welcome("copdsqhgjnkjc4ra", "campus-1", "The hill", "k" * 43, "nonce-1"),
        "report": report,
        "answer": answer,
        "refusal": Refusal("nonce", "The thread was lost.", "Nothing to do.", "nonce-3"),
    }
