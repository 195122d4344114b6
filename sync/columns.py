"""Columns: how events become bytes that compress well.

* Every text is written once and named by its place; every number takes as few bytes as it needs.
* Values of one kind stand together: all learners, all times, all pages; that is what makes a batch small.
* Payloads with the same fields share a shape, and only their values travel. What has no shape travels as it is.
* Reading checks every limit and raises Unreadable, never anything else.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from catalog.fault import ContentFault
from catalog.manifest import canonical, parsed
from sync.events import PAYLOAD_BYTES_MAX
from sync.fields import WHOLE_MAX

RAW_BYTES_MAX = 8 << 20
TEXTS_MAX = 262_144
SHAPES_MAX = 1024
FIELDS_MAX = 64

_BLANK, _PLAIN, _SHAPES_FROM = 0, 1, 2
_NUMBER, _TEXT = 0, 1

Shape = tuple[tuple[str, int], ...]
"""The names and types (_NUMBER, _TEXT) of a payload's fields: what many payloads have in common."""


class Unreadable(Exception):
    """These bytes are not columns that we would have written."""


class Texts:
    """Every text once, in the order of first use."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def place(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))


class Writer:
    """Counts and texts as bytes: seven bits a byte, the lowest first, the top bit while more follow."""

    def __init__(self) -> None:
        self.data = bytearray()

    def count(self, number: int) -> None:
        while number > 0x7F:
            self.data.append(number & 0x7F | 0x80)
            number >>= 7
        self.data.append(number)

    def whole(self, number: int) -> None:
        """A number that may be below nought: doubled, and one more where it is (0, -1, 1, -2 are 0, 1, 2, 3)."""
        self.count(number * 2 if number >= 0 else -number * 2 - 1)

    def moments(self, times: Sequence[int]) -> None:
        before = 0
        for time in times:
            self.whole(time - before)
            before = time

    def text(self, text: str) -> None:
        data = text.encode()
        self.count(len(data))
        self.data += data


class Reader:
    """What `Writer` wrote, read with every limit checked."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, size: int) -> bytes:
        piece = self._data[self._place : self._place + size]
        demand(len(piece) == size, "it is cut short")
        self._place += size
        return piece

    def count(self, most: int) -> int:
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            demand(shift < 63, "a number in it is too long")
        demand(number <= most, f"it counts {number}, of {most} at most")
        return number

    def whole(self, most: int = WHOLE_MAX) -> int:
        number = self.count(2 * most)
        return number // 2 if number % 2 == 0 else -(number + 1) // 2

    def moments(self, count: int) -> list[int]:
        times, before = [], 0
        for _ in range(count):
            before += self.whole(2 * WHOLE_MAX)
            demand(-WHOLE_MAX <= before <= WHOLE_MAX, "a time in it is no time")
            times.append(before)
        return times

    def text(self) -> str:
        try:
            return self.take(self.count(PAYLOAD_BYTES_MAX)).decode()
        except UnicodeDecodeError as error:
            raise Unreadable("a text in it is not UTF-8") from error

    def text_of(self, texts: Sequence[str]) -> str:
        place = self.count(WHOLE_MAX)
        demand(place < len(texts), "it names a text that is not there")
        return texts[place]

    def rest(self) -> bytes:
        return self._data[self._place :]


def write_payloads(out: Writer, texts: Texts, payloads: Sequence[bytes | None]) -> None:
    """Write what each event says: the shapes, one form an event, then what has no shape, then the shapes' columns."""
    forms: list[int] = []
    plain: list[bytes] = []
    rows: dict[Shape, list[dict[str, Any]]] = {}
    places: dict[Shape, int] = {}
    for payload in payloads:
        shaped = None if payload is None else _shaped(payload)
        if payload is None:
            forms.append(_BLANK)
        elif shaped is None or (shaped[0] not in places and len(places) == SHAPES_MAX):
            forms.append(_PLAIN)
            plain.append(payload)
        else:
            shape, fields = shaped
            forms.append(_SHAPES_FROM + places.setdefault(shape, len(places)))
            rows.setdefault(shape, []).append(fields)
    out.count(len(rows))
    for shape in rows:
        out.count(len(shape))
        for name, kind in shape:
            out.count(texts.place(name))
            out.count(kind)
    for form in forms:
        out.count(form)
    for payload in plain:
        out.count(len(payload))
        out.data += payload
    for shape, shaped_rows in rows.items():
        for name, kind in shape:
            for row in shaped_rows:
                if kind == _TEXT:
                    out.count(texts.place(row[name]))
                else:
                    out.whole(row[name])


def read_payloads(raw: Reader, texts: Sequence[str], count: int) -> list[bytes | None]:
    """The payloads in the order of the events, each as canonical JSON; None where it is blanked."""
    shapes = [_shape(raw, texts) for _ in range(raw.count(SHAPES_MAX))]
    forms = [raw.count(_SHAPES_FROM + len(shapes) - 1) for _ in range(count)]
    counts = Counter(forms)
    plain = iter([_plain(raw.take(raw.count(PAYLOAD_BYTES_MAX))) for _ in range(counts[_PLAIN])])
    rows = [iter(_rows(raw, texts, shape, counts[_SHAPES_FROM + place])) for place, shape in enumerate(shapes)]
    payloads: list[bytes | None] = []
    total_bytes = 0
    for form in forms:
        if form == _BLANK:
            payloads.append(None)
            continue
        payload = next(plain) if form == _PLAIN else canonical(next(rows[form - _SHAPES_FROM]))
        total_bytes += len(payload)
        demand(len(payload) <= PAYLOAD_BYTES_MAX and total_bytes <= RAW_BYTES_MAX, "it unfolds to too much")
        payloads.append(payload)
    return payloads


def _shape(raw: Reader, texts: Sequence[str]) -> Shape:
    shape = tuple((raw.text_of(texts), raw.count(_TEXT)) for _ in range(raw.count(FIELDS_MAX)))
    names = [name for name, _ in shape]
    demand(names == sorted(set(names)), "the fields of a payload are not in order")
    return shape


def _rows(raw: Reader, texts: Sequence[str], shape: Shape, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, kind in shape:
        for row in rows:
            row[name] = raw.text_of(texts) if kind == _TEXT else raw.whole()
    return rows


def _shaped(payload: bytes) -> tuple[Shape, dict[str, Any]] | None:
    """The payload as a shape and its fields; None where it is more than texts and whole numbers side by side."""
    try:
        fields = parsed(payload, dict)
    except ContentFault:
        return None
    if len(fields) > FIELDS_MAX or not all(_is_flat(value) for value in fields.values()):
        return None
    return tuple((name, _TEXT if isinstance(fields[name], str) else _NUMBER) for name in sorted(fields)), fields


def _is_flat(value: Any) -> bool:
    return isinstance(value, str) or (type(value) is int and -WHOLE_MAX <= value <= WHOLE_MAX)


def _plain(payload: bytes) -> bytes:
    try:
        is_canonical = canonical(parsed(payload, dict)) == payload
    except (ContentFault, ValueError, RecursionError):
        is_canonical = False
    demand(is_canonical, "a payload is not canonical JSON")
    return payload


def demand(holds: bool, what: str) -> None:
    """Raises Unreadable where `holds` is not so."""
    if not holds:
        raise Unreadable(what)
