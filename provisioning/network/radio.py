"""The radio: in which country it stands, which is a matter of law.

* The kernel is told when the radio's driver is loaded, and once more while it runs; then it is asked what it believes.
"""

import re

from provisioning.network.plan import File, Plan

_GLOBAL = re.compile(r"^global\s*\ncountry (\w\w):", re.MULTILINE)


def files(plan: Plan) -> list[File]:
    """What the kernel reads when it loads a radio's driver."""
    if plan.wifi is None:
        return []
    text = f"# Made by `qanat provision network`.\noptions cfg80211 ieee80211_regdom={plan.wifi.country}\n"
    return [File("etc/modprobe.d/qanat-radio.conf", text)]


def country_told(said: str) -> str:
    """The country that the kernel believes, from what `iw reg get` says; "" where it says none.

    >>> country_told("global\\ncountry DJ: DFS-ETSI\\n\\t(2402 - 2482 @ 40), (6, 20), (N/A)\\n")
    'DJ'
    """
    found = _GLOBAL.search(said)
    return found[1] if found is not None else ""
