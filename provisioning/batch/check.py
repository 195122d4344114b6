"""The check: a box that started from a card stands on the desk, and is asked whether it became what its seed says.

* What answers is read as a stranger's: little of it, in little time, and nothing of it is printed unseen.
* Judging is apart from asking: facts and a seed in, findings out.
* A box is as it should be where nothing is found bad. What cannot be told yet is said, and fails nobody.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

import httpx

from catalog.fault import Fault, LinkFault
from catalog.manifest import is_course, parsed
from edge.birth.seed import Seed
from provisioning.batch.book import Book, Card, State
from provisioning.network.countries import as_told
from sync.clock import Clock
from sync.web.language import gettext

PATH = "/.well-known/qanat/birth"
FACTS_BYTES_MAX = 256 << 10
SECONDS_MAX = 15
COURSES_MAX = 2000

_ID = re.compile(r"[a-z2-7]{16}")
_COUNTRY = re.compile(r"[A-Z]{2}|00")
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}")


class NoBoxThere(LinkFault):
    """Nothing at this address says how it was born."""


class Colour(Enum):
    """How a finding is shown; the value is its class in the look."""

    GREEN = "good"
    RED = "bad"
    OPEN = "warn"
    """It cannot be told yet."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in a sentence."""

    colour: Colour
    sentence: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a box says of its birth."""

    box: str
    seed: str
    software: str
    wifi_country: str
    courses: tuple[str, ...]
    rotten_files: int
    is_all_read: bool
    is_token_spent: bool
    is_enrolled: bool
    is_on_own_partition: bool

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises NoBoxThere where this is nothing that a box says."""
        try:
            said: dict[str, Any] = parsed(data[: FACTS_BYTES_MAX + 1], dict)
            courses = tuple(one["course"] for one in said["courses"][:COURSES_MAX])
            texts = {name: said[name] for name in ("box", "seed", "software", "wifi_country")}
            claims = {name: said[name] for name in (
                "is_all_read", "is_token_spent", "is_enrolled", "is_on_own_partition"
            )}  # fmt: skip
            rotten_files = said["rotten_files"]
        except (Fault, KeyError, TypeError) as error:
            raise _no_box() from error
        is_whole = (
            all(isinstance(text, str) for text in texts.values())
            and all(isinstance(claim, bool) for claim in claims.values())
            and all(isinstance(course, str) and is_course(course) for course in courses)
            and isinstance(rotten_files, int)
        )
        if not is_whole or not _ID.fullmatch(texts["box"]) or not _VERSION.fullmatch(texts["software"]):
            raise _no_box()
        if (texts["seed"] and not _ID.fullmatch(texts["seed"])) or (
            texts["wifi_country"] and not _COUNTRY.fullmatch(texts["wifi_country"])
        ):
            raise _no_box()
        return cls(courses=courses, rotten_files=rotten_files, **texts, **claims)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check: the card, where it is one of the batch, and what was found."""

    card: Card | None
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        return all(one.colour is not Colour.RED for one in self.findings)


def ask(address: str, client: httpx.Client, clock: Clock) -> Facts:
    """Ask the box at this address. Raises NoBoxThere."""
    until = clock.now().monotonic_seconds + SECONDS_MAX
    try:
        plain = {"Accept-Encoding": "identity"}
        with client.stream("GET", address.rstrip("/") + PATH, headers=plain, timeout=SECONDS_MAX) as answer:
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                raise NoBoxThere("A box is there, and cannot work: its page says why.", f"Open {address} in a browser.")
            if answer.status_code != httpx.codes.OK:
                raise _no_box()
            data = b""
            for piece in answer.iter_raw():
                data += piece
                if len(data) > FACTS_BYTES_MAX or clock.now().monotonic_seconds > until:
                    raise _no_box()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NoBoxThere(
            f"Nobody answers at {address}.", "Look whether the cable is in, and whether the box has started."
        ) from error
    return Facts.from_bytes(data)


def check(book: Book, facts: Facts, courses: Collection[str] = ()) -> Checked:
    """Compare a box with the card that it came from, and note it in the book. `courses`: what it should have."""
    cards = book.cards()
    card = next((one for one in cards if one.seed_id == facts.seed), None)
    if card is None:
        return Checked(None, (Finding(Colour.RED, _stranger(facts)),))
    findings = [_identity(card, facts, cards), *judge(book.seed(card.number), facts, courses)]
    checked = Checked(card, tuple(findings))
    if checked.is_well:
        book.note_checked(card.number, facts.box)
    else:
        book.note_failed(card.number, " ".join(one.sentence for one in findings if one.colour is Colour.RED))
    return checked


def judge(seed: Seed, facts: Facts, courses: Collection[str]) -> list[Finding]:
    """What is as the seed says, and what is not."""
    findings = [_ground(facts), *_shelf(facts, courses), _token(facts)]
    return findings if seed.wifi is None else [*findings, _country(seed.wifi.country, facts)]


def _identity(card: Card, facts: Facts, cards: Sequence[Card]) -> Finding:
    twin = next(
        (one for one in cards if one.box == facts.box and one.number != card.number and one.state is State.CHECKED),
        None,
    )
    if twin is not None:
        return Finding(Colour.RED, gettext(
            "It is the same box as card %(number)s: one was copied from the other. Burn this card again.",
            number=twin.number,
        ))  # fmt: skip
    return Finding(
        Colour.GREEN, gettext("It is %(name)s, and its own box: %(box)s.", name=card.short_name, box=facts.box)
    )


def _ground(facts: Facts) -> Finding:
    if facts.is_on_own_partition:
        return Finding(Colour.GREEN, gettext("What learners do is kept on its own partition."))
    return Finding(Colour.RED, gettext("It has no partition of its own to keep things on. Burn this card again."))


def _shelf(facts: Facts, courses: Collection[str]) -> list[Finding]:
    missing = sorted(set(courses) - set(facts.courses))
    findings = []
    if missing:
        words = gettext("These courses are missing: %(courses)s.", courses=", ".join(missing))
        findings.append(Finding(Colour.RED, words))
    if facts.rotten_files:
        words = gettext("Files that cannot be read as they were: %(num)s. The card may be failing.",
                        num=facts.rotten_files)  # fmt: skip
        return [*findings, Finding(Colour.RED, words)]
    if not facts.courses:
        return findings or [Finding(Colour.OPEN, gettext("No course is on its shelf yet."))]
    if not facts.is_all_read:
        words = gettext("Courses on its shelf: %(num)s. It has not read all of them again yet.", num=len(facts.courses))
        return [*findings, Finding(Colour.OPEN, words)]
    words = gettext("Courses on its shelf: %(num)s, and every file is as it should be.", num=len(facts.courses))
    return [*findings, Finding(Colour.GREEN, words)]


def _token(facts: Facts) -> Finding:
    if facts.is_enrolled and facts.is_token_spent:
        return Finding(Colour.GREEN, gettext("Its hub knows it, and its token is erased."))
    if facts.is_enrolled:
        return Finding(Colour.OPEN, gettext("Its hub knows it; its token is not erased yet."))
    if facts.is_token_spent:
        return Finding(
            Colour.RED, gettext("No hub knows it, and it has no token. Burn this card again with a new seed.")
        )
    return Finding(Colour.OPEN, gettext("No hub knows it yet: it sees to that by itself once it has a way out."))


def _country(country: str, facts: Facts) -> Finding:
    wanted = as_told(country)
    if facts.wifi_country == wanted:
        return Finding(Colour.GREEN, gettext("Its radio goes by the rules of %(country)s.", country=country))
    if not facts.wifi_country:
        return Finding(Colour.OPEN, gettext("It does not say by which country's rules its radio goes."))
    return Finding(Colour.RED, gettext(
        "Its radio goes by the rules of %(found)s, not of %(wanted)s.", found=facts.wifi_country, wanted=wanted
    ))  # fmt: skip


def _stranger(facts: Facts) -> str:
    if not facts.seed:
        return gettext("This box came from no seed. Look whether its card was burned here.")
    return gettext("This box came from a card of another batch: %(seed)s.", seed=facts.seed)


def _no_box() -> NoBoxThere:
    return NoBoxThere(
        "What answers there is no box that says how it was born.",
        "Look at the address: the box shows its own on its screen.",
    )
