"""Marking: what an answer is worth.

* Decisions only: a question and what was given in, a share in thousandths out; None where a person has to read it.
* The question is as the bank has it, not as a paper mixed it: an order is right as the bank has it.
* What was given is a list of texts: of a choice the ids of what was chosen; of a match an option's id for each pair; of
  an order the ids from first to last; of gaps what stands in each; of all else the one text.
* A number may be written as the learner's language writes it: any digits, a comma or a point, a unit behind it.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from catalog.questions.bank import PERMILLE, Accepted, Gap, Question

NUMBER_LETTERS_MAX = 60

Given = Sequence[str]

_NUMBER = re.compile(r"([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?)\s*(.*)", re.DOTALL)
_THOUSANDS = re.compile(r"(?<=\d)[\s\u00a0\u202f'’٬](?=\d{3}(?!\d))")
_GROUPED = re.compile(r"([+-]?\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*)(?!\2)[.,]\d")
"""Thousands that one mark sets apart, before the other mark: 1.234,5 as much as 1,234.5."""
_SAME = str.maketrans({"−": "-", "–": "-", "٫": ".", "،": ",", "’": "'", "‘": "'", "“": '"', "”": '"', "ـ": None})


@dataclass(frozen=True, slots=True)
class Mark:
    """What one answer is worth, and what is said to it."""

    share: int | None
    feedback: tuple[str, ...] = ()
    is_right_gap: tuple[bool, ...] = ()
    """Of each pair, place or gap, whether it is right."""

    @property
    def verdict(self) -> str:
        if self.share is None:
            return "waits"
        return "right" if self.share >= PERMILLE else "partly" if self.share > 0 else "wrong"


def mark(question: Question, given: Given) -> Mark:
    """Mark one answer. Of an answer that fits no part of the question, that part is wrong."""
    match question.kind:
        case "choice" | "truefalse":
            found = _chosen(question, given)
        case "match":
            rights = [
                one == pair.option for pair, one in zip(question.pairs, _filled(given, question.pairs), strict=True)
            ]
            found = _by_parts(question, rights)
        case "order":
            return _said(question, _ordered(question, given))
        case "essay":
            return Mark(None if is_given(given) else 0)
        case _:
            found = _written(question, given)
    return _said(question, found)


def is_given(given: Given) -> bool:
    """Tell whether anything was answered."""
    return any(one.strip() for one in given)


def total_permille(questions: Sequence[Question], shares: Mapping[str, int]) -> int:
    """The result of a whole paper; a question without a share yet counts as nothing so far."""
    points = sum(one.points for one in questions)
    reached = sum(one.points * shares.get(one.id, 0) for one in questions)
    return reached // points if points else 0


def right_answer(question: Question) -> tuple[str, ...]:
    """The best answer, as it would be given in; () where there is none to show."""
    match question.kind:
        case "choice" | "truefalse" if question.is_many:
            return tuple(one.id for one in question.options if one.share > 0)
        case "choice" | "truefalse":
            return (max(question.options, key=lambda one: one.share).id,)
        case "match":
            return tuple(one.option for one in question.pairs)
        case "order":
            return tuple(one.id for one in question.options)
        case "essay":
            return ()
        case _:
            return tuple(_best(gap) for gap in question.gaps)


def number_in(text: str, units: Mapping[str, str] = {}) -> Decimal | None:
    """The number that somebody wrote; None where it is none, or in a unit that nobody asked for.

    >>> number_in("١٬٠٠٠٫٥"), number_in("1,5 km", {"km": "0.001", "m": "1"})
    (Decimal('1000.5'), Decimal('1.5E+3'))
    """
    if len(text) > NUMBER_LETTERS_MAX:
        return None
    text = unicodedata.normalize("NFKC", _THOUSANDS.sub("", text.strip())).translate(_SAME)
    if grouped := _GROUPED.match(text):
        text = text[: grouped.end(1)].replace(grouped[2], "") + text[grouped.end(1) :]
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    unit = found[2].strip()
    try:
        value = Decimal(found[1].replace(",", "."))
        if not unit:
            return value
        return value / Decimal(units[unit]) if unit in units else None
    except (InvalidOperation, ArithmeticError):
        return None


def _said(question: Question, found: Mark) -> Mark:
    """Add what the question itself says to an answer of this worth."""
    if found.share is None:
        return found
    said = [question.feedback.get(found.verdict, ""), question.feedback.get("general", "")]
    return Mark(found.share, tuple(one for one in (*found.feedback, *said) if one), found.is_right_gap)


def _chosen(question: Question, given: Given) -> Mark:
    known = [one for one in question.options if one.id in given]
    if not question.is_many:
        known = known[:1] if len(set(given)) == 1 else []
    feedback = tuple(one.feedback for one in known)
    if question.is_whole or (question.is_many and all(one.share in (0, PERMILLE) for one in question.options)):
        right = {one.id for one in question.options if one.share > 0}
        return Mark(PERMILLE if {one.id for one in known} == right else 0, feedback)
    return Mark(_bounded(sum(one.share for one in known)), feedback)


def _ordered(question: Question, given: Given) -> Mark:
    right = [one.id for one in question.options]
    places = _filled(given, question.options)
    rights = [one == other for one, other in zip(right, places, strict=True)]
    return _by_parts(question, rights)


def _written(question: Question, given: Given) -> Mark:
    best = [_accepted(gap, text) for gap, text in zip(question.gaps, _filled(given, question.gaps), strict=True)]
    shares = [one.share if one else 0 for one in best]
    weights = [gap.weight for gap in question.gaps]
    total = sum(share * weight for share, weight in zip(shares, weights, strict=True)) // max(1, sum(weights))
    rights = tuple(share >= PERMILLE for share in shares)
    share = _bounded(total) if not question.is_whole else PERMILLE * all(rights)
    return Mark(share, tuple(one.feedback for one in best if one), rights)


def _by_parts(question: Question, rights: Sequence[bool]) -> Mark:
    share = PERMILLE * sum(rights) // max(1, len(rights))
    return Mark(share if not question.is_whole else PERMILLE * all(rights), (), tuple(rights))


def _accepted(gap: Gap, text: str) -> Accepted | None:
    """The accepted answer that this text is; the best of several."""
    if not text.strip():
        return None
    fitting = [one for one in gap.accepted if _fits(gap, one, text)]
    return max(fitting, key=lambda one: one.share, default=None)


def _fits(gap: Gap, accepted: Accepted, text: str) -> bool:
    match gap.kind:
        case "number":
            value, least = number_in(text, gap.units), number_in(accepted.answer)
            most = number_in(accepted.most) if accepted.most else least
            if accepted.answer == "*":
                return value is not None
            return value is not None and least is not None and most is not None and least <= value <= most
        case "choice":
            return text == accepted.answer
        case _:
            return _is_like(accepted.answer, text, gap.is_case_sensitive)


def _is_like(pattern: str, text: str, is_case_sensitive: bool) -> bool:
    """Compare as people do: white space, forms of one letter and typographic marks make no difference."""
    pieces = re.split(r"(?<!\\)\*", pattern)
    said = _folded(text, is_case_sensitive)
    wanted = [_folded(piece.replace("\\*", "*"), is_case_sensitive) for piece in pieces]
    if len(wanted) == 1:
        return said == wanted[0]
    first, *middle, last = wanted
    if not said.startswith(first) or len(said) < len(first) + len(last) or not said.endswith(last):
        return False
    at, end = len(first), len(said) - len(last)
    for piece in middle:
        found = said.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _folded(text: str, is_case_sensitive: bool) -> str:
    plain = " ".join(unicodedata.normalize("NFKC", text).translate(_SAME).split())
    return plain if is_case_sensitive else plain.casefold()


def _best(gap: Gap) -> str:
    best = max(gap.accepted, key=lambda one: one.share)
    if not best.most or best.most == best.answer:
        return best.answer.replace("\\*", "*")
    return f"{best.answer} – {best.most}"


def _filled(given: Given, parts: Sequence[object]) -> list[str]:
    """What was given, one for each part."""
    return [*given[: len(parts)], *[""] * (len(parts) - len(given))]


def _bounded(share: int) -> int:
    # Thirds do not add up to a thousand: who chose all that is right has it all.
    return PERMILLE if share >= PERMILLE - 5 else max(0, share)
