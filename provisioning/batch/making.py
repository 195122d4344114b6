"""Making a batch: one seed for each card, no two with a secret in common.

* Tokens come from a hub on this machine, or in a file that it signed; the file is kept until every seed lies, so that a
  making that was cut goes on with the same tokens, and none is given to two cards.
* The same command again makes no second batch over the first.
* What a box is to say of itself is judged by the box's own rules before anything is written.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog import durable
from catalog.fault import CallerFault
from edge.birth.seed import CHANNELS, NUMBER_MAX, Seed, SeedRefused, Wifi
from edge.people import codes
from provisioning.batch.book import FILE, FILE_MODE, Batch, Book, Card, keep_seed, locked, make_private, read_seed
from provisioning.network.countries import country
from sync.clock import Clock
from sync.token_batch import TokenBatch
from sync.web.challenge.sheet import draw_letters

TOKENS_FILE = "tokens.qanat-batch"
"""Where the tokens lie while seeds are made; gone once the book is there."""
WIFI_NAME_BYTES_MAX = 32
PASSWORD_GROUPS = 3
PASSWORD_GROUP_LETTERS = 4
"""Twelve letters of sixteen: 48 bits, years for whoever records one sign-in; short enough to type on a phone."""
NAMELESS = "Qanat"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the boxes of a batch are to be, beside what their tokens say."""

    country: str
    language: str = ""
    timezone: str = ""
    hub: str = ""
    """Address of the hub, in the place of the one in the file of tokens."""
    first: int = 1
    """The number of the first card: batches of one campus go on where the last one ended."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_world_rules: bool = False


_JOINING = 9
"""Signs that join a letter to the next one (virama, coeng): nothing ends in one."""

Tokens = Callable[[], bytes]
"""Gets a batch of tokens as its hub signed it: asked once, and only when there is no batch yet."""


def make(
    folder: Path, get_tokens: Tokens, wishes: Wishes, clock: Clock, random_bytes: Callable[[int], bytes]
) -> tuple[Book, bool]:
    """Make a batch in this folder, or go on with one that was cut. Returns its book, and whether it was made now.

    Raises CallerFault where a wish cannot be, BatchRefused, DiskFull, BoxFault.
    """
    code = country(wishes.country, by_world_rules=wishes.by_world_rules)
    make_private(folder)
    with locked(folder):
        if (folder / FILE).exists():
            return Book.open(folder, clock), False
        tokens = _tokens(folder, get_tokens)
        batch = _batch(tokens, wishes, clock.now().wall_seconds)
        seeds = [_seed(folder, batch, tokens, place, code, wishes, random_bytes) for place in range(len(tokens.tokens))]
        for seed in seeds:
            keep_seed(folder, seed)
        cards = [Card(seed.number, seed.id, str(seed.settings["name"])) for seed in seeds]
        book = Book.begin(folder, batch, cards, clock)
        (folder / TOKENS_FILE).unlink(missing_ok=True)
    return book, True


def _tokens(folder: Path, get: Tokens) -> TokenBatch:
    path = folder / TOKENS_FILE
    if not path.exists():
        data = get()
        TokenBatch.from_bytes(data)
        durable.write_file(path, data, FILE_MODE)
    return TokenBatch.from_bytes(path.read_bytes())


def _batch(tokens: TokenBatch, wishes: Wishes, now_seconds: int) -> Batch:
    hub = wishes.hub or tokens.hub
    if not hub:
        raise CallerFault("These tokens do not say where their hub is.", "Give its address with --hub.")
    if tokens.expires_seconds <= now_seconds:
        raise CallerFault("These tokens have run out: the hub takes none of them any more.", "Ask for a new batch.")
    last = wishes.first + len(tokens.tokens) - 1
    if not 1 <= wishes.first <= last <= NUMBER_MAX:
        raise CallerFault(f"The cards would be numbered {wishes.first} to {last}.", f"1 to {NUMBER_MAX} can be.")
    return Batch(tokens.id, tokens.campus, tokens.campus_name, hub, now_seconds, tokens.expires_seconds)


def _seed(
    folder: Path, batch: Batch, tokens: TokenBatch, place: int, code: str, wishes: Wishes,
    random_bytes: Callable[[int], bytes],
) -> Seed:  # fmt: skip
    """The seed of one card: the one that lies there already, where it has this very token, or a new one."""
    number, token = wishes.first + place, str(tokens.tokens[place])
    try:
        before = read_seed(folder, number)
    except CallerFault:
        before = None
    if before is not None and before.token == token:
        return before
    name = short_name(batch.campus_name, number, wishes.first + len(tokens.tokens) - 1)
    own = {"language": wishes.language, "timezone": wishes.timezone, "name": name}
    settings = {**wishes.settings, **{key: value for key, value in own.items() if value}}
    try:
        return Seed(
            id=codes.new_id(random_bytes),
            batch=batch.id,
            number=number,
            campus_name=batch.campus_name,
            hub=batch.hub,
            token=token,
            staff_code=codes.new_staff_code(random_bytes),
            wifi=Wifi(name, wifi_password(random_bytes), code, CHANNELS[(number - 1) % len(CHANNELS)]),
            settings=settings,
            made_seconds=batch.made_seconds,
        )
    except SeedRefused:
        raise
    except CallerFault as fault:
        raise CallerFault(f"No box can be so: {fault.sentence}", fault.hint) from fault


def short_name(campus_name: str, number: int, last: int) -> str:
    """What a box is called, and its Wi-Fi: the campus, as far as a Wi-Fi's name has room for it, and the number.

    >>> short_name("Hill school", 7, 30), short_name("م" * 20, 7, 30)
    ('Hill school 07', 'مممممممممممممم 07')
    """
    end = f" {number:0{max(2, len(str(last)))}}"
    kept = " ".join("".join(letter for letter in campus_name if letter.isprintable()).split()) or NAMELESS
    while len((kept + end).encode()) > WIFI_NAME_BYTES_MAX:
        kept = kept[:-1]
    while kept and unicodedata.combining(kept[-1]) == _JOINING:
        kept = kept[:-1]
    return kept.rstrip() + end


def wifi_password(random_bytes: Callable[[int], bytes]) -> str:
    """Draw a password that can be read out and typed: kmtr-dxwp-cfgh."""
    groups = [draw_letters(random_bytes, PASSWORD_GROUP_LETTERS).lower() for _ in range(PASSWORD_GROUPS)]
    return "-".join(groups)
