"""The seed: the one file on a card that says what the box that starts from it is to become.

* Each card has its own: token, Wi-Fi password and staff code are shared by no two of them.
* It lies on the card's first partition, where any computer can put or read it: so it is read as a stranger's file.
* It holds secrets until the box has them: the token is good once, and is erased when it is used (`spent`).
* Same seed, same bytes. Fields that are not known are kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from catalog.fault import CallerFault, Fault
from catalog.manifest import canonical, parsed
from edge.config import Config

FILE = "qanat-seed.json"
"""Its name in the root folder of the card's first partition."""

KIND = "qanat-seed"
VERSION = 1
SEED_BYTES_MAX = 64 * 1024
NUMBER_MAX = 9999
CHANNELS = (1, 6, 11)
"""Of 2.4 GHz: the ones that do not overlap, and that every phone may use in every country."""

_ID = re.compile(r"[a-z2-7]{16}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_PASSWORD = re.compile(r"[\x20-\x7e]{8,63}")
_NETWORK_BYTES_MAX = 32


class SeedRefused(CallerFault):
    """This file is no seed, or one that a box cannot become."""


@dataclass(frozen=True, slots=True)
class Wifi:
    """The network that a box opens for its learners."""

    name: str
    password: str
    """Empty: open to everyone."""
    country: str
    """Where the box stands, by ISO 3166-1: what may be sent on the air is a matter of law."""
    channel: int

    def __post_init__(self) -> None:
        _demand(0 < len(self.name.encode()) <= _NETWORK_BYTES_MAX and self.name.isprintable(), "the Wi-Fi's name")
        _demand(not self.password or _PASSWORD.fullmatch(self.password) is not None, "the Wi-Fi's password")
        _demand(_COUNTRY.fullmatch(self.country) is not None, "the Wi-Fi's country")
        _demand(self.channel in CHANNELS, "the Wi-Fi's channel")


@dataclass(frozen=True, slots=True)
class Seed:
    """What one card is to become."""

    id: str
    """16 letters of base32 that name the card, on its inner label and in its batch. No secret."""
    batch: str
    """The batch it was made in; empty for a card made by hand."""
    number: int
    """Its place in the batch, from 1; 0 for a card made by hand."""
    campus_name: str
    hub: str
    """Address of the hub; empty where the box is enrolled later."""
    token: str = field(repr=False)
    """The hub's one-time token (`sync.enrolment.Token`); empty once it is spent, or where there is none."""
    staff_code: str = field(repr=False)
    """What claims the box, such as KMTRD-XWPCF; empty: the box draws its own."""
    wifi: Wifi | None = field(repr=False)
    """None: the box opens no network of its own."""
    join: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Networks to join for the way out, by name, with their passwords."""
    apn: str = ""
    """Of the modem's network; empty: the modem's own."""
    serves_lan: bool = False
    """Whether the network that leads outwards sees the pages too, beside the box's own: the school's."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What box.toml is to say (`edge.config.Config`)."""
    made_seconds: int = 0
    """When it was made: no box is older than its seed."""
    rest: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _demand(_ID.fullmatch(self.id) is not None, "its id")
        _demand(0 <= self.number <= NUMBER_MAX, "its number")
        _demand(len(self.join) <= 8, "the networks to join")
        Config().with_changes({**self.settings, **({"hub": self.hub} if self.hub else {})})

    @property
    def is_spent(self) -> bool:
        """Tell whether nothing secret is left in it that opens anything at the hub."""
        return not self.token

    def spent(self) -> Self:
        """The same without what may be used once: what stays on the card after the box has it."""
        return replace(self, token="", staff_code="")

    def to_bytes(self) -> bytes:
        """Canonical JSON, the same bytes every time."""
        wifi = self.wifi and {
            "name": self.wifi.name,
            "password": self.wifi.password,
            "country": self.wifi.country,
            "channel": self.wifi.channel,
        }
        return canonical(
            {
                **self.rest,
                "kind": KIND,
                "version": VERSION,
                "id": self.id,
                "batch": self.batch,
                "number": self.number,
                "campus_name": self.campus_name,
                "hub": self.hub,
                "token": self.token,
                "staff_code": self.staff_code,
                "wifi": wifi,
                "join": dict(self.join),
                "apn": self.apn,
                "serves_lan": self.serves_lan,
                "settings": {name: _plain(value) for name, value in self.settings.items()},
                "made_seconds": self.made_seconds,
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a seed as it lies on a card. Raises SeedRefused."""
        _demand(len(data) <= SEED_BYTES_MAX, f"its size: {SEED_BYTES_MAX} bytes are the most")
        try:
            said: dict[str, Any] = parsed(data, dict)
            canonical(said)
        except (Fault, ValueError, RecursionError) as error:
            raise _refused("its form: it is not JSON") from error
        _demand(said.pop("kind", None) == KIND, "its kind")
        version = said.pop("version", None)
        _demand(isinstance(version, int) and version >= 1, "its version")
        try:
            return cls(
                id=_text(said, "id"),
                batch=_text(said, "batch", ""),
                number=_whole(said, "number", 0),
                campus_name=_text(said, "campus_name", ""),
                hub=_text(said, "hub", ""),
                token=_text(said, "token", ""),
                staff_code=_text(said, "staff_code", ""),
                wifi=_wifi(said.pop("wifi", None)),
                join=_texts(said, "join"),
                apn=_text(said, "apn", ""),
                serves_lan=_flag(said, "serves_lan"),
                settings=_table(said, "settings"),
                made_seconds=_whole(said, "made_seconds", 0),
                rest=said,
            )
        except SeedRefused:
            raise
        except CallerFault as fault:
            raise SeedRefused(f"The seed on this card asks for what cannot be: {fault.sentence}", fault.hint) from fault


def _wifi(said: Any) -> Wifi | None:
    if said is None:
        return None
    _demand(isinstance(said, dict), "its Wi-Fi")
    said = dict(said)
    return Wifi(_text(said, "name"), _text(said, "password", ""), _text(said, "country"), _whole(said, "channel", 1))


def _text(said: dict[str, Any], name: str, default: str | None = None) -> str:
    value = said.pop(name, default)
    _demand(isinstance(value, str) and len(value) <= 1024, name)
    return str(value)


def _whole(said: dict[str, Any], name: str, default: int) -> int:
    value = said.pop(name, default)
    _demand(isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53, name)
    return int(value)


def _flag(said: dict[str, Any], name: str) -> bool:
    value = said.pop(name, False)
    _demand(isinstance(value, bool), name)
    return bool(value)


def _table(said: dict[str, Any], name: str) -> dict[str, Any]:
    value = said.pop(name, {})
    _demand(isinstance(value, dict), name)
    return dict(value)


def _texts(said: dict[str, Any], name: str) -> dict[str, str]:
    table = _table(said, name)
    _demand(all(isinstance(value, str) for value in table.values()), name)
    return table


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise _refused(what)


def _refused(what: str) -> SeedRefused:
    return SeedRefused(
        f"The seed on this card cannot be used because of {what}.",
        f"Make it again with `qanat provision batch`, and put the new {FILE} in the place of this one.",
    )
