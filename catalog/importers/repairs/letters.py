"""Letters of a page: what its bytes were written in, whatever it says of itself; it leaves as UTF-8 and says so.

* Text that is UTF-8 is UTF-8. Else what was declared is believed where it can be, and where no other alphabet is
  plainly meant: many a program declares Western letters over whatever it stores.
* What was read otherwise than declared is said.
"""

import codecs
import re

from catalog.importers.repairs.names import TEXT_ALPHABETS, alphabet_of
from catalog.importers.report import Report

_DECLARED = re.compile(
    rb"""(?:charset\s{0,8}=\s{0,8}["']?|<\?xml[^>]{0,100}?encoding\s{0,8}=\s{0,8}["'])([A-Za-z0-9_.:-]{1,40})""",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r"""(charset\s{0,8}=\s{0,8}["']?|<\?xml[^>]{0,100}?encoding\s{0,8}=\s{0,8}["'])[A-Za-z0-9_.:-]{1,40}""",
    re.IGNORECASE,
)
_HEAD_BYTES = 4096
_NOT_ASCII = re.compile(rb"[\x80-\xff][\x30-\xff]{0,200}")
_WESTERN = "cp1252"
_LATIN = ("ascii", "iso8859-1", "iso8859-15", "cp1252", "utf-8", "utf-16", "")
"""What programs declare without looking."""
_MARKS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def page_text(data: bytes, name: str, report: Report) -> str:
    """The text of the page called `name`; what it says of its letters is UTF-8 from now on."""
    if data.startswith(_MARKS_16):
        return _saying_utf8(data.decode("utf-16", "replace"))
    declared = _declared(data)
    if not declared.startswith(("iso2022", "hz")):
        try:
            return _saying_utf8(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            pass
    encoding = declared if declared not in _LATIN and _can_be(data, declared) else _found(data, name, report)
    return _saying_utf8(data.decode(encoding, "replace"))


def _found(data: bytes, name: str, report: Report) -> str:
    alphabet = alphabet_of(_NOT_ASCII.findall(data), TEXT_ALPHABETS)
    if alphabet is None or data.decode(alphabet.encoding, "replace") == data.decode(_WESTERN, "replace"):
        return _WESTERN
    report.repaired.append(f"{name}: not UTF-8; read as {alphabet.called}. Look whether it is right.")
    return alphabet.encoding


def _declared(data: bytes) -> str:
    found = _DECLARED.search(data[:_HEAD_BYTES])
    try:
        return codecs.lookup(found[1].decode()).name if found else ""
    except (LookupError, ValueError):
        return ""


def _can_be(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def _saying_utf8(text: str) -> str:
    return _SAYS.sub(r"\1utf-8", text[:_HEAD_BYTES], count=2) + text[_HEAD_BYTES:]
