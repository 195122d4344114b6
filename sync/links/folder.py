"""The folder link: packs from a stick or a single file, as if they came from the hub.

* It carries packs only. There is nobody at the other end to answer a report: that travels in letters.
* It knows the packs that a letter lists, and reads from what lies there; where a pack is not there, or not whole, it
  says so as the hub does for a pack that it no longer has.
* Nothing that it counts is the uplink's: a stick costs no one's budget.
"""

from collections.abc import Generator, Mapping
from contextlib import closing

from catalog.fault import BoxFault
from sync.carry.carrier import Carrier, Listed, is_whole, pieces_of
from sync.link import LinkBroken, PackMissing, Reply, Traffic, Unreachable


class FolderLink:
    """A `Link` to what lies on a carrier."""

    def __init__(self, carrier: Carrier, packs: Mapping[str, Listed]) -> None:
        self._carrier = carrier
        self._packs = packs
        self._files = carrier.files()
        self._traffic = Traffic()

    @property
    def traffic(self) -> Traffic:
        return self._traffic

    def has(self, pack: str) -> bool:
        """Tell whether the pack lies here whole."""
        listed = self._packs.get(pack)
        return listed is not None and is_whole(self._files, listed)

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Raises Unreachable: a stick answers nobody."""
        raise Unreachable(
            "A stick carries letters; it cannot answer.", "Take the stick to the hub: the answer comes back with it."
        )

    def fetch(self, pack: str, offset: int, size_bytes: int | None) -> Generator[bytes, None, None]:
        """Raises PackMissing, LinkBroken."""
        listed = self._packs.get(pack)
        if listed is None or not self.has(pack) or size_bytes not in (None, listed.size_bytes):
            raise PackMissing(
                f"The pack {pack} is not on this stick, or not all of it.",
                "It comes over the link, or with the next stick; what is here is used.",
            )
        if offset > listed.size_bytes:
            raise PackMissing(f"The pack {pack} on this stick is shorter than what is here.", "Have it written again.")
        self._traffic = Traffic(self._traffic.bytes_down, self._traffic.bytes_up, self._traffic.requests + 1)
        try:
            with closing(pieces_of(self._carrier, listed, offset)) as pieces:
                for piece in pieces:
                    self._traffic = Traffic(
                        self._traffic.bytes_down + len(piece), self._traffic.bytes_up, self._traffic.requests
                    )
                    yield piece
        except BoxFault as fault:
            raise LinkBroken(fault.sentence, fault.hint) from fault
