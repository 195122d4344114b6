"""Columns: how events become bytes that compress well.

* Every text is written once and named by its place; every number takes as few bytes as it needs.
* Values of one kind stand together: all learners, all times, all pages; that is what makes a batch small.
* Payloads with the same fields share a shape, and only their values travel. What has no shape travels as it is.
* A column is written and read in one go: a night's events pass here one by one, on a small board and at the hub.
* Reading checks every limit and raises Unreadable, never anything else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, repeat
from typing import Any

from catalog.fault import ContentFault
from catalog.manifest import canonical, parsed, quoted
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

    def places_of(self, column: Iterable[str]) -> list[int]:
        places = self.places
        return [places.setdefault(text, len(places)) for text in column]


class Writer:
    """Counts and texts as bytes: seven bits a byte, the lowest first, the top bit while more follow."""

    def __init__(self) -> None:
        self.data = bytearray()

    def count(self, number: int) -> None:
        while number > 0x7F:
            self.data.append(number & 0x7F | 0x80)
            number >>= 7
        self.data.append(number)

    def counts(self, numbers: Sequence[int]) -> None:
        """A column of counts."""
        if max(numbers, default=0) <= 0x7F:
            self.data += bytes(numbers)
            return
        append = self.data.append
        for number in numbers:
            while number > 0x7F:
                append(number & 0x7F | 0x80)
                number >>= 7
            append(number)

    def whole(self, number: int) -> None:
        """A number that may be below nought: doubled, and one less where it is (0, -1, 1, -2 are 0, 1, 2, 3)."""
        self.wholes([number])

    def wholes(self, numbers: Iterable[int]) -> None:
        """A column of them."""
        self.counts([number * 2 if number >= 0 else -number * 2 - 1 for number in numbers])

    def moments(self, times: Sequence[int]) -> None:
        """A column of times, each as the difference to the one before."""
        self.wholes([time - before for time, before in zip(times, [0, *times], strict=False)])

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

    def counts(self, count: int, most: int) -> list[int]:
        """A column of so many counts."""
        piece = self._data[self._place : self._place + count]
        if len(piece) == count and piece.isascii():  # each is its own byte
            self._place += count
            numbers = list(piece)
        else:
            numbers = self._long_counts(count)
        demand(max(numbers, default=0) <= most, f"it counts {max(numbers, default=0)}, of {most} at most")
        return numbers

    def whole(self, most: int = WHOLE_MAX) -> int:
        return self.wholes(1, most)[0]

    def wholes(self, count: int, most: int = WHOLE_MAX) -> list[int]:
        return [number >> 1 if not number & 1 else -(number + 1 >> 1) for number in self.counts(count, 2 * most)]

    def moments(self, count: int) -> list[int]:
        times = list(accumulate(self.wholes(count, 2 * WHOLE_MAX)))
        demand(min(times) >= -WHOLE_MAX and max(times) <= WHOLE_MAX, "a time in it is no time")
        return times

    def text(self) -> str:
        try:
            return self.take(self.count(PAYLOAD_BYTES_MAX)).decode()
        except UnicodeDecodeError as error:
            raise Unreadable("a text in it is not UTF-8") from error

    def texts(self, count: int) -> list[str]:
        return [self.text() for _ in range(count)]

    def text_of(self, texts: Sequence[str]) -> str:
        return self.texts_of(texts, 1)[0]

    def texts_of(self, texts: Sequence[str], count: int) -> list[str]:
        """A column of places, as the texts that they name."""
        return [texts[place] for place in self.places(texts, count)]

    def places(self, texts: Sequence[str], count: int) -> list[int]:
        places = self.counts(count, WHOLE_MAX)
        demand(max(places, default=-1) < len(texts), "it names a text that is not there")
        return places

    def rest(self) -> bytes:
        return self._data[self._place :]

    def _long_counts(self, count: int) -> list[int]:
        data, place = self._data, self._place
        numbers = []
        try:
            for _ in range(count):
                number = data[place]
                place += 1
                if number > 0x7F:
                    number &= 0x7F
                    shift = 7
                    while (byte := data[place]) > 0x7F:
                        number |= (byte & 0x7F) << shift
                        shift += 7
                        place += 1
                        demand(shift < 63, "a number in it is too long")
                    number |= byte << shift
                    place += 1
                numbers.append(number)
        except IndexError:
            raise Unreadable("it is cut short") from None
        self._place = place
        return numbers


def write_payloads(out: Writer, texts: Texts, payloads: Sequence[bytes | None]) -> None:
    """Write what each event says: the shapes, one form an event, then what has no shape, then the shapes' columns."""
    forms: list[int] = []
    plain: list[bytes] = []
    shapes = _Shapes()
    rows: dict[Shape, list[dict[str, Any]]] = {}
    places: dict[Shape, int] = {}
    for payload in payloads:
        if payload is None:
            forms.append(_BLANK)
            continue
        fields = _fields(payload)
        shape = None if fields is None else shapes.of(fields)
        if fields is None or shape is None or (shape not in places and len(places) == SHAPES_MAX):
            forms.append(_PLAIN)
            plain.append(payload)
        else:
            forms.append(_SHAPES_FROM + places.setdefault(shape, len(places)))
            rows.setdefault(shape, []).append(fields)
    out.count(len(rows))
    for shape in rows:
        out.count(len(shape))
        for name, kind in shape:
            out.count(texts.place(name))
            out.count(kind)
    out.counts(forms)
    for payload in plain:
        out.count(len(payload))
        out.data += payload
    for shape, shaped_rows in rows.items():
        for name, kind in shape:
            values = [row[name] for row in shaped_rows]
            if kind == _TEXT:
                out.counts(texts.places_of(values))
            else:
                out.wholes(values)


def read_payloads(raw: Reader, texts: Sequence[str], count: int) -> list[bytes | None]:
    """The payloads in the order of the events, each as canonical JSON; None where it is blanked."""
    shapes = [_shape(raw, texts) for _ in range(raw.count(SHAPES_MAX))]
    forms = raw.counts(count, _SHAPES_FROM + len(shapes) - 1)
    counts = Counter(forms)
    plain = iter([_plain(raw.take(raw.count(PAYLOAD_BYTES_MAX))) for _ in range(counts[_PLAIN])])
    said = _Quoted(texts)
    rows = [_rows(raw, said, shape, counts[_SHAPES_FROM + place]) for place, shape in enumerate(shapes)]
    payloads: list[bytes | None] = []
    total_bytes = 0
    for form in forms:
        if form == _BLANK:
            payloads.append(None)
            continue
        payload = next(plain) if form == _PLAIN else next(rows[form - _SHAPES_FROM])
        total_bytes += len(payload)
        demand(len(payload) <= PAYLOAD_BYTES_MAX and total_bytes <= RAW_BYTES_MAX, "it unfolds to too much")
        payloads.append(payload)
    return payloads


class _Quoted:
    """The texts that payloads name, as JSON writes them; each made once, and when it is first named."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self._made: dict[int, str] = {}
        self._characters = 0

    def __getitem__(self, place: int) -> str:
        text = self._made.get(place)
        if text is None:
            text = self._made[place] = quoted(self.texts[place])
            self._characters += len(text)
            demand(self._characters <= RAW_BYTES_MAX, "it unfolds to too much")
        return text


def _shape(raw: Reader, texts: Sequence[str]) -> Shape:
    shape = tuple((raw.text_of(texts), raw.count(_TEXT)) for _ in range(raw.count(FIELDS_MAX)))
    names = [name for name, _ in shape]
    demand(names == sorted(set(names)), "the fields of a payload are not in order")
    return shape


def _rows(raw: Reader, texts: _Quoted, shape: Shape, count: int) -> Iterator[bytes]:
    """The payloads of one shape, each as the canonical JSON of its values, which is made when it is asked for."""
    columns: list[Iterable[str | int]] = [
        [texts[place] for place in raw.places(texts.texts, count)] if kind == _TEXT else raw.wholes(count)
        for _, kind in shape
    ]
    pattern = "{" + ",".join(quoted(name).replace("%", "%%") + ":%s" for name, _ in shape) + "}"
    rows = zip(*columns, strict=True) if shape else repeat((), count)
    return ((pattern % row).encode() for row in rows)


def _fields(payload: bytes) -> dict[str, Any] | None:
    try:
        return parsed(payload, dict)
    except ContentFault:
        return None


class _Shapes:
    """Finds the shape of fields. A night's events have a handful, so each is worked out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Shape | None] = {}

    def of(self, fields: Mapping[str, Any]) -> Shape | None:
        """The shape of these fields; None where they are more than texts and whole numbers side by side."""
        values = fields.values()
        kinds: tuple[object, ...] = (*fields, *map(type, values))
        if kinds not in self._known:
            self._known[kinds] = _shape_of(fields)
        if any(type(value) is int and not -WHOLE_MAX <= value <= WHOLE_MAX for value in values):
            return None
        return self._known[kinds]


def _shape_of(fields: Mapping[str, Any]) -> Shape | None:
    if len(fields) > FIELDS_MAX or not all(type(value) in (str, int) for value in fields.values()):
        return None
    return tuple((name, _TEXT if isinstance(fields[name], str) else _NUMBER) for name in sorted(fields))


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
