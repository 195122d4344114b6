"""Two hundred kinds of hostile packages, each made whole and the same each time: what a stranger may think of.

* `KINDS` names each and makes its bytes; they lie in a file called after the form that they pretend to be.
* All of them hold a site besides, so that nothing but the trick can be the reason of a refusal.
"""

import io
import itertools
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping

PAGE = b"<html><title>The water</title></html>"
SITE: Mapping[str, bytes] = {"index.html": PAGE, "a.png": b"\x89PNG" * 9}
MIB = 1 << 20

Make = Callable[[], bytes]

NAMES = (
    "../evil", "..\\evil", "/etc/evil", "//host/evil", "C:\\evil", "C:evil", "c:/evil", "\\\\host\\share\\evil",
    "a/../../evil", "a/..", "..", "./../evil", "a/./../../evil", "a\\..\\..\\evil", "....//....//evil", "..%2fevil",
    "%2e%2e/evil", "evil\x01", "evil\n../x", "\u202egnp.exe", "\u2066evil", "a/" * 45 + "x", "x" * 300, "é" * 200,
    "con", "nul.txt", "aux/evil", " ", ".", "a//b", "~evil", "-rf", "$(evil)", "`evil`", "evil:stream", "a\u2215b",
    "\uff0e\uff0e/evil", "e\u0301vil", "evil/", "..\u200b/evil", "\u2025/evil", "file:///etc/passwd", "..;/evil",
    ".htaccess", ".git/config", "a/\x7f", "\ufeff../evil", "..\xa0/evil",
)  # fmt: skip
XML = {
    "laughs": "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(8)) + "]><a>&i;</a>",
    "a file": "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
    "an address": "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>",
    "a parameter": "<!DOCTYPE a [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]><a/>",
    "depth": "<a>" * 5_000,
    "an inclusion": '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd" parse="text"/></a>',
    "no end": "<a><b>",
    "nothing": "",
    "zeros": "\0" * 2_000,
}  # fmt: skip
MANIFESTS = ("META-INF/container.xml", "imsmanifest.xml", "moodle_backup.xml", "tincan.xml", "cmi5.xml", "OPS/book.opf")
METHODS = (1, 6, 9, 10, 12, 14, 93, 95, 97, 98, 99, 0xFFFF)


def _kinds() -> Iterator[tuple[str, Make]]:
    for number, (name, is_marked) in enumerate(itertools.product(NAMES, (True, False))):
        yield f"name {number}: {name[:20]!r}{'' if is_marked else ', unmarked'}", _named(name, is_marked)
    for name, mode in _SPECIAL.items():
        for target in (b"/etc/passwd", b"../../evil"):
            yield f"{name} to {target.decode()}", _special(mode, target)
    for method in METHODS:
        yield f"packed by method {method}", _method(method)
    for cut_permille in range(50, 1000, 50):
        yield f"cut at {cut_permille} of a thousand", _cut(cut_permille)
    for place, value in itertools.product((6, 8, 10, 16, 20, 24, 28, 30, 32, 42), (0, 0x7FFFFFFF, 0xFFFFFFFF)):
        yield f"the list lies at {place}: {value:x}", _lie(b"PK\x01\x02", place, value)
    for place in (6, 8, 14, 18, 22, 26):
        yield f"a file lies of itself at {place}", _lie(b"PK\x03\x04", place, 0xFFFFFFFF)
    for place in (4, 8, 10, 12, 16, 20):
        yield f"the end lies at {place}", _lie(b"PK\x05\x06", place, 0xFFFFFFFF)
    for manifest, (trick, text) in itertools.product(MANIFESTS, XML.items()):
        yield f"{manifest} with {trick}", _with({manifest: text.encode()})
    yield "a bomb", _with({"zeros.bin": bytes(80 * MIB)})
    yield "a bomb of many", _with({f"{number}.bin": bytes(2 * MIB) for number in range(40)})
    yield "one file listed five hundred times", _listed_often
    yield "a package in a package, ten deep", _nested
    yield "locked with a password", _lie(b"PK\x01\x02", 8, 1)
    yield "two ends", lambda: _zip(SITE) + _zip({"../evil": b"x"})
    yield "something before", lambda: b"#!/bin/sh\nrm -rf /\n" + _zip(SITE)
    yield "something behind", lambda: _zip(SITE) + b"\0" * 70_000
    yield "a file where a folder should be", _with({"a": b"x", "a/b": b"y"})
    yield "one name in two spellings", _with({"é.txt": b"x", "e\u0301.txt": b"y"})
    yield "one name in two sizes of letters", _with({"A.png": b"x"})
    yield "one name twice", _twice
    yield "a book that opens a file outside", _with({"META-INF/container.xml": _container("../../../../etc/passwd")})
    yield "a book without an end", _with({"META-INF/container.xml": _container("index.html")})
    yield (
        "a channel that is no database",
        _with({f"content/databases/{'a' * 32}.sqlite3": b"SQLite format 3\0" + b"\xff" * 200}),
    )
    yield "an office file of nothing", _with({"[Content_Types].xml": b"<", "word/document.xml": b"<"})
    yield "a cut archive of articles", lambda: b"ZIM\x04" + b"\xff" * 300
    yield "a film that is a list", lambda: b"RIFF\x10\0\0\0AVI " + b"#EXTM3U\nfile:///etc/passwd\n" * 40


_SPECIAL = {
    "a link": stat.S_IFLNK | 0o777, "a pipe": stat.S_IFIFO | 0o644, "a device": stat.S_IFCHR | 0o666,
    "a disk": stat.S_IFBLK | 0o660, "a socket": stat.S_IFSOCK | 0o666, "a folder": stat.S_IFDIR | 0o755,
    "a program with rights": stat.S_IFREG | 0o6755,
}  # fmt: skip


def _zip(members: Mapping[str, bytes], *, is_marked: bool = True, mode: int = 0) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, data in members.items():
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            info.external_attr = (mode if name == "special" else 0) << 16
            archive.writestr(info, data)
    data = target.getvalue()
    if is_marked:
        return data
    unmarked = bytearray(data)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = unmarked.find(sign)
        while at >= 0:
            flags = struct.unpack_from("<H", unmarked, at + place)[0]
            struct.pack_into("<H", unmarked, at + place, flags & ~0x800)
            at = unmarked.find(sign, at + 4)
    return bytes(unmarked)


def _with(members: Mapping[str, bytes]) -> Make:
    return lambda: _zip({**SITE, **members})


def _named(name: str, is_marked: bool) -> Make:
    return lambda: _zip({**SITE, name: b"secret"}, is_marked=is_marked)


def _special(mode: int, target: bytes) -> Make:
    return lambda: _zip({**SITE, "special": target}, mode=mode)


def _method(method: int) -> Make:
    def make() -> bytes:
        data = bytearray(_zip(SITE))
        for sign, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            struct.pack_into("<H", data, data.find(sign) + place, method)
        return bytes(data)

    return make


def _cut(permille: int) -> Make:
    def make() -> bytes:
        data = _zip(SITE)
        return data[: len(data) * permille // 1000]

    return make


def _lie(sign: bytes, place: int, value: int) -> Make:
    def make() -> bytes:
        data = bytearray(_zip(SITE))
        at = data.find(sign) + place
        data[at : at + 4] = struct.pack("<L", value)[: len(data) - at]
        return bytes(data)

    return make


def _listed_often() -> bytes:
    """Every line of the list leads to the same packed megabytes."""
    data = _zip({"zeros.bin": bytes(4 * MIB)})
    start, end = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    lines = [data[start:end].replace(b"zeros.bin", b"%08d.b" % number) for number in range(500)]
    lines = [line[:28] + struct.pack("<H", 10) + line[30:] for line in lines]
    whole = b"".join(lines)
    tail = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 500, 500, len(whole), start, 0)
    return data[:start] + whole + tail


def _nested() -> bytes:
    data = _zip(SITE)
    for _ in range(10):
        data = _zip({"index.html": PAGE, "inner.zip": data})
    return data


def _twice() -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w") as archive:
        warnings.simplefilter("ignore")
        for data in (PAGE, b"other"):
            archive.writestr("index.html", data)
    return target.getvalue()


def _container(place: str) -> bytes:
    return (
        f'<container><rootfiles><rootfile full-path="{place}" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    ).encode()


KINDS: Mapping[str, Make] = dict(_kinds())
