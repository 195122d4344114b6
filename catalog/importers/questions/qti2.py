"""QTI 2.1, 2.2 and 3.0: one item as questions of ours.

* The versions differ in how names are written (`choiceInteraction`, `qti-choice-interaction`); here all are as 3.0
  has them, without its prefix.
* Interactions that stand in lines of text become gaps of one question; those that stand alone, a question each.
* What needs a picture to click on, a file or a program of its own is left out by name.
* An item that asks for nothing is words to read before the next one; a film in an item is shown, a button for a hint
  is not.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from catalog.importers.questions.inner import inner_markup
from catalog.importers.questions.numbers import accepted_number, between, decimal_of
from catalog.importers.questions.qti2_responses import Declared, declared_in
from catalog.importers.questions.quiz import part_ids, thousandths
from catalog.importers.rewriting import is_elsewhere, joined, rewritten
from catalog.importers.xml import Element, child, children, descendants, text_of
from catalog.questions.bank import PERMILLE, Accepted, Gap, Option, Pair, Question
from catalog.questions.markup import cleaned, plain

ITEM, TEST = "assessment-item", "assessment-test"
INLINE = ("text-entry-interaction", "inline-choice-interaction")
BLOCKS = (
    "choice-interaction", "order-interaction", "match-interaction", "gap-match-interaction",
    "extended-text-interaction", "slider-interaction", "hottext-interaction", "associate-interaction",
)  # fmt: skip
_NOT_ASKED = ("end-attempt-interaction", "media-interaction")
_UNSEEN = (
    "feedback-inline", "feedback-block", "modal-feedback", "prompt", "template-inline", "template-block", "stylesheet",
    "rubric-block",
)  # fmt: skip

_WHEN = {
    "correct": "right", "right": "right", "incorrect": "wrong", "wrong": "wrong", "general": "general",
    "solution": "general",
}  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True, slots=True)
class Item:
    """An item, and what it says of itself."""

    identifier: str
    title: str
    questions: tuple[Question, ...]
    why_not: str = ""
    words: str = ""
    """What an item says that asks for nothing."""


def normal(root: Element) -> Element:
    """The document with its own names as 3.0 writes them, without prefix. It is changed in place."""
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = _HUMP.sub(lambda found: f"-{found[1].lower()}", element.tag).removeprefix("qti-")
        for name in [one for one in element.attrib if not one.islower()]:
            element.attrib[_HUMP.sub(lambda found: f"-{found[1].lower()}", name)] = element.attrib.pop(name)
    return root


def read_item(root: Element, name: str, path: str, load: Callable[[str], "Element | None"] = lambda _: None) -> Item:
    """Read a normal item that stands at `path`; its questions are called `name`, or `name-2` and so on."""
    declared = declared_in(root)
    body = child(root, "item-body")
    reading = _Reading(root, declared, path)
    identifier, title = root.get("identifier", ""), root.get("title", "")
    if next(descendants(root, "template-declaration"), None) is not None:
        return Item(identifier, title, (), "its numbers are drawn anew for everybody, which we cannot do yet")
    asked = [one for one in body.iter() if one.tag.endswith("-interaction")] if body is not None else []
    found = [one for one in asked if one.tag not in _NOT_ASKED]
    unknown = sorted({one.tag for one in found if one.tag not in BLOCKS + INLINE})
    if unknown:
        return Item(identifier, title, (), f"it asks by {', '.join(unknown)}, which we cannot do yet")
    stimulus = "".join(reading.stimulus(load, one.get("href", "")) for one in children(root, "assessment-stimulus-ref"))
    if not found:
        return Item(identifier, title, (), "it asks for nothing", stimulus + reading.text(body, []))
    blocks = [one for one in found if one.tag in BLOCKS]
    inline = [one for one in found if one.tag in INLINE]
    text = stimulus + reading.text(body, inline)
    made = [reading.block(one, f"{name}-{at}" if at > 1 else name) for at, one in enumerate(blocks, 1)]
    if len(blocks) < len(found):
        made.insert(
            0, reading.gaps(name if not blocks else f"{name}-0", text, [one for one in found if one.tag in INLINE])
        )
        text = ""
    questions = [one for one in made if isinstance(one, Question)]
    if len(questions) < len(made):
        return Item(identifier, title, (), next(one for one in made if isinstance(one, str)))
    first = replace(questions[0], text=text + questions[0].text)
    points = reading.points // len(questions)
    told = [replace(one, name=title, points=points, feedback=reading.feedback) for one in (first, *questions[1:])]
    return Item(identifier, title, tuple(told))


class _Reading:
    """One item while it is read."""

    def __init__(self, root: Element, declared: Mapping[str, Declared], path: str) -> None:
        self._root = root
        self._declared = declared
        self._path = path
        modal = {one.get("identifier", ""): self.markup(one) for one in children(root, "modal-feedback")}
        self._said = modal
        wanted = {"right": ("correct", "right"), "wrong": ("incorrect", "wrong"), "general": ("general", "solution")}
        self.feedback = {
            when: said
            for when, names in wanted.items()
            for name, said in modal.items()
            if name.lower() in names and said
        }

    @property
    def points(self) -> int:
        """What the item is worth: what it says its highest score is."""
        outcomes = {one.get("identifier", ""): one for one in children(self._root, "outcome-declaration")}
        written = text_of(outcomes.get("MAXSCORE"), "default-value", "value")
        score = outcomes.get("SCORE")
        highest = written or (score.get("normal-maximum", "") if score is not None else "")
        return max(0, thousandths(highest)) if highest else PERMILLE

    def stimulus(self, load: Callable[[str], "Element | None"], href: str) -> str:
        """What an item refers to and several may share."""
        root = load(joined(self._path, href)) if href else None
        return "" if root is None else self.markup(child(normal(root), "stimulus-body"))

    def text(self, body: Element | None, inline: list[Element]) -> str:
        """The words of the item; what stands in them is a gap."""
        names = {id(one): str(at) for at, one in enumerate(inline, 1)}

        def instead(element: Element) -> str | None:
            if id(element) in names:
                return f"[[{names[id(element)]}]]"
            if element.tag == "rubric-block" and "candidate" in element.get("view", ""):
                return None
            is_unseen = element.tag in BLOCKS + _UNSEEN or element.tag in (
                "printed-variable",
                "end-attempt-interaction",
            )
            return "" if is_unseen else None

        return self._placed(inner_markup(body, instead))

    def markup(self, element: Element | None) -> str:
        """The words in an element, without what is said later or elsewhere."""
        return self._placed(inner_markup(element, lambda one: "" if one.tag in _UNSEEN else None))

    def block(self, interaction: Element, name: str) -> Question | str:
        """A question of an interaction that stands alone."""
        question = Question(name, "essay", self._prompt(interaction))
        declared = self._declared.get(interaction.get("response-identifier", ""), Declared())
        match interaction.tag:
            case "choice-interaction":
                return self._choice(question, list(descendants(interaction, "simple-choice")), interaction, declared)
            case "hottext-interaction":
                words = inner_markup(interaction, _underlined)
                question = replace(question, text=question.text + self._placed(words))
                return self._choice(question, list(descendants(interaction, "hottext")), interaction, declared)
            case "associate-interaction":
                return self._associate(question, interaction, declared)
            case "order-interaction":
                return self._order(question, interaction, declared)
            case "match-interaction":
                return self._match(question, interaction, declared)
            case "gap-match-interaction":
                return self._gap_match(question, interaction, declared)
            case "slider-interaction":
                gap = self._gap("1", declared, is_number=True)
                return replace(question, kind="number", gaps=(gap,))
            case _:
                return question

    def gaps(self, name: str, text: str, interactions: list[Element]) -> Question:
        """One question of all that is filled in between its words."""
        gaps = [self._inline(str(at), one) for at, one in enumerate(interactions, 1)]
        only = gaps[0]
        if len(gaps) == 1 and only.kind in ("text", "number"):
            return Question(name, only.kind, text.replace("[[1]]", "_____"), gaps=(only,))
        return Question(name, "gaps", text, gaps=tuple(gaps))

    def _choice(self, question: Question, choices: list[Element], interaction: Element, declared: Declared) -> Question:
        is_many = declared.cardinality == "multiple" and interaction.get("max-choices", "1") != "1"
        idents = [one.get("identifier", "") for one in choices]
        shares = declared.shares(is_added=is_many, among=idents)
        options = tuple(
            Option(part, self.markup(one), shares.get(ident, 0), self._feedback_of(one, ident))
            for part, ident, one in zip(part_ids(question.id, idents), idents, choices, strict=True)
        )
        is_whole = is_many and not declared.mapping
        is_shuffled = interaction.get("shuffle") == "true"
        return replace(
            question, kind="choice", options=options, is_many=is_many, is_whole=is_whole, is_shuffled=is_shuffled
        )

    def _order(self, question: Question, interaction: Element, declared: Declared) -> Question | str:
        choices = {one.get("identifier", ""): one for one in descendants(interaction, "simple-choice")}
        if sorted(declared.correct) != sorted(choices):
            return "it does not say which order is right"
        ids = part_ids(question.id, declared.correct)
        options = tuple(
            Option(part, self.markup(choices[ident])) for part, ident in zip(ids, declared.correct, strict=True)
        )
        return replace(question, kind="order", options=options, is_whole=True, is_shuffled=True)

    def _match(self, question: Question, interaction: Element, declared: Declared) -> Question | str:
        sets = [list(descendants(one, "simple-associable-choice")) for one in children(interaction, "simple-match-set")]
        if len(sets) != 2:
            return "it has not two sets to match"
        left, right = ({one.get("identifier", ""): one for one in part} for part in sets)
        wanted = [pair.split() for pair in declared.pairs]
        if not _is_single(wanted) and _is_single([pair[::-1] for pair in wanted]):
            left, right, wanted = right, left, [pair[::-1] for pair in wanted]
        return self._pairs(question, left, right, wanted, declared)

    def _associate(self, question: Question, interaction: Element, declared: Declared) -> Question | str:
        """Pairs within one set: the first of each is asked for its other."""
        choices = {one.get("identifier", ""): one for one in descendants(interaction, "simple-associable-choice")}
        wanted: list[list[str]] = []
        for pair in (one.split() for one in declared.pairs):
            is_taken = pair[0] in [other[0] for other in wanted]
            wanted.append(pair[::-1] if is_taken else pair)
        firsts = {pair[0] for pair in wanted} - {pair[-1] for pair in wanted}
        others = {name: one for name, one in choices.items() if name not in firsts}
        return self._pairs(question, choices, others, wanted, declared)

    def _pairs(
        self,
        question: Question,
        left: Mapping[str, Element],
        right: Mapping[str, Element],
        wanted: list[list[str]],
        declared: Declared,
    ) -> Question | str:
        if not _is_single(wanted):
            return "something in it matches more than one other, which we cannot ask yet"
        ids = dict(zip(right, part_ids(question.id, list(right)), strict=True))
        pairs = tuple(
            Pair(part, self.markup(left[one]), ids[other])
            for part, (one, other) in zip(part_ids(f"{question.id} pair", [p[0] for p in wanted]), wanted, strict=True)
            if one in left and other in ids
        )
        options = tuple(Option(ids[ident], self.markup(one)) for ident, one in right.items())
        return replace(question, kind="match", options=options, pairs=pairs, is_whole=not declared.mapping)

    def _gap_match(self, question: Question, interaction: Element, declared: Declared) -> Question:
        words = {one.get("identifier", ""): _plain(self.markup(one)) for one in descendants(interaction, "gap-text")}
        shares = declared.shares(is_added=False)
        gaps = []
        for at, gap in enumerate(descendants(interaction, "gap"), 1):
            right = _fitting(shares, gap.get("identifier", ""), words)
            best = max(right.values(), default=PERMILLE)
            accepted = tuple(Accepted(word, share=share * PERMILLE // best) for word, share in right.items())
            weight = max(1, round(best * declared.most / PERMILLE)) if declared.is_in_whole_points else 1
            gaps.append(Gap(str(at), "choice", accepted, tuple(dict.fromkeys(words.values())), weight))
        places = {id(one): str(at) for at, one in enumerate(descendants(interaction, "gap"), 1)}

        def instead(element: Element) -> str | None:
            if id(element) in places:
                return f"[[{places[id(element)]}]]"
            return "" if element.tag in (*_UNSEEN, "gap-text", "gap-img") else None

        text = self._placed(inner_markup(interaction, instead))
        return replace(question, kind="gaps", text=question.text + text, gaps=tuple(gaps))

    def _inline(self, name: str, interaction: Element) -> Gap:
        declared = self._declared.get(interaction.get("response-identifier", ""), Declared())
        if interaction.tag == "text-entry-interaction":
            return self._gap(name, declared, is_number=declared.base_type in ("float", "integer"))
        words = {
            one.get("identifier", ""): _plain(self.markup(one)) for one in descendants(interaction, "inline-choice")
        }
        shares = declared.shares(is_added=False)
        accepted = tuple(Accepted(words[ident], share=share) for ident, share in shares.items() if ident in words)
        return Gap(
            name, "choice", tuple(one for one in accepted if one.share > 0), tuple(dict.fromkeys(words.values()))
        )

    def _gap(self, name: str, declared: Declared, *, is_number: bool) -> Gap:
        shares = declared.shares(is_added=False)
        if not is_number:
            accepted = tuple(Accepted(text.replace("*", "\\*"), share=share) for text, share in shares.items())
            return Gap(name, "text", accepted, is_case_sensitive=declared.is_case_sensitive)
        least, most = declared.tolerance
        numbers: list[Accepted | None] = []
        for text, share in shares.items():
            value = decimal_of(text)
            is_near = value is not None and bool(least or most)
            numbers.append(_between(text, least, most, share) if is_near else accepted_number(text, "", share))
        return Gap(name, "number", tuple(one for one in numbers if one))

    def _prompt(self, interaction: Element) -> str:
        return self.markup(child(interaction, "prompt"))

    def _feedback_of(self, choice: Element, ident: str) -> str:
        inline = [one for one in choice.iter() if one.tag in ("feedback-inline", "feedback-block")]
        return "".join(self.markup(one) for one in inline) or self._said.get(ident, "")

    def _placed(self, markup: str) -> str:
        """Sources as paths of the package, wherever the item stands in it."""
        return rewritten(markup, lambda one: None if is_elsewhere(one) else joined(self._path, one))


def _between(text: str, least: Decimal, most: Decimal, share: int) -> Accepted | None:
    value = decimal_of(text)
    return between(value - least, value + most, share) if value is not None else None


def _is_single(pairs: list[list[str]]) -> bool:
    """Whether each thing on the left has one partner."""
    return all(len(pair) == 2 for pair in pairs) and len({pair[0] for pair in pairs}) == len(pairs)


def _fitting(shares: Mapping[str, int], gap: str, words: Mapping[str, str]) -> dict[str, int]:
    """What may stand in a gap, and what it is worth."""
    found: dict[str, int] = {}
    for pair, share in shares.items():
        word, _, place = pair.partition(" ")
        if place.strip() == gap and share > 0 and words.get(word):
            found[words[word]] = max(share, found.get(words[word], 0))
    return found


def _underlined(element: Element) -> str | None:
    """What may be chosen in a text, as it stands there."""
    if element.tag == "hottext":
        return f"<u>{html.escape(_plain(inner_markup(element)), quote=False)}</u>"
    return "" if element.tag in _UNSEEN else None


def _plain(markup: str) -> str:
    return plain(cleaned(markup, lambda _: None))
