"""Settings: what `box.toml` may say, each with its default and its unit.

* Every setting has a default: an empty or missing box.toml is a whole configuration.
* A setting that we do not know, or a value that cannot be, is refused with a sentence that names it.
* `changed` keeps the words that people wrote around the settings.
* docs/settings.md has a row for each; a test reads both.
"""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalog.fault import CallerFault
from catalog.manifest import CORE, is_course
from catalog.trust.roles import GRACE_DAYS
from sync.budget.allowance import MONTH_BEGINS_MAX, Budget
from sync.budget.settings import BUDGET_FIELDS, can_be, wanted
from sync.budget.windows import Window, parse_windows

FILE = "box.toml"
PORT_MAX = 65_535
CONTENT_PORTS_MAX = 256
NAME_CHARACTERS_MAX = 80
LANGUAGES = ("en", "fr", "ar")

MEGABYTE_BYTES = 1_000_000
KILOBIT_BYTES = 125
JOURNAL_DAYS_MAX = 10_000
JOURNAL_EVENTS_MIN = 1000
JOURNAL_EVENTS_MAX = 100_000_000
NEIGHBOURS_MAX = 16
GRACE_DAYS_MAX = 36_500

_LAYER = re.compile(r"[a-z][a-z0-9-]{0,31}")
_INTERFACE = re.compile(r"[^\s/:]{1,15}")
"""As the kernel takes them, and /proc/net/dev can show them."""


def _setting(default: Any, says: str, unit: str = "") -> Any:
    return field(default=default, metadata={"says": says, "unit": unit})


@dataclass(frozen=True, slots=True)
class Config:
    """One box's settings."""

    name: str = _setting("Campus box", "What the box is called on its pages and at the hub")
    language: str = _setting("en", "Language of the pages for whoever has not chosen one", "language tag")
    languages: tuple[str, ...] = _setting(LANGUAGES, "Languages that the pages offer, in this order", "language tags")
    host: str = _setting("0.0.0.0", "Address to listen on: 127.0.0.1 for this machine only", "IP address")  # noqa: S104
    port: int = _setting(8080, "Port of the pages", "TCP port")
    port_seen: int = _setting(
        0, "The same as browsers see it, where a proxy stands before the box; 0: the same", "TCP port"
    )
    address: str = _setting(
        "",
        "Address of the pages as browsers see it; needed with content_host or HTTPS",
        "URL",
    )
    content_port: int = _setting(8100, "First port of the courses that are programs (HTML)", "TCP port")
    content_ports: int = _setting(16, "How many such ports; each serves one course only", "ports")
    content_port_seen: int = _setting(
        0, "The first of these ports as browsers see it, where a proxy stands before the box; 0: the same", "TCP port"
    )
    content_host: str = _setting(
        "", "Host name for each course instead of a port each, with {course} in it; empty: ports", "host name pattern"
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "More host names that the pages answer to, beside the machine's own and addresses in numbers; `*`: any",
        "host names",
    )
    portal: bool = _setting(
        False, "Whether phones that join are led to the library: answers what they ask a network for (the appliance)"
    )
    is_behind_tls: bool = _setting(False, "Whether a proxy before the box speaks HTTPS: cookies then demand it")
    secure_port: int = _setting(
        0,
        "Port at which a proxy before the box serves HTTPS beside HTTP; 0: none does, and none is offered",
        "TCP port",
    )
    secure_content_port: int = _setting(
        0, "The first of the ports for courses over HTTPS, as many as without; 0: none", "TCP port"
    )
    accel: str = _setting("", "Prefix of nginx's internal location for files; empty: no nginx before the box", "path")
    hub: str = _setting("", "Address of the hub; written when the box is enrolled", "URL")
    window: str = _setting(
        "01:00-05:00",
        "When the nightly session may run, in local time; several with commas between, the first is the night",
        "hh:mm-hh:mm",
    )
    night_mb: int = _setting(0, "What may move in a night, up and down; 0: no limit", "MB")
    month_mb: int = _setting(0, "What may move in a month, up and down; 0: no limit", "MB")
    month_begins: int = _setting(1, "The day on which the month's quota begins anew, 1 to 28", "day of the month")
    month_carries: bool = _setting(False, "Whether what a month leaves of its quota is added to the next, once")
    rate_kbit: int = _setting(0, "How fast a session may go; 0: as fast as the link", "kbit/s")
    layers: tuple[str, ...] = _setting(
        (), 'Which parts of courses come, such as "audio" or "video-360"; text always; empty: all', "layers"
    )
    uplink: str = _setting(
        "",
        "Network interface of the metered link: all that crosses it counts; empty: only what the box itself moves",
        "interface",
    )
    proxy: str = _setting("", "Proxy between the box and its hub; empty: none", "URL")
    neighbours: bool = _setting(True, "Whether boxes on the same network give each other what they have of courses")
    neighbour_addresses: tuple[str, ...] = _setting(
        (), "Boxes to ask besides those that are found by themselves", "URLs"
    )
    opds: bool = _setting(True, "Whether e-readers find the books that may be kept, at /opds, without signing in")
    sticks: str = _setting(
        "/media", "Folder under which memory sticks appear; one for this box starts by itself; empty: none does", "path"
    )
    catalogue_grace_days: int = _setting(
        GRACE_DAYS, "How long new courses are still taken after the signed catalogue has run out", "days"
    )
    journal_days: int = _setting(
        400,
        "How long events of the journal stay that the hub has in a backup; then what they add up to stays. "
        "The hub may rule that it is shorter, and then however few they are",
        "days",
    )
    journal_events: int = _setting(
        400_000, "How many of the newest events stay in any case, however old they are; about 0.5 KB each", "events"
    )
    timezone: str = _setting("UTC", "Where the box stands, for its local time", "IANA time zone")

    def __post_init__(self) -> None:
        _demand(0 < len(self.name) <= NAME_CHARACTERS_MAX, "name", f"1 to {NAME_CHARACTERS_MAX} characters", self.name)
        unknown = [tag for tag in self.languages if tag not in LANGUAGES]
        _demand(bool(self.languages) and not unknown, "languages", f"some of {', '.join(LANGUAGES)}", self.languages)
        _demand(self.language in self.languages, "language", f"one of {', '.join(self.languages)}", self.language)
        _demand(1 <= self.port <= PORT_MAX, "port", f"1 to {PORT_MAX}", self.port)
        _demand(0 <= self.port_seen <= PORT_MAX, "port_seen", f"0 to {PORT_MAX}", self.port_seen)
        _demand(not self.address or _is_origin(self.address), "address", 'one such as "http://box.lan"', self.address)
        _demand(1 <= self.content_ports <= CONTENT_PORTS_MAX, "content_ports", f"1 to {CONTENT_PORTS_MAX}",
                self.content_ports)  # fmt: skip
        last = PORT_MAX - self.content_ports + 1
        _demand(1 <= self.content_port <= last, "content_port", f"1 to {last}", self.content_port)
        _demand(0 <= self.content_port_seen <= last, "content_port_seen", f"0 to {last}", self.content_port_seen)
        _demand(0 <= self.secure_port <= PORT_MAX, "secure_port", f"0 to {PORT_MAX}", self.secure_port)
        _demand(0 <= self.secure_content_port <= last, "secure_content_port", f"0 to {last}", self.secure_content_port)
        _demand(self.port not in self.ports_for_content, "port", "a port outside those for content", self.port)
        _demand(not self.content_host or _is_host_pattern(self.content_host), "content_host",
                'a host name such as "{course}.content.school.example"', self.content_host)  # fmt: skip
        _demand(bool(self.address) or not self.content_host, "address", "set where content_host is", self.address)
        _demand(not self.accel or (self.accel.startswith("/") and self.accel.endswith("/")), "accel",
                'a path such as "/internal/"', self.accel)  # fmt: skip
        _demand(not self.hub or _is_address(self.hub), "hub", 'an address such as "https://hub.example"', self.hub)
        _demand(_is_timezone(self.timezone), "timezone", 'a time zone such as "Africa/Djibouti"', self.timezone)
        _demand(0 <= self.catalogue_grace_days <= GRACE_DAYS_MAX, "catalogue_grace_days", f"0 to {GRACE_DAYS_MAX}",
                self.catalogue_grace_days)  # fmt: skip
        self._demand_channel()

    def _demand_channel(self) -> None:
        for name in BUDGET_FIELDS:
            _demand(can_be(name, getattr(self, name)), name, wanted(name), getattr(self, name))
        _demand(1 <= self.month_begins <= MONTH_BEGINS_MAX, "month_begins", f"1 to {MONTH_BEGINS_MAX}",
                self.month_begins)  # fmt: skip
        _demand(all(map(_LAYER.fullmatch, self.layers)), "layers", 'layers such as ["audio", "video-360"]', self.layers)
        _demand(not self.uplink or _INTERFACE.fullmatch(self.uplink) is not None, "uplink",
                'an interface such as "wwan0"', self.uplink)  # fmt: skip
        _demand(not self.proxy or _is_origin(self.proxy.rstrip("/")), "proxy",
                'an address such as "http://proxy.school.example:3128"', self.proxy)  # fmt: skip
        _demand(len(self.neighbour_addresses) <= NEIGHBOURS_MAX and all(map(_is_origin, self.neighbour_addresses)),
                "neighbour_addresses", f'up to {NEIGHBOURS_MAX} addresses such as ["http://10.0.0.7:8080"]',
                self.neighbour_addresses)  # fmt: skip
        _demand(1 <= self.journal_days <= JOURNAL_DAYS_MAX, "journal_days", f"1 to {JOURNAL_DAYS_MAX}",
                self.journal_days)  # fmt: skip
        _demand(JOURNAL_EVENTS_MIN <= self.journal_events <= JOURNAL_EVENTS_MAX, "journal_events",
                f"{JOURNAL_EVENTS_MIN} to {JOURNAL_EVENTS_MAX}", self.journal_events)  # fmt: skip
        _demand(not self.sticks or self.sticks.startswith("/"), "sticks", 'a path such as "/media"', self.sticks)

    @property
    def is_behind_proxy(self) -> bool:
        """Whether a proxy before the box says who asks, and by which scheme."""
        return bool(self.accel) or self.is_behind_tls or bool(self.secure_port)

    @property
    def ports_for_content(self) -> range:
        """The ports that courses are served on: with host names one is enough."""
        return range(self.content_port, self.content_port + (1 if self.content_host else self.content_ports))

    def content_port_as_seen(self, port: int) -> int:
        """A content port as browsers see it."""
        return port - self.content_port + self.content_port_seen if self.content_port_seen else port

    def content_port_secured(self, port: int) -> int:
        """The same over HTTPS; 0 where nobody serves it so."""
        return port - self.content_port + self.secure_content_port if self.secure_content_port else 0

    @property
    def windows(self) -> tuple[Window, ...]:
        """When courses may travel; the first window is the night."""
        return parse_windows(self.window)

    @property
    def budget(self) -> Budget:
        """What may be spent."""
        return Budget(
            self.night_mb * MEGABYTE_BYTES,
            self.month_mb * MEGABYTE_BYTES,
            self.month_begins,
            self.month_carries,
            self.rate_kbit * KILOBIT_BYTES,
        )

    def wants_layer(self, layer: str) -> bool:
        """Tell whether a layer of courses should come to this box; "video" stands for every video layer."""
        return not self.layers or layer == CORE or not {layer, layer.partition("-")[0]}.isdisjoint(self.layers)

    @property
    def zone(self) -> tzinfo:
        """Where the box stands. UTC needs no time zone files on the machine."""
        return _zone(self.timezone)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Raises CallerFault where a setting is unknown or cannot be."""
        try:
            settings = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CallerFault(
                f"{FILE} cannot be read: {error}.", "Mend that line; docs/settings.md has examples."
            ) from error
        return cls().with_changes(settings)

    def with_changes(self, settings: Mapping[str, Any]) -> Self:
        """These settings, some of them changed. Raises CallerFault."""
        fields = {one.name: one for one in dataclasses.fields(self)}
        values: dict[str, Any] = {}
        for name, value in settings.items():
            if name not in fields:
                near = difflib.get_close_matches(name, fields, 1)
                hint = f"Did you mean {near[0]}?" if near else "docs/settings.md lists every setting."
                raise CallerFault(f"{FILE} has a setting that is not known: {name}.", hint)
            values[name] = _of_kind(name, value, fields[name].default)
        return dataclasses.replace(self, **values)


def changed(text: str, settings: Mapping[str, Any]) -> str:
    """The file's text with these settings changed; comments and other lines stay as they are.

    Raises CallerFault where a value cannot be.
    """
    wanted = Config.from_toml(text).with_changes(settings)
    lines = text.splitlines()
    for name in settings:
        line = f"{name} = {_toml(getattr(wanted, name))}"
        places = [number for number, old in enumerate(lines) if re.match(rf"\s*{name}\s*=", old)]
        if places:
            lines[places[0]] = line
        else:
            lines.append(line)
    try:
        edited = "\n".join(lines) + "\n"
        if Config.from_toml(edited) == wanted:
            return edited
    except CallerFault:
        pass  # a value over several lines cannot be changed line by line: write the file anew
    own = [one.name for one in dataclasses.fields(wanted) if getattr(wanted, one.name) != one.default]
    return "".join(f"{name} = {_toml(getattr(wanted, name))}\n" for name in own)


def _of_kind(name: str, value: Any, default: Any) -> Any:
    match default:
        case bool():
            _demand(isinstance(value, bool), name, "true or false", value)
        case int():
            _demand(isinstance(value, int) and not isinstance(value, bool), name, "a whole number", value)
        case str():
            _demand(isinstance(value, str), name, "words in quotes", value)
        case _:
            are_texts = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
            _demand(are_texts, name, 'a list such as ["one", "two"]', value)
            return tuple(value)
    return value


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return '"' + "".join(_escaped(letter) for letter in value) + '"'
        case _:
            return "[" + ", ".join(_toml(one) for one in value) + "]"


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _is_host_pattern(pattern: str) -> bool:
    label, _, rest = pattern.partition(".")
    is_plain = all(is_course(part) for part in rest.split("."))
    return label == "{course}" and is_plain


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment


def _is_origin(text: str) -> bool:
    return _is_address(text) and not urlsplit(text).path


def _is_timezone(name: str) -> bool:
    try:
        _zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _demand(holds: bool, name: str, wanted: str, found: Any) -> None:
    if not holds:
        raise CallerFault(f"The setting {name} should be {wanted}, and is {found!r}.", f"Change it in {FILE}.")
