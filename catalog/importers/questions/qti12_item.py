"""One item of QTI 1.2 as a question of ours.

* What it asks, its responses say; what is right, its conditions. Labels of programs only settle what both leave open.
* Several responses in one item are a match where all offer the same, else gaps in its words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from catalog.importers.questions.numbers import accepted_number, between
from catalog.importers.questions.qti12_rules import Rule, added, highest, rules_of
from catalog.importers.questions.qti12_words import material, metadata
from catalog.importers.questions.quiz import part_ids, thousandths
from catalog.importers.xml import Element, child, descendants
from catalog.questions.bank import PERMILLE, Accepted, Gap, Option, Pair, Question
from catalog.questions.markup import cleaned, from_text, plain

RESPONSES = ("response_lid", "response_str", "response_num", "response_grp", "response_xy", "response_extension")
POINTS = ("points_possible", "cc_weighting", "qmd_weighting")
FEEDBACK = {"general": "general_fb", "right": "correct_fb", "wrong": "general_incorrect_fb"}
_IN_WORDS = ("fill_in_multiple_blanks_question", "multiple_dropdowns_question")
"""Kinds of Canvas whose responses stand in the item's words, each at its name in brackets."""
CANNOT = {
    "file_upload_question": "it asks for a file, which we cannot take yet",
    "calculated_question": "its numbers are drawn anew for everybody, which we cannot do yet",
}


@dataclass(frozen=True, slots=True)
class Label:
    """Something to choose."""

    ident: str
    text: str


@dataclass(frozen=True, slots=True)
class Response:
    """One thing that an item asks for."""

    ident: str
    tag: str
    cardinality: str
    text: str
    labels: tuple[Label, ...]
    is_shuffled: bool


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it was written."""

    title: str
    text: str
    kind: str
    points: int
    responses: tuple[Response, ...]
    rules: tuple[Rule, ...]
    feedback: Mapping[str, str]

    @classmethod
    def of(cls, element: Element) -> Self:
        said = metadata(element)
        presentation = child(element, "presentation")
        responses = tuple(_response(one) for one in element.iter() if one.tag in RESPONSES)
        profile = said.get("cc_profile", "").removeprefix("cc.").partition(".v")[0]
        worth = next((said[name] for name in POINTS if said.get(name)), "")
        kind = said.get("question_type", "") or profile or said.get("qmd_itemtype", "").lower()
        return cls(
            title=element.get("title", ""),
            text=_text(presentation, is_marked=len(responses) > 1 or kind in _IN_WORDS),
            kind=kind,
            points=max(0, thousandths(worth)),
            responses=responses,
            rules=rules_of(element),
            feedback={one.get("ident", ""): material(one) for one in descendants(element, "itemfeedback")},
        )


def question_of(item: Item, name: str) -> Question | str:
    """Our question, called `name`; or why there is none."""
    if item.kind in CANNOT:
        return CANNOT[item.kind]
    said = {when: item.feedback.get(ident, "") for when, ident in FEEDBACK.items()}
    told = {when: words for when, words in said.items() if words}
    question = Question(name, "essay", item.text, item.title, item.points, feedback=told)
    tags = {one.tag for one in item.responses}
    if item.kind in ("essay_question", "essay"):
        return question
    if not item.responses:
        return "it asks for nothing that can be answered"
    if tags & {"response_xy", "response_extension"}:
        return "it is answered on a picture, which we cannot do yet"
    if tags == {"response_grp"}:
        return _grouped(question, item)
    if len(item.responses) > 1 or item.kind in _IN_WORDS:
        return _several(question, item)
    response = item.responses[0]
    if response.tag == "response_lid":
        if response.cardinality == "ordered":
            return _ordered(question, item, response)
        return _chosen(question, item, response)
    return _written(question, item, response)


def _chosen(question: Question, item: Item, response: Response) -> Question:
    is_many = response.cardinality == "multiple"
    most = added(item.rules, response.ident) if is_many else highest(item.rules)
    ids = part_ids(question.id, [label.ident for label in response.labels])
    shares = {label.ident: _share(item, response, label.ident, most) for label in response.labels}
    whole = [rule for rule in item.rules if len(rule.wanted(response.ident)) + len(rule.unwanted(response.ident)) > 1]
    best = max(
        (rule for rule in whole if rule.worth > 0 and not rule.is_any), key=lambda rule: rule.worth, default=None
    )
    if best is not None:
        # One condition names all that is right at once.
        shares = {ident: PERMILLE * (ident in best.wanted(response.ident)) for ident in shares}
    options = tuple(
        Option(part, label.text, shares[label.ident], _feedback(item, response, label.ident))
        for part, label in zip(ids, response.labels, strict=True)
    )
    if _is_truth(item, response):
        said = {_is_true(label): option for label, option in zip(response.labels, options, strict=True)}
        both = tuple(replace(said[is_true], id=str(is_true).lower(), text="") for is_true in (True, False))
        return replace(question, kind="truefalse", options=both)
    return replace(
        question, kind="choice", options=options, is_many=is_many, is_whole=is_many and best is not None,
        is_shuffled=response.is_shuffled,
    )  # fmt: skip


def _share(item: Item, response: Response, ident: str, most: int) -> int:
    """What choosing this alone is worth."""
    worth = 0
    for rule in item.rules:
        if rule.wanted(response.ident) == (ident,) and not rule.unwanted(response.ident):
            worth = rule.worth if rule.is_set else worth + rule.worth
        elif rule.is_any and ident in rule.wanted(response.ident):
            worth = max(worth, rule.worth)
    return max(-PERMILLE, min(PERMILLE, worth * PERMILLE // most)) if most else 0


def _written(question: Question, item: Item, response: Response) -> Question:
    gap = _gap("1", item, response)
    if not gap.accepted:
        return question  # nothing says what would be right: somebody has to read it
    return replace(question, kind=gap.kind, gaps=(gap,))


def _gap(name: str, item: Item, response: Response) -> Gap:
    """What counts in one place to write."""
    most = highest(item.rules)
    texts: list[Accepted] = []
    numbers: list[Accepted] = []
    is_case = False
    for rule in item.rules:
        share = min(PERMILLE, rule.worth * PERMILLE // most) if most else 0
        said = "".join(item.feedback.get(one, "") for one in rule.feedback if one not in FEEDBACK.values())
        for least, greatest in rule.ranges(response.ident) if rule.worth > 0 else ():
            numbers.append(between(least, greatest, share, said))
        for test in rule.tests:
            if test.respondent == response.ident and test.is_wanted and not test.is_bound and rule.worth > 0:
                is_case |= test.is_case_sensitive
                written = test.value.replace("*", "\\*")
                texts.append(Accepted(f"*{written}*" if test.is_part else written, share=share, feedback=said))
    is_number = response.tag == "response_num" or item.kind in ("numerical_question", "numeric") or bool(numbers)
    if is_number:
        exact = [accepted_number(one.answer, "", one.share, one.feedback) for one in texts]
        return Gap(name, "number", tuple(numbers) or tuple(one for one in exact if one))
    return Gap(name, "text", tuple(texts), is_case_sensitive=is_case)


def _several(question: Question, item: Item) -> Question | str:
    if all(one.tag == "response_lid" for one in item.responses):
        offered = [tuple(label.text for label in one.labels) for one in item.responses]
        if len(set(offered)) == 1 and item.kind not in _IN_WORDS:
            return _matched(question, item)
    text, gaps = item.text, []
    for index, response in enumerate(item.responses, 1):
        gap = (
            _choosing(str(index), item, response)
            if response.tag == "response_lid"
            else _gap(str(index), item, response)
        )
        gaps.append(gap)
        text = _placed(text, response, gap.id)
    return replace(question, kind="gaps", text=text, gaps=tuple(gaps))


def _choosing(name: str, item: Item, response: Response) -> Gap:
    words = {label.ident: plain(cleaned(label.text, lambda _: None)) for label in response.labels}
    right = [
        words[label.ident] for label in response.labels if _share(item, response, label.ident, highest(item.rules)) > 0
    ]
    if item.kind == "fill_in_multiple_blanks_question":
        return Gap(name, "text", tuple(Accepted(one.replace("*", "\\*")) for one in right or words.values()))
    return Gap(name, "choice", tuple(Accepted(one) for one in right), tuple(dict.fromkeys(words.values())))


def _placed(text: str, response: Response, gap: str) -> str:
    """The words with the gap where it belongs: at its mark, at its name in brackets, or behind a line of its own."""
    name = f"[{response.ident.removeprefix('response_')}]"
    for place in (_mark(response.ident), name, f"[{plain(cleaned(response.text, lambda _: None))}]"):
        if place in text:
            return text.replace(place, f"[[{gap}]]", 1)
    return f"{text}<p>{response.text} [[{gap}]]</p>"


def _matched(question: Question, item: Item) -> Question:
    labels = item.responses[0].labels
    ids = part_ids(question.id, [label.text for label in labels])
    pairs = []
    for part, response in zip(
        part_ids(f"{question.id} pair", [one.ident for one in item.responses]), item.responses, strict=True
    ):
        most = highest(item.rules)
        right = next((i for i, one in enumerate(response.labels) if _share(item, response, one.ident, most) > 0), None)
        if right is not None:
            pairs.append(Pair(part, response.text, ids[right]))
    options = tuple(Option(part, label.text) for part, label in zip(ids, labels, strict=True))
    return replace(question, kind="match", options=options, pairs=tuple(pairs))


def _grouped(question: Question, item: Item) -> Question | str:
    """Things of one group that match those of another."""
    labels = {label.ident: label for response in item.responses for label in response.labels}
    wanted: dict[str, str] = {}
    for rule in item.rules:
        for test in rule.tests:
            left, _, right = test.value.partition(" ")
            if test.is_wanted and rule.worth > 0 and left in labels and right in labels:
                wanted.setdefault(left, right)
    rights = [ident for ident in labels if ident not in wanted]
    ids = dict(zip(rights, part_ids(question.id, rights), strict=True))
    pairs = tuple(
        Pair(part, labels[left].text, ids[right])
        for part, (left, right) in zip(part_ids(f"{question.id} pair", list(wanted)), wanted.items(), strict=True)
        if right in ids
    )
    options = tuple(Option(ids[one], labels[one].text) for one in rights)
    return replace(question, kind="match", options=options, pairs=pairs)


def _ordered(question: Question, item: Item, response: Response) -> Question | str:
    rule = max(item.rules, key=lambda one: one.worth, default=None)
    right = rule.wanted(response.ident) if rule else ()
    labels = {label.ident: label for label in response.labels}
    if sorted(right) != sorted(labels):
        return "it does not say which order is right"
    ids = part_ids(question.id, right)
    options = tuple(Option(part, labels[ident].text) for part, ident in zip(ids, right, strict=True))
    return replace(question, kind="order", options=options, is_whole=True, is_shuffled=True)


def _is_truth(item: Item, response: Response) -> bool:
    is_said = item.kind in ("true_false_question", "true_false", "true/false")
    words = [plain(cleaned(label.text, lambda _: None)).casefold() for label in response.labels]
    if len(words) != 2:
        return False
    first, second = (_is_true(label) for label in response.labels)
    return sorted(words) == ["false", "true"] or (is_said and first != second)


def _is_true(label: Label) -> bool:
    return "true" in (label.ident.casefold(), plain(cleaned(label.text, lambda _: None)).casefold())


def _feedback(item: Item, response: Response, ident: str) -> str:
    """What is said to who chose this."""
    own = item.feedback.get(f"{ident}_fb", "")
    shown = [one for rule in item.rules if rule.wanted(response.ident) == (ident,) for one in rule.feedback]
    return own or "".join(item.feedback.get(one, "") for one in dict.fromkeys(shown) if one not in FEEDBACK.values())


def _response(element: Element) -> Response:
    render = next((one for one in element if one.tag.startswith("render_")), None)
    labels = tuple(Label(one.get("ident", ""), material(one)) for one in descendants(element, "response_label"))
    own = [one for one in element if one.tag in ("material", "material_ref")]
    return Response(
        ident=element.get("ident", ""),
        tag=element.tag,
        cardinality=element.get("rcardinality", "Single").lower(),
        text="".join(material(one) for one in own),
        labels=labels,
        is_shuffled=render is not None and render.get("shuffle", "No").lower() == "yes",
    )


def _text(presentation: Element | None, *, is_marked: bool) -> str:
    """The item's words; where they go on behind something to write, a mark stands in its place."""
    pieces: list[str] = []
    _gather(presentation, pieces, is_marked=is_marked)
    return "".join(pieces)


def _gather(element: Element | None, pieces: list[str], *, is_marked: bool) -> None:
    for one in element if element is not None else ():
        if one.tag == "material":
            pieces.append(material(one))
        elif one.tag in ("response_str", "response_num"):
            own = "".join(material(part) for part in one.iter("material"))
            pieces.append(own + (_mark(one.get("ident", "")) if is_marked else ""))
        elif one.tag in RESPONSES:
            if not is_marked:
                pieces.extend(material(part) for part in one if part.tag == "material")
        else:
            _gather(one, pieces, is_marked=is_marked)


def _mark(ident: str) -> str:
    return f"[[mark {from_text(ident)}]]"
