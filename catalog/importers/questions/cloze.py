"""Moodle's gaps: `{2:SHORTANSWER:=Berlin#well done~%50%Bonn}` inside a question's words."""

import html
import re
from collections.abc import Iterator, Sequence

from catalog.importers.questions.numbers import accepted_number
from catalog.importers.questions.quiz import percent
from catalog.questions.bank import PERMILLE, Accepted, Gap
from catalog.questions.markup import cleaned, plain
from catalog.questions.reading import TEXT_LETTERS_MAX

_GAP = re.compile(r"\{(\d{0,3}):([A-Z_]{2,20}):((?:\\.|[^\\}]){0,2000})\}", re.DOTALL)
_PARTS = re.compile(r"(?<!\\)~")
_FEEDBACK = re.compile(r"(?<!\\)#")
_SHARE = re.compile(r"%(-?\d{1,3}(?:\.\d{1,5})?)%")
_ESCAPED = re.compile(r"\\([}~#\"/\\=%])")

_TEXT = {"SHORTANSWER", "SA", "MW"}
_CASE = {"SHORTANSWER_C", "SAC", "MWC"}
_NUMBER = {"NUMERICAL", "NM"}
_CHOICE = ("MULTICHOICE", "MC")


def read_cloze(text: str) -> tuple[str, list[Gap], list[str]]:
    """The words with [[1]], [[2]] ... in place of the gaps, the gaps, and the kinds that we cannot ask."""
    gaps: list[Gap] = []
    unknown: list[str] = []
    if len(text) > TEXT_LETTERS_MAX:
        return text, gaps, ["that is too long"]

    def gap(found: re.Match[str]) -> str:
        weight, kind, body = found[1], found[2], found[3]
        made = _gap(str(len(gaps) + 1), kind, body, int(weight or 1))
        if made is None:
            unknown.append(kind)
            return ""
        gaps.append(made)
        return f"[[{made.id}]]"

    return _GAP.sub(gap, text.replace("[[", "[ [")), gaps, unknown


def _gap(name: str, kind: str, body: str, weight: int) -> Gap | None:
    answers = list(_answers(html.unescape(body)))
    if kind in _TEXT or kind in _CASE:
        accepted = tuple(Accepted(words, share=share, feedback=said) for words, share, said in answers)
        return Gap(name, "text", accepted, weight=weight, is_case_sensitive=kind in _CASE)
    if kind in _NUMBER:
        numbers = [accepted_number(*words.partition(":")[::2], share, said) for words, share, said in answers]
        return Gap(name, "number", tuple(one for one in numbers if one), weight=weight)
    if kind.startswith(_CHOICE):
        told = [one for one in answers if one[1] > 0 or one[2]]
        accepted = tuple(Accepted(words, share=max(0, share), feedback=said) for words, share, said in told)
        return Gap(name, "choice", accepted, _distinct([words for words, _, _ in answers]), weight)
    return None


def _answers(body: str) -> Iterator[tuple[str, int, str]]:
    for part in _PARTS.split(body):
        words, _, feedback = _halves(part)
        share = 0
        if words.startswith("="):
            words, share = words[1:], PERMILLE
        elif worth := _SHARE.match(words):
            words, share = words[worth.end() :], percent(worth[1])
        said = _ESCAPED.sub(r"\1", words)
        yield plain(cleaned(said, lambda _: None)), share, _ESCAPED.sub(r"\1", feedback)


def _halves(part: str) -> tuple[str, str, str]:
    cut = _FEEDBACK.search(part)
    return (part[: cut.start()], "#", part[cut.end() :]) if cut else (part, "", "")


def _distinct(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
