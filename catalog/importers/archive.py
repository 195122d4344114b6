"""Zip archives from strangers, read while streaming.

* No name leaves the course's folder: `..`, absolute names, drive letters, control letters, links and devices are
  refused, in whatever disguise; nothing is ever written under a name that the archive gave.
* No archive takes more than its share: the directory, the entries, the bytes and the ratio are limited, and counted as
  they come, not as the archive claims. An archive inside is a file like any other.
* Names that a common tool wrote wrongly (backslashes, no UTF-8 mark, an old alphabet) are mended, and the report
  says so.
"""

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self

from catalog.digest import READ_BYTES
from catalog.fault import ContentFault
from catalog.importers.intake import unreadable
from catalog.importers.repairs.names import DOS, Alphabet, alphabet_of
from catalog.importers.report import Report
from catalog.manifest import is_safe_path

ENTRIES_MAX = 100_000
DIRECTORY_BYTES_MAX = 64 << 20
UNPACKED_BYTES_MAX = 16 << 30
RATIO_MAX = 200
RATIO_FREE_BYTES = 64 << 20
"""An archive may unpack to this much whatever its ratio: a sparse drawing is no bomb."""
DEPTH_MAX = 40

_UTF8_MARK = 0x800
_UNICODE_NAME = 0x7075
_ENCRYPTED = 0x1
_END = b"PK\x05\x06"
_END_BYTES = 22
_HEADER_BYTES = 30
_ENTRY_BYTES = 46
_END64_LOCATOR_BYTES = 20
_COMMENT_BYTES_MAX = 65_535
_DRIVE = re.compile(r"[A-Za-z]:")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What reading a damaged archive may raise: its offsets lead anywhere, its fields say anything."""
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive under its mended name."""

    path: str
    packed_bytes: int
    info: zipfile.ZipInfo


class Archive:
    """An open zip archive: `members`, and the bytes of each."""

    def __init__(self, source: Path, report: Report) -> None:
        """Open it and judge every name.

        Raises ContentFault where it is damaged, hostile, locked or packed in an unknown way.
        """
        self.source = source
        self._unpacked_bytes = 0
        self._being_read: set[IO[bytes]] = set()
        self._limit_bytes = max(RATIO_FREE_BYTES, source.stat().st_size * RATIO_MAX)
        _check_directory(source)
        try:
            self._zip = zipfile.ZipFile(source)
        except UnicodeDecodeError as error:
            raise refused(source, "its names are marked as UTF-8 and are not", PACK_AGAIN) from error
        except _DAMAGE as error:
            raise damaged(source) from error
        try:
            self._zip.NameToInfo.clear()  # nobody asks by name, and lists may be long
            infos = [info for info in self._zip.infolist() if not _is_folder(info)]
            alphabet = _alphabet(source, infos, report)
            self.members = [_member(source, info, alphabet) for info in infos]
            _tell_of_backslashes(self.members, report)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive, and what nobody read to its end."""
        for file in self._being_read:
            file.close()
        self._zip.close()

    def begins_with(self, name_and_content: bytes) -> bool:
        """Tell whether its first file is this one, stored openly: so some formats sign themselves."""
        with self.source.open("rb") as file:
            return file.read(_HEADER_BYTES + len(name_and_content))[_HEADER_BYTES:] == name_and_content

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The bytes of one file, a little at a time; its checksum is proven at the end.

        Raises ContentFault where they are damaged or too many.
        """
        try:
            with self._zip.open(member.info) as file:
                self._being_read.add(file)
                while piece := file.read(READ_BYTES):
                    self._count(len(piece))
                    yield piece
                self._being_read.discard(file)
        except _DAMAGE as error:
            raise damaged(self.source, member.path) from error

    def _count(self, unpacked_bytes: int) -> None:
        self._unpacked_bytes += unpacked_bytes
        if self._unpacked_bytes > min(self._limit_bytes, UNPACKED_BYTES_MAX):
            raise refused(
                self.source,
                f"it unpacks to more than {self._unpacked_bytes >> 20} MiB, far more than its size promises",
                "It may be made to fill disks. Ask whoever made it for a clean copy.",
            )


def is_zip(head: bytes) -> bool:
    """Tell whether a file that begins so is a zip archive."""
    return head.startswith((b"PK\x03\x04", _END))


def damaged(source: Path, member: str = "") -> ContentFault:
    where = f" in {member}" if member else ""
    return ContentFault(
        f"{source.name} is a damaged zip archive{where}.",
        "It was probably cut while downloading or copying. Fetch it again and import it again.",
    )


def _alphabet(source: Path, infos: Sequence[zipfile.ZipInfo], report: Report) -> Alphabet | None:
    """The old alphabet of those names that are neither marked as UTF-8 nor UTF-8 all the same."""
    old = [raw for info in infos if (raw := _old_name(info)) is not None]
    if not old:
        return None
    alphabet = alphabet_of(old)
    count = f"{len(old)} name{'s' if len(old) > 1 else ''}"
    report.repaired.append(
        f"{source.name}: {count} in an old alphabet; read as {alphabet.called}. Look whether they are right."
        if alphabet
        else f"{source.name}: {count} in an unknown alphabet; read as old DOS names, and they may look wrong."
    )
    return alphabet


def _old_name(info: zipfile.ZipInfo) -> bytes | None:
    """The bytes of a name that somebody has to guess; None where it says itself what it is."""
    if info.flag_bits & _UTF8_MARK or info.orig_filename.isascii() or _unicode_name(info) is not None:
        return None
    raw = info.orig_filename.encode(DOS)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw
    return None


def _unicode_name(info: zipfile.ZipInfo) -> str | None:
    """The name that Info-ZIP and its kin write beside an old one (field 0x7075), where it belongs to that one."""
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_NAME and len(field) > 5 and field[0] == 1:
            is_its_own = struct.unpack_from("<L", field, 1)[0] == zlib.crc32(info.orig_filename.encode(DOS))
            try:
                return field[5:].decode("utf-8") if is_its_own else None
            except UnicodeDecodeError:
                return None
    return None


def _tell_of_backslashes(members: Sequence[Member], report: Report) -> None:
    mended = [member.path for member in members if "\\" in member.info.orig_filename and "/" in member.path]
    if mended:
        more = f" and {len(mended) - 1} more" if len(mended) > 1 else ""
        report.repaired.append(f"{mended[0]}{more}: folders were written with backslashes.")


def _member(source: Path, info: zipfile.ZipInfo, alphabet: Alphabet | None) -> Member:
    kind = stat.S_IFMT(info.external_attr >> 16)
    raw = info.orig_filename
    shown = raw.encode("utf-8", "replace").decode()
    if kind == stat.S_IFLNK:
        raise refused(source, f"{shown!r} is a link to another file", "Pack the file itself instead of the link.")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused(source, f"{shown!r} is a device, not a file", PACK_AGAIN)
    if info.flag_bits & _ENCRYPTED:
        raise refused(source, "it is locked with a password", "Pack it again without a password.")
    if info.compress_type not in _METHODS:
        raise refused(source, f"{shown!r} is packed in an unusual way", "Pack it again as a plain zip (deflate).")
    path = _mended(source, info, alphabet)
    return Member(path, info.compress_size, info)


def _mended(source: Path, info: zipfile.ZipInfo, alphabet: Alphabet | None) -> str:
    """The name as a safe path. Only mistakes that common tools make are mended; tricks are refused."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_MARK and not name.isascii():
        raw = name.encode(DOS)
        old = _old_name(info)
        encoding = "utf-8" if old is None else alphabet.encoding if alphabet else DOS
        name = _unicode_name(info) or raw.decode(encoding)
    return path_of(source, name)


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.orig_filename.endswith(("/", "\\")) and info.file_size == 0


def _check_directory(source: Path) -> None:
    """Refuse an archive whose list of files alone would fill the memory, before that list is read."""
    try:
        size_bytes = source.stat().st_size
        with source.open("rb") as file:
            file.seek(max(0, size_bytes - _END_BYTES - _COMMENT_BYTES_MAX - _END64_LOCATOR_BYTES))
            tail = file.read()
            at = tail.rfind(_END)
            if at < 0 or len(tail) - at < _END_BYTES:
                raise damaged(source)
            entries, directory_bytes = struct.unpack_from("<HL", tail, at + 10)
            locator = tail[max(0, at - _END64_LOCATOR_BYTES) : at]
            end = size_bytes - len(tail) + at
            if locator.startswith(b"PK\x06\x07"):
                end = struct.unpack_from("<Q", locator, 8)[0]
                file.seek(end)
                end64 = file.read(56)
                if len(end64) < 56:
                    raise damaged(source)
                entries, directory_bytes = struct.unpack_from("<QQ", end64, 32)
            if entries <= ENTRIES_MAX and directory_bytes <= DIRECTORY_BYTES_MAX:
                _check_names(source, file, end - directory_bytes)
    except (OSError, OverflowError, ValueError) as error:
        raise unreadable(source, error) if isinstance(error, OSError) else damaged(source) from error
    if entries > ENTRIES_MAX or directory_bytes > DIRECTORY_BYTES_MAX:
        raise refused(source, f"it lists more than {ENTRIES_MAX:,} files", "Divide the course into smaller ones.")


def _check_names(source: Path, file: BinaryIO, start: int) -> None:
    """Refuse names that lead out while the list streams by: a long list is not kept for the sake of its last line."""
    file.seek(max(0, start))
    for _ in range(ENTRIES_MAX):
        entry = file.read(_ENTRY_BYTES)
        if len(entry) < _ENTRY_BYTES or not entry.startswith(b"PK\x01\x02"):
            return
        name_bytes, *rest_bytes = struct.unpack_from("<HHH", entry, 28)
        name = file.read(name_bytes).partition(b"\0")[0].decode(DOS)
        if _leads_out(name.replace("\\", "/")):
            raise _outside(source, name)
        file.seek(sum(rest_bytes), 1)


def path_of(source: Path, name: str) -> str:
    """The path that a name in an archive means. Raises ContentFault where it leads out, or cannot be a path."""
    path = name.replace("\\", "/")
    if _leads_out(path):
        raise _outside(source, name)
    path = unicodedata.normalize("NFC", "/".join(part for part in path.split("/") if part not in ("", ".")))
    path = name if path == name else path  # one text for both: a list of names may be long
    if not is_safe_path(path) or path.count("/") >= DEPTH_MAX:
        raise refused(source, f"a file in it has a name that cannot be used: {name[:80]!r}", PACK_AGAIN)
    return path


def _leads_out(path: str) -> bool:
    return path.startswith("/") or _DRIVE.match(path) is not None or ".." in path.split("/")


def _outside(source: Path, name: str) -> ContentFault:
    return refused(source, f"{name!r} would be written outside its folder", HOSTILE)


PACK_AGAIN = "Unpack it with the program that made it, and pack it again as a zip with UTF-8 names."
HOSTILE = "Such archives are made to do harm. Ask whoever made it for a clean copy."


def refused(source: Path, why: str, hint: str) -> ContentFault:
    return ContentFault(f"{source.name} cannot be taken: {why}.", hint)
