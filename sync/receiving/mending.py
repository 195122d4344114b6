"""Mending: files that rotted on the card are fetched again, first thing in a session.

* A neighbour is asked before the hub; the name proves the bytes, whoever they come from.
* What nobody has any more does not hold up the rest: it is said, and asked for again in the next session.
* A cut leaves what came where it belongs: the rest is still remembered as rotten.
"""

from dataclasses import dataclass

from catalog.digest import Digest
from catalog.fault import ContentFault, Fault
from catalog.manifest import Entry
from catalog.scrub import Rotten, Scrub
from catalog.store import Store
from sync.link import PackMissing
from sync.parcel import file_name
from sync.receiving.neighbourhood import Hear
from sync.receiving.repair import Repair

NAMELESS = "(a file of a course)"
MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Mending:
    """Brings back what the scrub took off the shelf."""

    store: Store
    scrub: Scrub
    repair: Repair

    def mend(self, hear: Hear) -> list[Fault]:
        """Fetch every rotten file again; returns why some are still missing.

        Raises LinkFault where the link fails, DiskFull; what had come by then is back.
        """
        rotten = self.scrub.rotten()
        # A cut may have come after the file was back, and before its trees had it.
        here = {one.digest for one in rotten} - set(self.store.missing(one.digest for one in rotten))
        faults: list[Fault] = []
        try:
            for one in rotten:
                if one.digest not in here:
                    try:
                        self._fetch(one, hear)
                        here.add(one.digest)
                    except (PackMissing, ContentFault) as fault:
                        faults.append(_gone(one.digest) if isinstance(fault, PackMissing) else fault)
        finally:
            if here:
                self.scrub.back(sorted(here))
        return faults

    def _fetch(self, one: Rotten, hear: Hear) -> None:
        with self.store.batch() as batch:
            self.repair.bring(Entry(NAMELESS, one.size_bytes, one.digest, MEDIA_TYPE), batch, hear)
        self.repair.fetcher.spool.drop(file_name(one.digest))


def _gone(digest: Digest) -> ContentFault:
    return ContentFault(
        f"The file {digest[:12]} rotted on this card, and nobody has it any more.",
        "Ask the hub's staff to publish its course again; until then one page or film of it is missing.",
    )
