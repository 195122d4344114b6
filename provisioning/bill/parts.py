"""Parts: what others made and we ship, as the locks name it.

* What is counted is what is pinned: the Python packages of `lock/*.txt`, the scripts of a `package-lock.json`, the
  players of their `lock.json`.
* Each part bears the hashes that its installation demands, and says which parts it needs itself.
* What only builds the scripts (esbuild) is not shipped, and no part.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog.fault import CallerFault

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_SINGLE_VIA = re.compile(r"^    # via (?P<name>\S+)")
_ONE_OF_MANY_VIA = re.compile(r"^    #   (?P<name>[A-Za-z0-9._-]+)$")
_MODULES = "node_modules/"


@dataclass(frozen=True, slots=True)
class Part:
    """One package of somebody else's at one version."""

    kind: str
    """Where it comes from, as package URLs say it: `pypi` or `npm`."""
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    """Algorithm and hexadecimal value, of every file by which it may be installed."""
    wanted_by: tuple[str, ...] = ()
    """The parts that need it; none where we ask for it ourselves."""
    licence: str = ""
    """What the lock itself says of its licence; Python's locks say nothing."""

    @property
    def purl(self) -> str:
        """Its package URL, by which scanners know it (https://github.com/package-url/purl-spec).

        >>> Part("npm", "@stablelib/hash", "2.0.1", ()).purl
        'pkg:npm/%40stablelib/hash@2.0.1'
        """
        return f"pkg:{self.kind}/{self.name.replace('@', '%40')}@{self.version}"


def python_parts(lock: str) -> list[Part]:
    """The packages that pip-compile pinned in the text `lock`. Raises CallerFault where one has no hash."""
    return [_python_part(block) for block in _blocks(lock)]


def parts_of_extra(asked: Sequence[str], everything: Sequence[Part], there: Sequence[Part]) -> list[Part]:
    """What the requirements of an extra bring beside what is `there`, out of a lock of everything."""
    names = {found[0] for one in asked if (found := _NAME.match(one))}
    while more := {part.name for part in everything if names & set(part.wanted_by)} - names:
        names |= more
    known = {part.name for part in there}
    return [part for part in everything if part.name in names - known]


def script_parts(package_lock: str) -> list[Part]:
    """The packages whose code is in our bundled scripts, by npm's lock. Raises CallerFault."""
    try:
        packages = json.loads(package_lock)["packages"]
        shipped = {
            path.removeprefix(_MODULES): said
            for path, said in packages.items()
            if path.startswith(_MODULES) and not said.get("dev", False)
        }
        return [
            Part(
                "npm",
                name,
                said["version"],
                (_integrity(said["integrity"]),),
                tuple(sorted(other for other, its in shipped.items() if name in its.get("dependencies", {}))),
                said.get("license", ""),
            )
            for name, said in sorted(shipped.items())
        ]
    except (ValueError, KeyError, AttributeError) as error:
        raise CallerFault(
            "The lock of the bundled scripts cannot be read.", "Make it anew with npm install."
        ) from error


def player_parts(lock: str) -> list[Part]:
    """The vendored players, by their lock (`edge/library/vendor/lock.json`)."""
    return [
        Part("npm", name, one["version"], (_integrity(one["integrity"]),), (), one["licence"])
        for name, one in sorted(json.loads(lock).items())
    ]


def _blocks(lock: str) -> Iterator[list[str]]:
    """The lines of one package each: the pinned line and what is indented below it."""
    block: list[str] = []
    for line in lock.splitlines():
        if _PINNED.match(line):
            if block:
                yield block
            block = [line]
        elif block and line.startswith(" "):
            block.append(line)
    if block:
        yield block


def _python_part(block: list[str]) -> Part:
    pinned = _PINNED.match(block[0])
    assert pinned is not None, "a block begins with its pinned line"
    hashes = tuple(("SHA-256", value) for value in _HASH.findall("\n".join(block)))
    if not hashes:
        raise CallerFault(f"The lock has no hash for {pinned['name']}.", "Make the lock anew: make lock.")
    via = [found["name"] for line in block if (found := _SINGLE_VIA.match(line) or _ONE_OF_MANY_VIA.match(line))]
    return Part("pypi", pinned["name"], pinned["version"], hashes, tuple(name for name in via if name != "qanat"))


def _integrity(text: str) -> tuple[str, str]:
    """npm's `sha512-<base64>` as an algorithm and a hexadecimal value."""
    algorithm, _, value = text.partition("-")
    return algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(value).hex()
