"""Countries: where a box may stand, and whose rules of the air the kernel knows.

* A country is one of ISO 3166-1, as tzdata lists them.
* Of some countries the kernel has no rules: it then keeps to those that hold everywhere. That is never chosen unasked.
"""

from importlib.resources import files

from catalog.fault import CallerFault

WORLD = "00"
"""What the kernel calls the rules that hold everywhere: of 2.4 GHz the channels 1 to 11, with 100 mW."""

_REGULATED = (
    "AD AE AF AI AL AM AN AR AS AT AU AW AZ BA BB BD BE BF BG BH BL BM BN BO BR BS BT BW BY BZ CA CF CH CI CL "
    "CN CO CR CU CX CY CZ DE DK DM DO DZ EC EE EG ES ET FI FM FO FR GB GD GE GF GH GI GL GP GR GT GU GY HK HN "
    "HR HT HU ID IE IL IM IN IR IS IT JM JO JP KE KH KN KP KR KW KY KZ LB LC LI LK LS LT LU LV MA MC MD ME MF "
    "MH MK MN MO MP MQ MR MT MU MV MW MX MY NA NG NI NL NO NP NZ OM PA PE PF PG PH PK PL PM PR PT PW PY QA RE "
    "RO RS RU RW SA SE SG SI SK SM SN SR SV SX SY TC TD TG TH TN TR TT TW TZ UA UG US UY UZ VA VC VE VI VN VU "
    "WF WS YE YT ZA ZW "
)
"""Countries of the kernel's table: wireless-regdb 2026.05.30, as Debian 12 and 13 carry it."""


def country(text: str, *, by_world_rules: bool = False) -> str:
    """The country of this code. Raises CallerFault where it is none, or where the kernel does not know its rules."""
    code = text.strip().upper()
    names = _names()
    if code not in names:
        raise CallerFault(
            f"{text!r} is no country.", "Give the two letters of ISO 3166 of the country where the box will stand."
        )
    if code not in _REGULATED.split() and not by_world_rules:
        raise CallerFault(
            f"Of {names[code]} the kernel knows no rules for Wi-Fi.",
            "With --world-rules the box keeps to those that hold everywhere (channels 1 to 11, 100 mW).",
        )
    return code


def as_told(code: str) -> str:
    """What the kernel says when it was told this country."""
    return code if code in _REGULATED.split() else WORLD


def _names() -> dict[str, str]:
    text = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    rows = [line.split("\t", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {code: name.strip() for code, name in rows}
