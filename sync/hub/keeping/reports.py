"""Reports: what a box's doctor wrote for the hub's staff, opened.

* Only the parts that such a report has are written, each bounded: a sealed file may claim anything.
"""

import tempfile
import zipfile
from pathlib import Path

from catalog import durable
from catalog.fault import CallerFault, ContentFault
from sync.carry.letter import LetterRefused
from sync.carry.sealed import unseal
from sync.keys import KeyPair

PARTS = ("doctor.json", "nights.json", "versions.json", "services.txt")
PART_BYTES_MAX = 8 << 20
REPORT_BYTES_MAX = len(PARTS) * PART_BYTES_MAX


def open_report(source: Path, folder: Path, keys: KeyPair) -> list[Path]:
    """Write the parts of the report in `source` into `folder`. Raises CallerFault, ContentFault, DiskFull, BoxFault."""
    try:
        with source.open("rb") as sealed, tempfile.TemporaryFile() as plain:
            unseal(sealed, plain, keys, REPORT_BYTES_MAX)
            with zipfile.ZipFile(plain) as archive:
                found = {name: _part(archive, name) for name in PARTS if name in archive.namelist()}
    except FileNotFoundError as error:
        raise CallerFault(f"There is no file {source}.", "Name the report that the box wrote.") from error
    except (LetterRefused, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ContentFault(
            "The report could not be opened: it is damaged, or sealed for another hub.",
            "Have it written again by `qanat box logs`, at a box of this hub.",
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            durable.write_file(folder / name, content)
    except OSError as error:
        raise durable.disk_fault(error, folder) from error
    return [folder / name for name in found]


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        content = part.read(PART_BYTES_MAX + 1)
    if len(content) > PART_BYTES_MAX:
        raise ContentFault(
            f"{name} in the report is longer than any report is.", "Ask at the box who wrote it; nothing was kept."
        )
    return content
