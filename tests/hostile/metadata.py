"""The signed catalogue: as it travels, as its documents before they are packed, and what a publisher's key would sign.

* Whatever is believed, its keys have signed: each document says what an honest one says.
* A publisher with a key of its own lists what it may and nothing else, whatever it signs; a box can keep all of it.
* Nothing goes back behind what was believed.
"""

import json
from contextlib import suppress
from pathlib import Path
from random import Random

import zstandard
from securesystemslib.signer import Signature
from tuf.api.metadata import Metadata, Targets
from tuf.api.serialization.json import JSONSerializer

from catalog.db import Connection, Database
from catalog.manifest import canonical
from catalog.trust.client import listings, refreshed
from catalog.trust.delta import Part, documents_in, from_bytes, part_of, to_bytes
from catalog.trust.document import Document, Trusted
from catalog.trust.roles import key_id
from sync.receiving import believed
from tests.catalog.trust.signers import PUBLISHER_KEY, Forge, listed
from tests.hostile.archives import Dropped
from tests.hostile.doors import Door, Room, demand

PUBLISHER = "biology"


class Metadatas(Door):
    """Where the news of a catalogue come in at a box."""

    name = "metadata"
    kinds = ("wire", "documents", "publisher", "publisher")

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._database = Database(home / "box.db", [believed.migrations])
        before = Forge(version=5)
        self._held = before.believed()
        self._news = Forge(version=6, targets=[listed("cells", 1), listed("cells", 2)]).documents()
        honest = [*before.documents(), *self._news]
        self._signed = {Metadata.from_bytes(one.body).signed_bytes for one in honest}

    def sample(self, kind: str, chance: Random) -> tuple[bytes, str]:
        base = self._held if chance.random() < 0.7 else None
        match kind:
            case "wire":
                return to_bytes([part_of(self._held.catalogue, self._news, base)]), "the news"
            case "documents":
                head = canonical([[one.role, one.version, len(one.body)] for one in self._news])
                return head + b"\n" + b"".join(one.body for one in self._news), "the documents"
        body = next(one.body for one in self._news if one.role == PUBLISHER)
        return canonical(json.loads(body)["signed"]), "what a publisher signs"

    def enter(self, kind: str, data: bytes, room: Room) -> None:
        match kind:
            case "wire":
                for part in from_bytes(data):
                    self._heard(documents_in(part, self._held))
            case "documents":
                part = Part(self._held.catalogue, "", zstandard.ZstdCompressor(level=1).compress(data))
                self._heard(documents_in(part, self._held))
            case "publisher":
                own = Document(PUBLISHER, 6, _signed_by_publisher(data))
                trusted = refreshed(
                    self._held.catalogue, self._held, [own if one.role == PUBLISHER else one for one in self._news]
                )
                self._demand_own_paths(trusted)
                self._kept(trusted)

    def close(self) -> None:
        self._database.close()

    def _heard(self, documents: list[Document]) -> None:
        trusted = refreshed(self._held.catalogue, self._held, documents)
        for role, document in trusted.documents.items():
            demand(Metadata.from_bytes(document.body).signed_bytes in self._signed, f"{role} was never signed")
            demand(document.version >= self._held.version(role), f"{role} went back")
        self._kept(trusted)

    def _demand_own_paths(self, trusted: Trusted) -> None:
        for one in listings(trusted):
            for target in one.targets:
                is_own = one.role != PUBLISHER or target.path.startswith(f"courses/{PUBLISHER}/")
                demand(is_own, f"{target.path!r} is listed by {one.role}")

    def _kept(self, trusted: Trusted) -> None:
        def keep(connection: Connection) -> None:
            believed.keep(connection, trusted)
            raise Dropped

        with suppress(Dropped):
            self._database.write(keep)


def _signed_by_publisher(data: bytes) -> bytes:
    """A document that says this, signed by the publisher's own key as far as it can be signed at all."""
    name = key_id(PUBLISHER_KEY.public)
    try:
        made: Metadata[Targets] = Metadata(Targets.from_dict(json.loads(data)))
        made.signatures[name] = Signature(name, PUBLISHER_KEY.sign(made.signed_bytes).hex())
        return made.to_bytes(JSONSerializer(compact=True))
    except Exception:  # noqa: BLE001 - what the library will not write reaches the reader as it is
        signature = f'{{"keyid":"{name}","sig":"{PUBLISHER_KEY.sign(data).hex()}"}}'
        return b'{"signatures":[' + signature.encode() + b'],"signed":' + data + b"}"
