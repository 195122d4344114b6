"""The report for the hub's staff: how the box is and what its programs said, in one sealed file without names.

* What goes in is listed here, field by field: the doctor's findings and the machine, versions, the last nights, and
  what our own services wrote. Never people, classes, answers, codes, passwords, or the name of the place.
* What services wrote is free text: every name, number and code that this box knows is taken out of it, and whatever
  looks like a token, a code, a password or an address with one. A name that the box has forgotten it cannot know.
* It is sealed (age) for the hub alone, or for a key that is named: whoever carries it reads nothing.
* It is bounded: so many lines of each service, and so many bytes in all.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import machine, python_version, release
from typing import TYPE_CHECKING, Any, BinaryIO

from catalog.fault import CallerFault
from edge.birth.seed import FILE as SEED_NAME
from edge.birth.seed import SEED_BYTES_MAX, Seed
from edge.doctor import facts
from edge.doctor.machine import Run, run_program
from edge.doctor.works import document
from edge.people.codes import name_key
from sync.carry import sealed
from sync.keys import PublicKey

if TYPE_CHECKING:
    from edge.box import Box

UNITS = ("qanat-*.service", "nginx.service", "NetworkManager.service", "chrony.service", "systemd-fsck@*.service")
LINES_MAX = 4000
"""Of the journal of the machine, the newest."""
LOG_BYTES_MAX = 2 << 20
NIGHTS = 60
SEED_FILE = Path("/boot/firmware") / SEED_NAME
TAKEN_OUT = "[taken out]"
WORD_LETTERS_MIN = 3
"""Shorter parts of names are no names by themselves, and are everywhere."""
LIBRARIES = ("qanat", "flask", "httpx", "cryptography", "pyrage", "zstandard", "sqlite-utils", "apscheduler")

WORDS = re.compile(r"\w+(?:[-']\w+)*")
LOOKS_SECRET = re.compile(
    r"""
      (?P<url> (?<=://) [^\s/@]+ (?=@) )
    | (?P<query> (?<=\?) [^\s"']+ )
    | (?P<token> \b (?:[a-z2-7]{5}[-\ ]?){7}[a-z2-7]{5} \b )
    | (?P<code> \b [CDFGHJKMNPRTVWXY]{5}-[CDFGHJKMNPRTVWXY]{5} \b )
    | (?P<age> AGE-SECRET-KEY-\S+ )
    | (?P<named> (?<![A-Za-z]) (?:password|passphrase|psk|secret|token|pin|pass) ["']? \s*[=:]\s* \S[^\r\n]* )
    | (?P<mail> [\w.+-]+@[\w-]+\.[\w.]+ )
    | (?P<mac> \b (?:[0-9a-f]{2}:){5}[0-9a-f]{2} \b )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What looks like something that opens or names something, wherever it stands."""


def write(
    box: "Box", target: BinaryIO, recipient: str = "", run: Run = run_program, seed_file: Path = SEED_FILE
) -> None:
    """Write the report to `target`, sealed for the hub of this box, or for `recipient` (age1... or ssh-...).

    Raises CallerFault where it could be sealed for nobody.
    """
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts(box, run, seed_file):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    plain.seek(0)
    if recipient:
        # Loaded when somebody names a key.
        from edge.keeping import sealing

        sealing.seal(plain, target, sealing.Lock((recipient,)))
        return
    hub = box.hub
    if hub is None:
        raise CallerFault(
            "A report is sealed for the hub, and this box has none yet.",
            "Name the public key of whoever is to read it with --recipient.",
        )
    sealed.seal(plain, target, PublicKey(hub.hub_key))


def parts(box: "Box", run: Run = run_program, seed_file: Path = SEED_FILE) -> Iterator[tuple[str, bytes]]:
    """The report before it is sealed, file by file."""
    clean = cleaner(box, seed_file)
    found = facts.read(box)
    yield "doctor.json", _json({**document(found), **_sessions(box)}, clean)
    yield "nights.json", _json([_night(night) for night in box.nights.last(NIGHTS)], clean)
    yield "versions.json", _json(_versions(), clean)
    yield "services.txt", _said_by_services(run, clean)


def cleaner(box: "Box", seed_file: Path = SEED_FILE) -> Callable[[str], str]:
    """Takes out of a text whatever this box knows of anybody, and whatever looks like a secret."""
    words, secrets = _words_about_people(box), _secrets(seed_file)

    def named(found: re.Match[str]) -> str:
        whole = found[0]
        return TAKEN_OUT if any(name_key(one) in words for one in (whole, *re.split("[-']", whole))) else whole

    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, TAKEN_OUT)
        return WORDS.sub(named, LOOKS_SECRET.sub(TAKEN_OUT, text))

    return clean


def _words_about_people(box: "Box") -> set[str]:
    """The words of names, numbers and codes of this box, as they are compared."""
    people, hub = box.people, box.hub
    texts = [box.config.name, hub.campus_name if hub else ""]
    texts += [one.name for one in people.teachers()]
    for classroom in people.classrooms():
        texts += [classroom.name, classroom.code]
        for learner in people.learners(classroom.id):
            texts += [learner.name, learner.student_number or ""]
    words = {name_key(word) for text in texts for word in (*text.split(), *WORDS.findall(text))}
    return {word for word in words if len(word) >= WORD_LETTERS_MIN}


def _secrets(seed_file: Path) -> list[str]:
    """What the card's seed says that nobody else is to read."""
    try:
        seed = Seed.from_bytes(seed_file.read_bytes()[:SEED_BYTES_MAX])
    except (OSError, CallerFault):
        return []
    wifi = [seed.wifi.password] if seed.wifi else []
    return [one for one in (*wifi, *seed.join.values(), seed.token, seed.staff_code) if one]


def _sessions(box: "Box") -> dict[str, Any]:
    config = box.config
    return {
        "next_start_seconds": box.nightly.next_start_seconds(),
        "window": config.window,
        "layers": list(config.layers),
        "is_behind_nginx": bool(config.accel),
        "has_proxy": bool(config.proxy),
        "courses": [[course, root] for course, root, _ in box.shelf.holdings()],
        "made_seconds": box.clock.now().wall_seconds,
    }


def _night(night: Any) -> dict[str, Any]:
    return {
        name: getattr(night, name)
        for name in (
            "started_seconds", "lanes", "outcome", "sentence", "hint", "bytes_down", "bytes_up", "requests",
            "events_up", "duration_ms",
        )
    }  # fmt: skip


def _versions() -> dict[str, str]:
    found = {"python": python_version(), "kernel": release(), "machine": machine()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "?"
    return found


def _said_by_services(run: Run, clean: Callable[[str], str]) -> bytes:
    words = ["journalctl", "--no-pager", "--quiet", "-o", "short-iso", "--no-hostname", "-n", str(LINES_MAX)]
    said = run([*words, *(f"--unit={unit}" for unit in UNITS)])
    if said is None:
        return b"not seen here\n"
    lines = (clean(line) for line in said.splitlines())
    return "\n".join(_newest(list(lines), LOG_BYTES_MAX)).encode() + b"\n"


def _newest(lines: Sequence[str], bytes_max: int) -> Iterable[str]:
    """As many of the last lines as fit."""
    kept: list[str] = []
    for line in reversed(lines):
        bytes_max -= len(line.encode()) + 1
        if bytes_max < 0:
            break
        kept.append(line)
    return reversed(kept)


def _json(value: Any, clean: Callable[[str], str]) -> bytes:
    return json.dumps(_cleaned(value, clean), ensure_ascii=False, indent=1).encode() + b"\n"


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    match value:
        case str():
            return clean(value)
        case dict():
            return {name: _cleaned(one, clean) for name, one in value.items()}
        case list() | tuple():
            return [_cleaned(one, clean) for one in value]
        case _:
            return value
