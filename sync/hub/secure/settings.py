"""Settings: where the hub gets certificates for its boxes, kept in its folder.

* Without a zone nothing is asked for, and boxes are told of none.
* Who may change names of the zone is the business of a program that the hub's staff name: the hub holds no key to it.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from catalog.durable import write_file
from catalog.fault import CallerFault
from sync.certificates import is_zone

FILE = Path("keys/certificates.json")
"""Beside the keys: a backup of the hub brings both."""
MODE = 0o600


@dataclass(frozen=True, slots=True)
class Settings:
    """What an order needs."""

    zone: str = ""
    """The domain under which boxes have their names."""
    acme: str = ""
    """The address of the authority's directory (RFC 8555)."""
    dns_hook: str = ""
    """The program that adds and removes a name's text record."""
    contact: str = ""
    """The address of mail that the authority may write to."""
    ca_file: str = ""
    """The file with the authorities to believe at that address; "" for those that the machine believes."""

    def __post_init__(self) -> None:
        """Raises CallerFault."""
        if self.zone and not is_zone(self.zone):
            raise CallerFault(
                f"{self.zone!r} is no domain.", "Give one such as boxes.school.example, in small letters."
            )
        if self.acme and (urlsplit(self.acme).scheme != "https" or not urlsplit(self.acme).hostname):
            raise CallerFault(
                f"{self.acme!r} is no address of an authority.", "Give the https address of its ACME directory."
            )
        for path in filter(None, (self.dns_hook, self.ca_file)):
            if not Path(path).is_file():
                raise CallerFault(f"There is no file {path}.", "Give the whole path of a file that is there.")

    @property
    def is_whole(self) -> bool:
        """Whether orders can be made by this."""
        return bool(self.zone and self.acme and self.dns_hook)

    @classmethod
    def read(cls, data: Path) -> Self:
        """Those in the hub's folder; none at all where nobody set any. Raises CallerFault."""
        try:
            return cls(**json.loads((data / FILE).read_text()))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, TypeError) as error:
            raise CallerFault(
                f"{FILE} cannot be read.", "Remove it, and set what it said by `qanat hub certificates` again."
            ) from error

    def changed(self, **given: str | None) -> Self:
        """These settings with those that were given. Raises CallerFault."""
        return replace(self, **{name: value for name, value in given.items() if value is not None})

    def write(self, data: Path) -> None:
        write_file(data / FILE, json.dumps(asdict(self), indent=2).encode(), MODE)


def zone_now(data: Path) -> str | None:
    """The zone alone, for whoever answers boxes; None where nobody ever set one, or it cannot be read."""
    if not (data / FILE).exists():
        return None
    try:
        return Settings.read(data).zone
    except CallerFault:
        return None
