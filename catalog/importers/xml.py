"""XML from strangers: the one door through which a package's documents come in.

* Nothing outside the document is ever read, no entity is ever defined: both are refused, as is whatever would make a
  short document long. A plain doctype is passed over, and what HTML calls a letter (`&nbsp;`) is that letter.
* Bytes, elements and depth are limited, and so is the memory that a document may take.
* Names are local names: packages write prefixes and namespaces as they like. What namespaces a document declares
  is still told (`namespaces`).
* The encoding is what the bytes are: a mark or zeros at the start say UTF-16, text that is UTF-8 is UTF-8 whatever was
  declared, and only the rest is read as it says of itself.
"""

import codecs
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from html.entities import name2codepoint
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, TreeBuilder

from catalog.fault import ContentFault

if TYPE_CHECKING:
    from xml.sax.xmlreader import XMLReader

__all__ = ["XML_BYTES_MAX", "Element", "child", "children", "descendants", "namespaces", "parse_xml", "text_of"]

XML_BYTES_MAX = 16 << 20
ELEMENTS_MAX = 100_000
DEPTH_MAX = 100
NAME_LETTERS_MAX = 200
PIECE_BYTES = 1 << 20

_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_ZEROS = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s{0,8}=\s{0,8}["']([A-Za-z0-9._:-]{1,40})["']""")
_KNOWN = re.compile(r"ascii|iso8859|cp\d|koi8|mac|gb|hz|big5|euc|shift|sjis|iso2022|johab|ptcp|kz1048|tis")
"""Text as people store it; other codecs of Python can be made to work for hours."""
_DOUBLE = re.compile(r"gb|big5|euc|shift|sjis|cp9[3-5]|johab")
_LONG = re.compile(rb"[\xe0-\xf4]")
"""Two bytes of Chinese may happen to be one letter of UTF-8; Chinese in UTF-8 has three bytes a letter."""
_WHITE = b" \t\r\n"


def parse_xml(data: bytes, name: str, *, bytes_max: int = XML_BYTES_MAX, elements_max: int = ELEMENTS_MAX) -> Element:
    """Read a document; tags and attributes have local names, text is as it stands. `name` is for messages.

    Raises ContentFault where it is not well-formed, too large, or does what documents need not do.
    """
    if len(data) > bytes_max:
        raise _refused(name, f"it has more than {bytes_max:,} bytes, far more than such a file needs")
    from xml.sax import SAXException
    from xml.sax.xmlreader import InputSource

    from defusedxml.common import DefusedXmlException

    building = _Building(name, elements_max)
    source = InputSource(name)
    source.setEncoding("utf-8")
    source.setByteStream(io.BufferedReader(_Utf8(data), PIECE_BYTES))
    try:
        reader = _reader(building)
        reader.parse(source)
        return building.close()
    except DefusedXmlException as error:
        raise _refused(name, "it defines entities or refers to something outside itself") from error
    except (SAXException, UnicodeError, ValueError, AssertionError) as error:
        raise ContentFault(
            f"{name} is not readable XML: {_reason(error)}.", "Make the package again with the program it came from."
        ) from error


def namespaces(root: Element) -> frozenset[str]:
    """The namespaces that a document declares anywhere."""
    found = {value for one in root.iter() for key, value in one.attrib.items() if key.partition(":")[0] == "xmlns"}
    return frozenset(found)


def child(element: Element | None, *names: str) -> Element | None:
    """The first child of this name, its first child of the next name, and so on; None where one is missing.

    >>> child(parse_xml(b"<a><x:b><c/></x:b></a>", "a"), "b", "c").tag
    'c'
    """
    for name in names:
        if element is None:
            return None
        element = next((one for one in element if one.tag == name), None)
    return element


def children(element: Element | None, *names: str) -> list[Element]:
    """The children of the last name, of the first child of each name before it."""
    parent = child(element, *names[:-1])
    return [] if parent is None else [one for one in parent if one.tag == names[-1]]


def descendants(element: Element | None, name: str) -> Iterator[Element]:
    """Every element of this name below (or at) an element, in the document's order."""
    if element is not None:
        yield from element.iter(name)


def text_of(element: Element | None, *names: str) -> str:
    """All text in an element, or in the child that `names` lead to, with its white space made plain."""
    found = child(element, *names)
    return "" if found is None else " ".join("".join(found.itertext()).split())


class _Building:
    """What the reader tells, as a tree."""

    def __init__(self, name: str, elements_max: int) -> None:
        self._name = name
        self._elements_left = elements_max
        self._depth = 0
        self._tree = TreeBuilder()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements_left -= 1
        self._depth += 1
        if self._elements_left < 0:
            raise _refused(self._name, "it has far more elements than such a file needs")
        if self._depth > DEPTH_MAX:
            raise _refused(self._name, f"its elements lie more than {DEPTH_MAX} deep")
        self._tree.start(_local(self._name, tag), _own(self._name, attributes))

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._tree.end(_local(self._name, tag))

    def text(self, data: str) -> None:
        self._tree.data(data)

    def letter(self, name: str) -> None:
        """An entity that nobody defined, behind a doctype: as HTML has it, or as it was written."""
        code = name2codepoint.get(name)
        self._tree.data(chr(code) if code is not None else f"&{name};")

    def attlist(self, *_: Any) -> None:
        raise _refused(self._name, "its doctype gives elements attributes that they do not have")

    def close(self) -> Element:
        return self._tree.close()


class _Utf8(io.RawIOBase):
    """A document's bytes as UTF-8, whatever they were; converted a piece at a time."""

    def __init__(self, data: bytes) -> None:
        self._rest = b""
        self._pieces = _utf8_pieces(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._rest or next(self._pieces, b"")
        count = min(len(buffer), len(piece))
        buffer[:count] = piece[:count]
        self._rest = piece[count:]
        return count


def _utf8_pieces(data: bytes) -> Iterator[bytes]:
    start, encoding = _encoding(data)
    decode = codecs.getincrementaldecoder(encoding)("strict" if encoding.startswith("utf") else "replace").decode
    is_first = True
    for at in range(start, len(data), PIECE_BYTES):
        text = decode(data[at : at + PIECE_BYTES])
        if is_first:
            text = text.lstrip("\ufeff \t\r\n")
            is_first = not text
        yield from [text.encode()] if text else []
    yield decode(b"", True).encode()


def _encoding(data: bytes) -> tuple[int, str]:
    """Where the text begins, and what it is written in."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return (len(mark), name) if name == "utf-8" else (0, name)
    for zeros, name in _ZEROS:
        if data.startswith(zeros):
            return 0, name
    start = len(data) - len(data.lstrip(_WHITE))
    declared = _DECLARED.match(data, start)
    name = _codec(declared[1].decode()) if declared else ""
    is_what_it_says = name.startswith(("iso2022", "hz")) or (bool(_DOUBLE.match(name)) and not _LONG.search(data))
    if _is_utf8(data) and not is_what_it_says:
        return start, "utf-8"
    return start, name or "cp1252"


def _codec(name: str) -> str:
    """The codec of a declared encoding, where it is one that text is stored in."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return found if _KNOWN.match(found) else ""


def _is_utf8(data: bytes) -> bool:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        for at in range(0, len(data), PIECE_BYTES):
            decode(data[at : at + PIECE_BYTES])
        decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _local(name: str, qualified: str) -> str:
    if len(qualified) > NAME_LETTERS_MAX:
        raise _refused(name, "a name in it is far longer than names are")
    return qualified.rpartition(":")[2]


def _own(name: str, attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by local name, one without a prefix before one with; declarations of namespaces as they stand."""
    own: dict[str, str] = {}
    for qualified, value in attributes.items():
        if qualified.partition(":")[0] == "xmlns":
            own[qualified] = value
        elif ":" not in qualified:
            own[_local(name, qualified)] = value
        else:
            own.setdefault(_local(name, qualified), value)
    return own


def _reader(building: _Building) -> "XMLReader":
    return _reader_class()(building)  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _reader_class() -> Any:
    """The defused reader, made at the first document: nothing at a start needs it."""
    from xml.sax.handler import ContentHandler

    from defusedxml.expatreader import DefusedExpatParser

    class Handler(ContentHandler):
        def __init__(self, building: _Building) -> None:
            super().__init__()
            self._building = building

        def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - SAX names it so
            self._building.start(name, dict(attrs.items()))

        def endElement(self, name: str) -> None:  # noqa: N802
            self._building.end(name)

        def characters(self, content: str) -> None:
            self._building.text(content)

        def skippedEntity(self, name: str) -> None:  # noqa: N802
            self._building.letter(name)

    class Reader(DefusedExpatParser):  # type: ignore[misc]
        def __init__(self, building: _Building) -> None:
            self._attlist = building.attlist
            super().__init__(bufsize=PIECE_BYTES)
            self.setContentHandler(Handler(building))

        def reset(self) -> None:
            super().reset()
            # A default value of a mebibyte for each of ten thousand elements is a bomb as good as any entity.
            self._parser.AttlistDeclHandler = self._attlist
            self._parser.UseForeignDTD(
                True
            )  # as if every document named a doctype: `&nbsp;` is a letter in all of them

        def defused_external_entity_ref_handler(self, context: Any, base: Any, sysid: Any, pubid: Any) -> int:
            """Where a doctype names its file: nothing stands in for it. An entity of one's own was refused before."""
            if context is not None:
                super().defused_external_entity_ref_handler(context, base, sysid, pubid)
            self._parser.ExternalEntityParserCreate(None).Parse(b"", True)
            return 1

    return Reader


def _reason(error: BaseException) -> str:
    get_line = getattr(error, "getLineNumber", None)
    said = getattr(error, "getMessage", lambda: str(error))()
    return f"line {get_line()}: {said}" if get_line is not None else (said or "it breaks off")


def _refused(name: str, why: str) -> ContentFault:
    return ContentFault(f"{name} cannot be taken: {why}.", "Ask whoever made the package for a clean copy.")
