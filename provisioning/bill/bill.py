"""The bills of box and hub, and every licence's text beside them.

* A bill names everything that its lock installs, every script that our pages bundle and every vendored player; nothing
  is left out by hand.
* It is made whole or not at all: an unknown licence, a missing text or a package of another version stops it.
"""

import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

from catalog.durable import write_file
from provisioning.bill.cyclonedx import bill
from provisioning.bill.licences import Terms, demand_allowed, terms_of, texts_named
from provisioning.bill.parts import Part, parts_of_extra, player_parts, python_parts, script_parts

BILLS = {"qanat-box": ("box", "box", ()), "qanat-hub": ("hub", "postgres", ("parquet", "tls", "desk"))}
"""Each product's lock, the lock that has also what is installed only when it is asked for, and extras that have no lock
of their own: the lock of everything pins them."""
WHOLE_LOCK = "dev"
VENDOR = Path("sync/web/challenge/vendor")
PLAYERS = Path("edge/library/vendor")
TEXTS = "licences"


def make(root: Path, to: Path) -> list[Path]:
    """Write the bills and the texts of the checkout `root` into the folder `to`; returns the bills.

    Raises CallerFault, DiskFull or BoxFault.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    version, own = project["version"], (root / "LICENSE").read_bytes()
    everything = python_parts((root / "lock" / f"{WHOLE_LOCK}.txt").read_text())
    scripts = script_parts((root / VENDOR / "package-lock.json").read_text())
    banner = (root / VENDOR / "banner.txt").read_bytes()
    terms: dict[Part, Terms] = {part: Terms(part.licence, {"LICENSE": banner}) for part in scripts}
    for part in player_parts((root / PLAYERS / "lock.json").read_text()):
        terms[part] = Terms(part.licence, {"LICENSE": (root / PLAYERS / part.name / "LICENSE").read_bytes()})
        scripts.append(part)
    made: dict[str, bytes] = {}
    for product, (lock, whole_lock, extras) in BILLS.items():
        usual = python_parts((root / "lock" / f"{lock}.txt").read_text())
        whole = python_parts((root / "lock" / f"{whole_lock}.txt").read_text())
        for extra in extras:
            whole += parts_of_extra(project["optional-dependencies"][extra], everything, whole)
        terms |= {part: terms_of(part, own) for part in whole if part not in terms}
        for part in (*whole, *scripts):
            demand_allowed(part, terms[part].expression)
        licences = {part: terms[part].expression for part in (*whole, *scripts)}
        optional = frozenset(part.name for part in whole) - {part.name for part in usual}
        made[f"{product}.cdx.json"] = bill(product, version, [*whole, *scripts], licences, optional)
    _write_texts(to / TEXTS, terms, own)
    for name, data in made.items():
        write_file(to / name, data)
    return [to / name for name in made]


def _write_texts(folder: Path, terms: Mapping[Part, Terms], own: bytes) -> None:
    """Every text under the name of its part, as those who hand the software on have to. In one folder, which holds
    nothing else: a wheel takes along whatever is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_file(folder / "qanat-LICENSE", own)
    for part, its in terms.items():
        of = f"{part.name.replace('/', '-').removeprefix('@')}-{part.version}"
        for name, text in texts_named(its.texts):
            write_file(folder / f"{of}-{name}", text)
