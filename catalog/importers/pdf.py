"""PDF documents.

* A PDF is taken when it ends as one does: a reader starts from its end. One whose list of objects is damaged is taken
  and said: readers put the list together again.
* Its pages are not looked into: the title comes from the file's name, or from whoever publishes it.
* One that nobody opens without a password is refused; whether that is so, a confined child tries.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from catalog.confined import ENVIRONMENT, can_confine, confined
from catalog.fault import ContentFault
from catalog.importers.intake import Intake, pieces_of, safe_name, slug, title_of
from catalog.importers.source import Source
from catalog.manifest import Activity

HEAD_BYTES = 2048
TAIL_BYTES = 64 << 10
"""What programs append behind a document's end is seldom more."""
LOCK_SECONDS_MAX = 30
LOCK_MEMORY_BYTES_MAX = 512 << 20

_END = b"%%EOF"
_START = re.compile(rb"startxref\s{1,8}(\d{1,15})\s")
_ROOT = re.compile(rb"/Root\s{0,8}(?:\d|<<)")
_LENGTH = re.compile(rb"/Linearized[^>]{0,200}?/L\s{1,8}(\d{1,15})")
_LOCK = b"/Encrypt"


class Pdf:
    """A PDF document."""

    format = "pdf"

    def recognises(self, source: Source) -> bool:
        return b"%PDF-" in source.head[:1024] and source.head[257:262] != b"ustar"

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        source = opened.path
        _check(source, intake)
        name = intake.claim_id(slug(source.stem, "pdf"))
        path = f"{name}/{safe_name(source)}"
        has_lock: list[bool] = []
        intake.add(path, _watched(pieces_of(source), has_lock), media_type="application/pdf")
        if (has_lock or intake.held_bytes(path) is not None) and _is_locked(source):
            raise ContentFault(
                f"The document {source.name} is locked with a password.",
                "Save a copy of it without the password, and import that.",
            )
        return [Activity(name, "pdf", path, {intake.language: title_of(source)})]


def _check(source: Path, intake: Intake) -> None:
    size_bytes = source.stat().st_size
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(max(0, size_bytes - TAIL_BYTES))
        tail = file.read()
    starts = _START.findall(tail)
    promised = _LENGTH.search(head)
    is_whole = _END in tail or (_ROOT.search(tail[-HEAD_BYTES:]) is not None and b"trailer" in tail[-HEAD_BYTES:])
    if not is_whole or (promised is not None and int(promised[1]) > size_bytes):
        raise ContentFault(
            f"The document {source.name} ends too early: part of it is missing.",
            "It was probably cut while downloading or copying. Fetch it again and import it again.",
        )
    if not starts or int(starts[-1]) >= size_bytes:
        intake.report.noted.append(
            f"{source.name}: its list of objects is damaged; most programs mend it as they read. Look whether it opens."
        )


def _watched(pieces: Iterator[bytes], found: list[bool]) -> Iterator[bytes]:
    """The document's bytes; whether it speaks of a lock is found on the way."""
    before = b""
    for piece in pieces:
        if not found and _LOCK in before + piece:
            found.append(True)
        before = piece[-len(_LOCK) :]
        yield piece


def _is_locked(source: Path) -> bool:
    """Whether an empty password does not open it; no where that cannot be told."""
    if not can_confine():
        return False
    program = [sys.executable, "-I", str(Path(__file__).with_name("pdf_child.py")), str(source.resolve())]
    child = subprocess.run(
        confined(program, LOCK_SECONDS_MAX, LOCK_MEMORY_BYTES_MAX, 0), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT, check=False,
    )  # fmt: skip
    return child.stdout.strip() == b"locked"
