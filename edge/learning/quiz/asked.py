"""What a page shows of a question, and what it sends back of it.

* Nothing of what is right is in what a page is given before the quiz is handed in.
* Markup is cleaned again here: releases come from publishers whom nobody has to trust.
* A form's fields are called answer-N, N being the question's place in the paper; a gap's answer-N-G.
"""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from catalog.questions.bank import Question
from catalog.questions.marking import is_given
from catalog.questions.markup import is_rich, plain, shown
from sync.web.language import gettext

AddressOf = Callable[[str], str]
Form = Mapping[str, Sequence[str]]

NO_WORDS = Markup()

_GAP = re.compile(r"\[\[([A-Za-z0-9][A-Za-z0-9_-]{0,59})\]\]")
_ONE_PARAGRAPH = re.compile(r"<p(?: dir=\"\w+\"| lang=\"[\w-]+\")*>((?:(?!</?p\b).)*)</p>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: the value a form sends, its words, and whether it is chosen."""

    value: str
    words: Markup
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a question: a list to choose from, or a line to write in (no choices)."""

    name: str
    words: Markup
    value: str
    choices: tuple[tuple[str, str], ...] = ()
    is_number: bool = False
    before: Markup = NO_WORDS
    """The words that stand before a gap."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as a page shows it."""

    number: int
    id: str
    kind: str
    words: Markup
    is_many: bool
    is_answered: bool
    choices: tuple[Choice, ...] = ()
    fields: tuple[Field, ...] = ()
    after: Markup = NO_WORDS
    """The words behind the last gap."""
    letters: tuple[Choice, ...] = ()
    """What the letters of a list to choose from stand for, where words alone would not do."""
    value: str = ""

    @property
    def name(self) -> str:
        return f"answer-{self.number}"


def asked_of(number: int, question: Question, given: Sequence[str], address_of: AddressOf) -> Asked:
    """The question in its place on the paper, with what was answered so far."""

    def markup(text: str) -> Markup:
        return markup_of(text, address_of)

    name = f"answer-{number}"
    words, after = markup(question.text), NO_WORDS
    choices: list[Choice] = []
    fields: list[Field] = []
    letters: list[Choice] = []
    match question.kind:
        case "choice":
            choices = [Choice(one.id, inline(markup(one.text)), one.id in given) for one in question.options]
        case "truefalse":
            choices = [Choice(one.id, truth(one.id), one.id in given) for one in question.options]
        case "match":
            letters, named = _letters(question, markup)
            options = (("", gettext("Choose")), *((one.id, named[one.id]) for one in question.options))
            for pair, chosen in zip(question.pairs, _filled(given, len(question.pairs)), strict=True):
                fields.append(Field(name, inline(markup(pair.text)), chosen, options))
        case "order":
            total = len(question.options)
            for one in question.options:
                place = given.index(one.id) + 1 if one.id in given else 0
                numbers = tuple((f"{one.id}.{at}", str(at)) for at in range(1, total + 1))
                value = f"{one.id}.{place}" if place else ""
                fields.append(Field(name, inline(markup(one.text)), value, (("", "–"), *numbers)))
        case "gaps":
            words, fields, after = _gaps(question, name, given, words)
        case _:
            pass
    return Asked(
        number, question.id, question.kind, words, question.is_many, is_given(given), tuple(choices), tuple(fields),
        after, tuple(letters), given[0] if given and not (choices or fields) else "",
    )  # fmt: skip


def given_in(form: Form, number: int, question: Question) -> list[str]:
    """What a form says to a question; only what the question itself offers, and never more than it has room for."""
    name = f"answer-{number}"
    values = list(form.get(name, ()))
    match question.kind:
        case "choice" | "truefalse":
            chosen = [one.id for one in question.options if one.id in values]
            return chosen if question.is_many else chosen[:1]
        case "match":
            known = {one.id for one in question.options}
            return _trimmed([one if one in known else "" for one in values[: len(question.pairs)]])
        case "order":
            places = [""] * len(question.options)
            for one in question.options:
                for at in range(len(places)):
                    if f"{one.id}.{at + 1}" in values and not places[at] and one.id not in places:
                        places[at] = one.id
            return _trimmed(places)
        case "gaps":
            firsts = [form.get(f"{name}-{index}", [""])[0].strip() for index in range(len(question.gaps))]
            return _trimmed(firsts)
        case _:
            text = (values[0] if values else "").replace("\r\n", "\n").strip()
            return [text] if text else []


def said_in(question: Question, given: Sequence[str]) -> list[str]:
    """An answer in words, a line for each of its parts; empty where there is none."""
    words = {one.id: plain(one.text) for one in question.options}
    match question.kind:
        case "choice":
            return [words[one] for one in given if one in words]
        case "truefalse":
            return [str(truth(one)) for one in given if one in words]
        case "match":
            pairs = zip(question.pairs, _filled(given, len(question.pairs)), strict=True)
            return [f"{plain(pair.text)} → {words.get(one) or '–'}" for pair, one in pairs] if is_given(given) else []
        case "order":
            return [f"{at}. {words.get(one) or '–'}" for at, one in enumerate(given, 1)]
        case "gaps":
            return [one or "–" for one in _filled(given, len(question.gaps))] if is_given(given) else []
        case _:
            return [one for one in given if one]


def truth(name: str) -> Markup:
    """What a true or false answer is called here."""
    return Markup.escape(gettext("True") if name == "true" else gettext("False"))


def inline(markup: Markup) -> Markup:
    """Words of one paragraph without their paragraph: they stand inside a label."""
    found = _ONE_PARAGRAPH.fullmatch(markup)
    return Markup(found[1]) if found else markup  # noqa: S704 - a part of what was cleaned


def markup_of(markup: str, address_of: AddressOf) -> Markup:
    """Markup of a bank, clean."""
    return Markup(shown(markup, address_of))  # noqa: S704 - it was cleaned


def words_alone(question: Question, address_of: AddressOf) -> Markup:
    """The question's words where nothing is to be filled in: a gap is a line."""
    return Markup(_GAP.sub(" _____ ", shown(question.text, address_of)))  # noqa: S704 - it was cleaned


def _letters(question: Question, markup: Callable[[str], Markup]) -> tuple[list[Choice], dict[str, str]]:
    """How the options of a list are called: by their words, or by letters where those would not do."""
    if not any(is_rich(one.text) or not plain(one.text) for one in question.options):
        return [], {one.id: plain(one.text) for one in question.options}
    named = {one.id: _letter(index) for index, one in enumerate(question.options)}
    return [Choice(named[one.id], inline(markup(one.text))) for one in question.options], named


def _letter(index: int) -> str:
    more, letter = divmod(index, 26)
    return string.ascii_uppercase[letter] + (str(more) if more else "")


def _gaps(question: Question, name: str, given: Sequence[str], words: Markup) -> tuple[Markup, list[Field], Markup]:
    """The words cut at their gaps: nothing before the first field that is not in it."""
    values = _filled(given, len(question.gaps))
    places = {gap.id: index for index, gap in enumerate(question.gaps)}
    fields: list[Field] = []
    at, before = 0, ""
    for found in _GAP.finditer(words):
        index = places.pop(found[1], None)
        before += words[at : found.start()]
        at = found.end()
        if index is None:
            continue
        gap = question.gaps[index]
        options = (("", gettext("Choose")), *((one, one) for one in gap.choices)) if gap.kind == "choice" else ()
        label = Markup.escape(gettext("Gap %(num)s", num=len(fields) + 1))
        before_ = Markup(before)  # noqa: S704 - a part of what was cleaned
        fields.append(Field(f"{name}-{index}", label, values[index], options, gap.kind == "number", before_))
        before = ""
    return Markup(), fields, Markup(before + words[at:])  # noqa: S704 - a part of what was cleaned


def _filled(given: Sequence[str], count: int) -> list[str]:
    return [*given[:count], *[""] * (count - len(given))]


def _trimmed(given: list[str]) -> list[str]:
    return given if is_given(given) else []
