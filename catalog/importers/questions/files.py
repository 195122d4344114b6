"""Files of questions that stand alone: Moodle XML, QTI 1.2, GIFT and Aiken.

* What a file is, its first element says, or how its lines read; never its name.
* What such a file shows has to stand inside it: there is nothing beside it.
"""

import codecs
import re
from collections.abc import Iterator

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, first_bytes, latin, pieces_of, slug, title_of
from catalog.importers.questions.aiken import is_aiken, read_aiken
from catalog.importers.questions.gift import is_gift, read_gift
from catalog.importers.questions.moodle_xml import media_of, read_moodle_xml
from catalog.importers.questions.qti12 import ROOT, read_qti12
from catalog.importers.questions.quiz import Found, Media, keep, nothing_asked
from catalog.importers.source import Source
from catalog.importers.xml import Element, parse_xml
from catalog.manifest import Activity

TEXT_BYTES_MAX = 8 << 20
XML_BYTES_MAX = 48 << 20
"""Pictures stand inside, in base64."""

LOOKED_AT_BYTES = 64 << 10
_ROOT = re.compile(r"<(?:[\w.-]{1,60}:)?([A-Za-z_][\w.-]{0,60})")
_MOODLE = re.compile(r"<question\s[^>]{0,200}\btype\s*=")
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>)", re.DOTALL)


class MoodleXml:
    """A question bank as Moodle exports it."""

    format = "moodle-xml"

    def recognises(self, source: Source) -> bool:
        return root_of(source.head) in ("quiz", "question") and _MOODLE.search(decoded(source.head)) is not None

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        root = parse_xml(_bytes(source, intake, XML_BYTES_MAX), source.name, bytes_max=XML_BYTES_MAX)
        if root.tag == "question":  # one that was cut out of its bank
            alone, root = root, Element("quiz")
            root.append(alone)
        return _kept(read_moodle_xml(root), source, intake, media_of(root))


class Qti12:
    """A test or bank of QTI 1.2."""

    format = "qti-1.2"

    def recognises(self, source: Source) -> bool:
        return root_of(source.head) == ROOT

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        root = parse_xml(_bytes(source, intake, XML_BYTES_MAX), source.name, bytes_max=XML_BYTES_MAX)
        return _kept([read_qti12(root)], source, intake, _nothing)


class Gift:
    """Questions as plain text, with names between colons and answers in braces."""

    format = "gift"

    def recognises(self, source: Source) -> bool:
        return is_text(source.head) and is_gift(decoded(_more(source)), source.name)

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        return _kept([read_gift(decoded(_bytes(source, intake, TEXT_BYTES_MAX)))], source, intake, _nothing)


class Aiken:
    """Questions as plain text, with a line that names the answer."""

    format = "aiken"

    def recognises(self, source: Source) -> bool:
        return is_text(source.head) and is_aiken(decoded(_more(source)))

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        return _kept([read_aiken(decoded(_bytes(source, intake, TEXT_BYTES_MAX)))], source, intake, _nothing)


def root_of(head: bytes) -> str:
    """The local name of the first element; "" where a file does not begin as XML does."""
    text = decoded(head).lstrip("\ufeff \t\r\n")
    while prolog := _PROLOG.match(text):
        text = text[prolog.end() :]
    found = _ROOT.match(text.lstrip())
    return found[1] if found else ""


def decoded(data: bytes) -> str:
    """Text as it was stored: UTF-16 by its mark, UTF-8 where it is, else as old programs of Windows wrote."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def is_text(head: bytes) -> bool:
    """Tell whether a file that begins so may be read as text."""
    return bool(head) and (head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" not in head)


def _more(source: Source) -> bytes:
    """More than the first bytes: such files may begin with remarks of their makers."""
    return source.head if source.is_folder else first_bytes(source.path, LOOKED_AT_BYTES)


def _kept(banks: list[Found], source: Source, intake: Intake, media: Media) -> list[Activity]:
    wanted = slug(source.path.stem, "quiz")
    kept = []
    said = len(intake.report.left_out)
    for found in banks:
        own = latin(found.title) if len(banks) > 1 else ""
        name = intake.claim_id(own or wanted)
        activity = keep(found, intake, name, found.title or title_of(source.path), media)
        if activity is not None:
            kept.append(activity)
    if not kept:
        raise nothing_asked(source.name, intake.report.left_out[said:])
    return kept


def _bytes(source: Source, intake: Intake, bytes_max: int) -> bytes:
    data = bytearray()
    for piece in pieces_of(source.path):
        data += piece
        intake.advance(len(piece))
        if len(data) > bytes_max:
            raise ContentFault(f"{source.name} has more than {bytes_max >> 20} MiB.", "Divide it into smaller ones.")
    return bytes(data)


def _nothing(_source: str) -> Iterator[bytes] | None:
    return None
