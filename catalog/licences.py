"""Licences: those that courses usually have, by the short names of the SPDX list, and what they say in a line.

* A licence in words of one's own is as good as one of these; nothing here judges it.
"""

from collections.abc import Mapping

LICENCES: Mapping[str, str] = {
    "CC0-1.0": "CC0 1.0",
    "CC-BY-4.0": "CC BY 4.0",
    "CC-BY-SA-4.0": "CC BY-SA 4.0",
    "CC-BY-NC-4.0": "CC BY-NC 4.0",
    "CC-BY-NC-SA-4.0": "CC BY-NC-SA 4.0",
    "CC-BY-ND-4.0": "CC BY-ND 4.0",
    "CC-BY-NC-ND-4.0": "CC BY-NC-ND 4.0",
    "CC-BY-3.0": "CC BY 3.0",
    "CC-BY-SA-3.0": "CC BY-SA 3.0",
    "GFDL-1.3-or-later": "GNU FDL 1.3",
    "MIT": "MIT",
    "Apache-2.0": "Apache 2.0",
}
