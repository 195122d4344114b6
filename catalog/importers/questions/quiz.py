"""A quiz on its way into the course: questions as some format has them become an activity of ours.

* A question that cannot be asked is left out, and the report says which and why; the others are taken.
* What the questions show lies in one flat folder beside their document; what lies on the internet, is missing or is
  of an unsafe kind is left out, and said.
* Ids of parts say nothing of what is right: they are digests, the same at each import.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from catalog.digest import sha256
from catalog.fault import ContentFault
from catalog.importers.intake import Intake, safe_name
from catalog.importers.repairs.zawgyi import converted, is_zawgyi
from catalog.importers.report import ExternalLink
from catalog.importers.written import with_formulas
from catalog.manifest import Activity, canonical
from catalog.media import TYPES, media_type
from catalog.questions.bank import (
    BANK_BYTES_MAX,
    FILE,
    MEDIA,
    PERMILLE,
    POINTS_MAX,
    QUESTIONS_MAX,
    Bank,
    Question,
    is_readable,
    why_not,
)
from catalog.questions.markup import MEDIA_TYPES, cleaned, from_text, plain

KIND = "quiz"
NAME_LETTERS_MAX = 80
TITLE_LETTERS_MAX = 200

Media = Callable[[str], "Iterable[bytes] | None"]
"""The bytes behind a source that questions name, such as `images/well.png`; None where there are none."""

SPARE_BYTES = 64 << 10
"""Between what a bank of the most questions has and what it may have: Unicode may take more than Zawgyi."""
NOTHING = "there is no question in it that can be asked."
_DATA = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(slots=True)
class Found:
    """What a format's reader found: questions as they were written, and what it could not map."""

    title: str = ""
    questions: list[Question] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    intro: str = ""
    attempts: int = 0
    is_shuffled: bool = False
    pass_permille: int = 0
    draws: dict[str, int] = field(default_factory=dict)

    def bank(self, title: str) -> Bank:
        return Bank(
            title, tuple(self.questions), self.intro, self.attempts, self.is_shuffled, self.pass_permille, self.draws
        )


def keep(found: Found, intake: Intake, name: str, title: str, media: Media, **attributes: Any) -> Activity | None:
    """Take in the quiz as the activity `name`; None, with a line in the report, where no question can be asked."""
    title = (title or found.title or "Quiz")[:TITLE_LETTERS_MAX]
    report = intake.report
    report.left_out += [f"{title}: {line}" for line in found.left_out]
    files = _Files(intake, name, title)
    bank = found.bank(title).with_markup(lambda markup: cleaned(with_formulas(markup), files.name_of))
    missing = files.take(media)
    if missing:
        bank = bank.with_markup(lambda markup: cleaned(markup, lambda one: None if one in missing else one))
    bank = _askable(bank, report.left_out)
    if not bank.questions:
        report.left_out.append(f"{title}: {NOTHING}")
        return None
    data = bank.to_bytes()
    if len(data) > BANK_BYTES_MAX:
        bank = _first_that_fit(bank)
        data = bank.to_bytes()
        report.left_out.append(
            f"{title}: only its first {len(bank.questions):,} questions are taken; all have more than "
            f"{BANK_BYTES_MAX >> 20} MiB of text."
        )
    if is_zawgyi(bank_text := data.decode()):
        data = Bank.from_bytes(converted(bank_text).encode()).to_bytes()
        report.repaired.append(f"{title}: Burmese text in Zawgyi; it is Unicode now.")
    path = f"{name}/{FILE}"
    intake.add(path, [data], role="questions", is_counted=False)
    return Activity(name, KIND, path, {intake.language: title}, {"questions": len(bank.questions), **attributes})


def nothing_asked(name: str, left_out: Sequence[str]) -> ContentFault:
    """A file of questions of which none can be asked: the first reason that was found, and how many more there are."""
    lines = [line for line in left_out if not line.endswith(NOTHING)]
    if not lines:
        return ContentFault(f"{name} has no question that can be asked.", "Look into it: it may be empty.")
    more = f" ({len(lines) - 1} more were left out)" if len(lines) > 1 else ""
    return ContentFault(
        f"{name} has no question that can be asked: {lines[0].rstrip('.')}{more}.",
        "Bring it as another format, or ask for a copy that has questions of other kinds.",
    )


def question_id(identifier: str, taken: set[str]) -> str:
    """The package's own identifier, made fit for addresses; another number where it is taken."""
    name = _NO_ID.sub("-", identifier).strip("-_")[:50]
    if not name or name != identifier:
        name = f"{name or 'q'}-{part_id('', identifier)}"[:58]
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name[:54]}-{number}"
    taken.add(found)
    return found


def part_id(question: str, identifier: str) -> str:
    """The id of an option, a pair or a gap."""
    return sha256(f"{question} {identifier}".encode())[:4].hex()


def part_ids(question: str, identifiers: Sequence[str]) -> list[str]:
    """Ids of the parts of one question, all different."""
    seen: dict[str, int] = {}
    ids = []
    for identifier in identifiers:
        seen[identifier] = seen.get(identifier, 0) + 1
        again = f" {seen[identifier]}" if seen[identifier] > 1 else ""
        ids.append(part_id(question, identifier + again))
    return ids


def thousandths(text: str, otherwise: int = PERMILLE) -> int:
    """Points, as formats write them ("1.0000000"), in thousandths."""
    try:
        value = float(text)
    except ValueError:
        return otherwise
    most = POINTS_MAX / PERMILLE
    return round(max(-most, min(most, value)) * PERMILLE) if value == value else otherwise


def percent(text: str, otherwise: int = 0) -> int:
    """A share, as formats write it ("33.33333" of a hundred), in thousandths, never more than the whole."""
    return max(-PERMILLE, min(PERMILLE, round(thousandths(text, otherwise * 100) / 100)))


def named(name: str, text: str) -> str:
    """How a report calls a question: by its name, else by its first words."""
    return (name.strip() or plain(cleaned(text, lambda _: None)))[:NAME_LETTERS_MAX] or "a question without words"


def _askable(bank: Bank, left_out: list[str]) -> Bank:
    kept: list[Question] = []
    for question in bank.questions:
        if not question.text:
            question = replace(question, text=from_text(question.name))
        why = why_not(question) or _too_long(question)
        if why:
            left_out.append(f"{bank.title}: “{named(question.name, question.text)}”: {why}.")
        elif len(kept) < QUESTIONS_MAX:
            kept.append(question)
    if len(kept) == QUESTIONS_MAX < len(bank.questions):
        left_out.append(f"{bank.title}: only its first {QUESTIONS_MAX:,} questions are taken.")
    pools = {one.pool for one in kept if one.pool}
    draws = {pool: count for pool, count in bank.draws.items() if pool in pools}
    loose = tuple(one if not one.pool or one.pool in draws else replace(one, pool="") for one in kept)
    return replace(bank, questions=loose, draws=draws)


def _first_that_fit(bank: Bank) -> Bank:
    left_bytes = BANK_BYTES_MAX - SPARE_BYTES - len(replace(bank, questions=()).to_bytes())
    count = 0
    for question in bank.questions:
        left_bytes -= len(canonical(question.document())) + 1
        if left_bytes < 0:
            break
        count += 1
    return replace(bank, questions=bank.questions[:count])


def _too_long(question: Question) -> str:
    """A question that no box would read is left out here, by name, and not found out there."""
    return "" if is_readable(question) else "it has more words than a question may have"


class _Files:
    """What the questions of one quiz show and sound."""

    def __init__(self, intake: Intake, activity: str, title: str) -> None:
        self._intake = intake
        self._activity = activity
        self._title = title
        self._names: dict[str, str] = {}
        self._refused: set[str] = set()

    def name_of(self, source: str) -> str | None:
        """The file's name in the quiz; None where it cannot be one. Nothing is read yet."""
        if source in self._names:
            return self._names[source]
        if _ELSEWHERE.match(source):
            link = ExternalLink(f"{self._activity}/{FILE}", source[:500], is_needed=True)
            if link not in self._intake.report.external_links:
                self._intake.report.external_links.append(link)
            return None
        name = self._free(_name_of(source))
        if media_type(name) not in MEDIA_TYPES:
            if source not in self._refused:
                self._refused.add(source)
                self._leave_out(name, "not a picture or sound that a question can show")
            return None
        self._names[source] = name
        return name

    def take(self, media: Media) -> set[str]:
        """Read every file that was named; returns the names of those that are not there."""
        missing = set()
        for source, name in self._names.items():
            pieces = _bytes_in(source) if source.startswith("data:") else media(source)
            if pieces is None:
                missing.add(name)
                self._leave_out(unquote(source)[:200], "a picture or sound of a question is missing")
                continue
            self._intake.add(f"{self._activity}/{MEDIA}/{name}", pieces, is_counted=False)
        return missing

    def _free(self, wanted: str) -> str:
        taken = {name.casefold() for name in self._names.values()}
        path, number, name = PurePosixPath(wanted), 1, wanted
        while name.casefold() in taken:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        return name

    def _leave_out(self, what: str, why: str) -> None:
        self._intake.report.left_out.append(f"{self._title}: {what}: {why}.")


def _name_of(source: str) -> str:
    inside = _DATA.match(source)
    if inside:
        suffix = next((one for one, kind in TYPES.items() if kind == inside[1].lower()), ".bin")
        return f"picture{suffix}"
    bare = re.split(r"[?#]", source, maxsplit=1)[0]
    name = safe_name(Path(unquote(bare).replace("\\", "/").rpartition("/")[2] or "file"))
    return re.sub(r"[#?:/\\]", "_", name)[-120:]


def _bytes_in(source: str) -> Iterator[bytes] | None:
    head = _DATA.match(source)
    if head is None:
        return None
    try:
        return iter([base64.b64decode(unquote(source[head.end() :]), validate=False)])
    except (binascii.Error, ValueError):
        return None
