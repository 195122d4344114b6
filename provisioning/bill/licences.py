"""Licences: under which one each part comes, and which ones a school may be given.

* A part's licence is what it says itself, in the words of SPDX; where it says nothing clear, a person read its text and
  wrote it down here, for that part.
* Every licence in it is on the list of those allowed, with the reason; a part under any other stops the build.
* Of a choice (`A OR B`) one allowed licence is enough; of a sum (`A AND B`) all must be.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from catalog.fault import CallerFault
from provisioning.bill.parts import Part

ALLOWED = {
    "0BSD": "asks for nothing",
    "Apache-2.0": "our own",
    "BSD-2-Clause": "asks for its notice",
    "BSD-3-Clause": "asks for its notice",
    "ISC": "asks for its notice",
    "LGPL-2.1-or-later": "a module of its own that anybody may replace; we change nothing in it",
    "LGPL-3.0-only": "a module of its own that anybody may replace; we change nothing in it",
    "MIT": "asks for its notice",
    "MIT-0": "asks for nothing",
    "MIT-CMU": "asks for its notice",
    "MPL-2.0": "a file of its own; we change nothing in it",
    "PSF-2.0": "Python's own",
    "Unlicense": "asks for nothing",
}
"""The licences under which others' work may be in a box or hub, and why that is no burden to a school."""

OUR_LICENCE = "Apache-2.0"

READ_BY_A_PERSON = {
    "blinker": "MIT",
    "click-default-group": "BSD-3-Clause",
    "defusedxml": "PSF-2.0",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "pyrage": "MIT",
    "segno": "BSD-3-Clause",
}
"""Parts that say nothing, or no more than "BSD", in their metadata: what their licence's text is."""

SAID_OTHERWISE = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
}
"""Free words in metadata that leave no doubt, in those of SPDX."""

TEXT_BYTES_MAX = 1 << 20
_TEXT = re.compile(r"(?i)(^|/)(licen[cs]e|copying|notice|authors)[^/]*$")


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which licence a part comes, as an SPDX expression, and its texts by file name."""

    expression: str
    texts: Mapping[str, bytes]


def terms_of(part: Part, ours: bytes = b"") -> Terms:
    """The terms of an installed Python package. `ours` is the text of our own licence, which is also that of a part
    that may be had under it and brings no text itself.

    Raises CallerFault where it is not installed at that version, says nothing, or has no text.
    """
    try:
        installed = distribution(part.name)
    except PackageNotFoundError as error:
        raise _not_installed(part) from error
    if installed.version != part.version:
        raise _not_installed(part)
    texts, expression = _texts(installed), _expression(installed, part.name)
    if not texts and ours and OUR_LICENCE in expression.split(" OR "):
        texts = {"LICENSE": ours}
    if not texts:
        raise CallerFault(f"{part.name} brings no text of its licence.", "Ask its makers, or do without it.")
    return Terms(expression, texts)


def demand_allowed(part: Part, expression: str) -> None:
    """Raises CallerFault where a part comes under a licence that is not on the list."""
    if not is_allowed(expression):
        raise CallerFault(
            f"{part.name} {part.version} comes under {expression or 'no licence that we know'}.",
            "Read its text. Then add it in provisioning/bill/licences.py with the reason, or do without the part.",
        )


def is_allowed(expression: str) -> bool:
    """Tell whether an SPDX expression leads to allowed licences only.

    >>> is_allowed("Apache-2.0 OR GPL-3.0-only"), is_allowed("Apache-2.0 AND GPL-3.0-only"), is_allowed("")
    (True, False, False)
    """
    return any(all(_is_listed(one) for one in choice.split(" AND ")) for choice in expression.split(" OR "))


def _is_listed(licence: str) -> bool:
    return licence.strip() in ALLOWED  # what is in brackets is not, so a person has to look


def _expression(installed: Distribution, name: str) -> str:
    metadata = installed.metadata.json
    said = str(metadata.get("license_expression") or metadata.get("license") or "")
    return READ_BY_A_PERSON.get(name) or SAID_OTHERWISE.get(said, said)


def _texts(installed: Distribution) -> dict[str, bytes]:
    """The licence's files that the package brought, by their names with the folders that tell them apart."""
    found: dict[str, bytes] = {}
    for file in installed.files or ():
        inside = str(file).partition(".dist-info/")[2].removeprefix("licenses/")
        path = Path(str(file.locate()))
        if inside and _TEXT.search(inside) and path.stat().st_size <= TEXT_BYTES_MAX:
            found[inside] = path.read_bytes()
    return found


def _not_installed(part: Part) -> CallerFault:
    return CallerFault(
        f"{part.name} {part.version} is not installed here, so its licence cannot be read.", "Run make setup first."
    )


def texts_named(texts: Mapping[str, bytes]) -> Sequence[tuple[str, bytes]]:
    """The texts under plain file names, in order.

    >>> texts_named({"vendor/llhttp/LICENSE": b"MIT"})
    [('vendor-llhttp-LICENSE', b'MIT')]
    """
    return [(name.replace("/", "-"), text) for name, text in sorted(texts.items())]
