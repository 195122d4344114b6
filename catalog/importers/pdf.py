"""PDF documents.

* A PDF is taken when it ends as one does: a reader starts from its end.
* Its pages are not looked into: the title comes from the file's name, or from whoever publishes it.
"""

import re
from pathlib import Path

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, pieces_of, safe_name, slug, title_of
from catalog.importers.source import Source
from catalog.manifest import Activity

TAIL_BYTES = 2048

_START = re.compile(rb"startxref\s{1,8}(\d{1,15})\s")
_LENGTH = re.compile(rb"/Linearized[^>]{0,200}?/L\s{1,8}(\d{1,15})")


class Pdf:
    """A PDF document."""

    format = "pdf"

    def recognises(self, source: Source) -> bool:
        return b"%PDF-" in source.head[:1024]

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        source = opened.path
        _check(source)
        name = intake.claim_id(slug(source.stem, "pdf"))
        path = f"{name}/{safe_name(source)}"
        intake.add(path, pieces_of(source), media_type="application/pdf")
        return [Activity(name, "pdf", path, {intake.language: title_of(source)})]


def _check(source: Path) -> None:
    size_bytes = source.stat().st_size
    with source.open("rb") as file:
        head = file.read(TAIL_BYTES)
        file.seek(max(0, size_bytes - TAIL_BYTES))
        tail = file.read()
    starts = _START.findall(tail)
    promised = _LENGTH.search(head)
    is_whole = (
        b"%%EOF" in tail
        and bool(starts)
        and int(starts[-1]) < size_bytes
        and (promised is None or int(promised[1]) <= size_bytes)
    )
    if not is_whole:
        raise ContentFault(
            f"The document {source.name} ends too early: part of it is missing.",
            "It was probably cut while downloading or copying. Fetch it again and import it again.",
        )
