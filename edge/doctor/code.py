"""The code of a box's health: twelve letters, to be read out on the phone.

* It says which checks stand, how full the disk is and when the last session went well. Nothing of anybody.
* Letters that look and sound like nothing else, in groups of four. Two of them check the others (Reed-Solomon over
  sixteen letters): one letter that was misheard is always noticed, and its group is named; so is a pair that changed
  places, without its group. It is never mended silently: two wrong letters can look like another one.
* Codes of healthy boxes would be one letter over and over: a fixed pattern laid over it keeps them speakable.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from catalog.fault import CallerFault
from edge.people.codes import typed_code
from sync.web.challenge.sheet import LETTERS

VERSION = 1
VERSION_BITS = 2
CHECKS_MAX = 32
STEP_BITS = 3
STEPS = 1 << STEP_BITS

MEGABYTE_BYTES = 1_000_000
ROOM_STEPS_BYTES = tuple(MEGABYTE_BYTES * one for one in (100, 500, 1_000, 2_000, 5_000, 10_000, 50_000))
"""Where the next step of free room begins: step 0 is less than the first."""
DAY_STEPS = (1, 3, 7, 14, 30, 90)
"""Days since a session went well: step 1 is less than the first; step 0 is never, or not known."""
NEVER = 0

GROUP_LETTERS = 4
LETTERS_ALL = 12
LETTERS_CHECKING = 2
LETTERS_SAYING = LETTERS_ALL - LETTERS_CHECKING
LETTER_BITS = 4
PATTERN = 0x5A_C3_96_E1_7B
"""Laid over the forty bits."""

_FIELD_POLYNOMIAL = 0b1_0011
_FIELD_ORDER = 15


class CodeMisheard(CallerFault):
    """The code is not as a box says it: a letter was misheard, or is missing."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a code says."""

    checks: frozenset[int]
    """The numbers of the checks that stand (`edge.doctor.checks.Check`)."""
    room_step: int
    days_step: int


def room_step(free_bytes: int) -> int:
    """How much room is left, from 0 (hardly any) to 7."""
    return sum(free_bytes >= bound for bound in ROOM_STEPS_BYTES)


def days_step(days: int | None) -> int:
    """How long ago a session went well, from 1 (today) to 7; 0: never, or not known."""
    return NEVER if days is None else 1 + sum(days >= bound for bound in DAY_STEPS)


def code_of(checks: Collection[int], room: int, days: int) -> str:
    """The code, such as KMTR-DXWP-CFGH."""
    assert all(0 <= one < CHECKS_MAX for one in checks), "checks are numbered within the code"
    assert {room, days} <= set(range(STEPS)), "steps are small numbers"
    bits = VERSION << CHECKS_MAX | sum(1 << one for one in set(checks))
    bits = (bits << STEP_BITS | room) << STEP_BITS | days
    return _grouped(_checked(_letters(bits ^ PATTERN)))


def read(text: str) -> Said:
    """What was read out. Raises CodeMisheard."""
    letters = typed_code(text)
    if len(letters) != LETTERS_ALL:
        raise CodeMisheard(
            f"The code has {LETTERS_ALL} letters in three groups; these are {len(letters)}.",
            "Let it be read out again, group by group.",
        )
    for place, letter in enumerate(letters):
        if letter not in LETTERS:
            raise _misheard(place, f"{letter} is never in such a code")
    numbers = [LETTERS.index(letter) for letter in letters]
    _demand_unharmed(numbers)
    bits = 0
    for number in numbers[:LETTERS_SAYING]:
        bits = bits << LETTER_BITS | number
    bits ^= PATTERN
    days, bits = bits % STEPS, bits >> STEP_BITS
    room, bits = bits % STEPS, bits >> STEP_BITS
    if bits >> CHECKS_MAX != VERSION:
        raise CodeMisheard(
            "The code is of another form than this Qanat knows.", "Explain it with a newer Qanat, then read it again."
        )
    return Said(frozenset(one for one in range(CHECKS_MAX) if bits >> one & 1), room, days)


def _letters(bits: int) -> list[int]:
    return [bits >> LETTER_BITS * (LETTERS_SAYING - 1 - place) & 0b1111 for place in range(LETTERS_SAYING)]


def _grouped(numbers: Sequence[int]) -> str:
    text = "".join(LETTERS[number] for number in numbers)
    return "-".join(text[start : start + GROUP_LETTERS] for start in range(0, LETTERS_ALL, GROUP_LETTERS))


# ---- the two letters that check the others -----------------------------------------------------------------------


def _powers() -> list[int]:
    found = [1]
    while len(found) < _FIELD_ORDER:
        doubled = found[-1] << 1
        found.append(doubled ^ _FIELD_POLYNOMIAL if doubled >> LETTER_BITS else doubled)
    return found


_POWERS = _powers()
_LOGS = {power: exponent for exponent, power in enumerate(_POWERS)}


def _product(one: int, other: int) -> int:
    return _POWERS[(_LOGS[one] + _LOGS[other]) % _FIELD_ORDER] if one and other else 0


def _quotient(one: int, other: int) -> int:
    return _POWERS[(_LOGS[one] - _LOGS[other]) % _FIELD_ORDER] if one else 0


def _sums(numbers: Sequence[int]) -> tuple[int, int]:
    """The sum of the letters, and their sum with each weighed by its place: both are 0 in a code as it was said."""
    plain = weighed = 0
    for place, number in enumerate(numbers):
        plain ^= number
        weighed ^= _product(number, _POWERS[place])
    return plain, weighed


def _checked(numbers: Sequence[int]) -> list[int]:
    """These letters, and behind them the two that make both sums 0."""
    plain, weighed = _sums(numbers)
    before_last, last = _POWERS[LETTERS_SAYING], _POWERS[LETTERS_SAYING + 1]
    second = _quotient(weighed ^ _product(plain, before_last), before_last ^ last)
    return [*numbers, plain ^ second, second]


def _demand_unharmed(numbers: Sequence[int]) -> None:
    """Raises CodeMisheard."""
    plain, weighed = _sums(numbers)
    if not plain and not weighed:
        return
    place = (_LOGS[weighed] - _LOGS[plain]) % _FIELD_ORDER if plain and weighed else LETTERS_ALL
    if place >= LETTERS_ALL:
        raise CodeMisheard(
            "More than one letter of the code was misheard, or two changed places.",
            "Let all three groups be read out again.",
        )
    raise _misheard(place, "one of its letters does not fit the others")


def _misheard(place: int, why: str) -> CodeMisheard:
    group = place // GROUP_LETTERS + 1
    return CodeMisheard(
        f"Group {group} of the code seems to be misheard: {why}.",
        f"Let group {group} be read out again, letter by letter; if it stays so, the whole code.",
    )
