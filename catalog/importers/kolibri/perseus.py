"""Exercises of Khan Academy's form (Perseus), as Kolibri keeps them: those of plain kinds become questions of ours.

* A question is mapped where all that it asks with is choosing or a number; any other is left out and named.
* Its words are Markdown with TeX between dollars: paragraphs, emphasis and pictures are kept, the rest is text.
"""

import html
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.fault import ContentFault
from catalog.importers.questions.quiz import Found, part_ids, question_id
from catalog.importers.source import Tree, contents
from catalog.questions.bank import PERMILLE, Accepted, Gap, Option, Question

EXERCISE = "exercise.json"
ITEM_BYTES_MAX = 1 << 20
ITEMS_MAX = 500
LOCAL_PATH = "${☣ LOCALPATH}/"

_WIDGET = re.compile(r"\[\[\s{0,4}☃\s{0,4}([a-z][a-z0-9-]{0,40} \d{1,4})\s{0,4}\]\]")
_IMAGE = re.compile(r"!\[([^\]]{0,500})\]\(([^()\s]{1,1000})\)")
_STRONG = re.compile(r"\*\*([^*\n]{1,1000})\*\*")
_EMPHASIS = re.compile(r"(?<![*\w])[*_]([^*_\n]{1,1000})[*_](?![*\w])")
NUMBERS = ("numeric-input", "input-number")


def questions_of(tree: Tree) -> Found:
    """The questions of one exercise. Raises ContentFault where it is damaged."""
    found = Found()
    taken: set[str] = set()
    listed = _json(tree, EXERCISE).get("all_assessment_items", [])
    for identifier in [str(one) for one in listed][:ITEMS_MAX] if isinstance(listed, list) else []:
        path = f"{identifier}.json"
        if path not in tree.paths:
            found.left_out.append(f"{identifier}: the question is missing.")
            continue
        question = _question(question_id(identifier, taken), _json(tree, path))
        if isinstance(question, Question):
            found.questions.append(question)
        else:
            found.left_out.append(f"{identifier}: it asks with {question}, which this box has no form for.")
    return found


def media_of(tree: Tree, source: str) -> Iterator[bytes] | None:
    return tree.pieces(source) if source in tree.paths else None


def _question(name: str, item: dict[str, Any]) -> Question | str:
    """The question; or, in words, what it asks with that we do not have."""
    asked = item.get("question")
    if not isinstance(asked, dict) or not isinstance(asked.get("content"), str):
        return "nothing"
    content = asked["content"]
    told = asked.get("widgets")
    widgets: dict[str, Any] = told if isinstance(told, dict) else {}
    used = [one for one in _WIDGET.findall(content) if isinstance(widgets.get(one), dict)]
    shown = {one: str(widgets[one].get("type")) for one in used}
    asking = [one for one in used if shown[one] != "image"]
    if not asking:
        return "nothing that can be marked"
    if [shown[one] for one in asking] == ["radio"]:
        return _choice(name, _words(content, {asking[0]: ""}), _options(widgets[asking[0]]))
    if all(shown[one] in NUMBERS for one in asking):
        return _numbers(name, content, [(one, _options(widgets[one])) for one in asking])
    return ", ".join(sorted(set(shown.values()) - {"image"}))


def _choice(name: str, text: str, options: dict[str, Any]) -> Question | str:
    choices = [one for one in options.get("choices", []) if isinstance(one, dict)]
    right = sum(bool(one.get("correct")) for one in choices)
    if not choices or not right:
        return "a choice without a right answer"
    texts = [str(one.get("content", "")) for one in choices]
    is_many = bool(options.get("multipleSelect")) or right > 1
    share = PERMILLE // right
    made = [
        Option(identifier, _words(words, {}), share if choice.get("correct") else -share if is_many else 0)
        for identifier, words, choice in zip(part_ids(name, texts), texts, choices, strict=True)
    ]
    return Question(
        name, "choice", text, options=tuple(made), is_many=is_many, is_shuffled=bool(options.get("randomize"))
    )


def _numbers(name: str, content: str, asked: Sequence[tuple[str, dict[str, Any]]]) -> Question | str:
    gaps: list[Gap] = []
    for identifier, (_, options) in zip(part_ids(name, [one for one, _ in asked]), asked, strict=True):
        accepted = tuple(_accepted(options))
        if not accepted:
            return "a number without a right answer"
        gaps.append(Gap(identifier, "number", accepted))
    if len(gaps) == 1:
        return Question(name, "number", _words(content, {asked[0][0]: ""}), gaps=tuple(gaps))
    places = {widget: f"[[{gap.id}]]" for (widget, _), gap in zip(asked, gaps, strict=True)}
    return Question(name, "gaps", _words(content, places), gaps=tuple(gaps))


def _accepted(options: dict[str, Any]) -> Iterator[Accepted]:
    """`numeric-input` lists its answers, `input-number` has one."""
    answers = options.get("answers") if isinstance(options.get("answers"), list) else [options]
    for answer in answers or []:
        if not isinstance(answer, dict) or answer.get("status", "correct") != "correct":
            continue
        try:
            value, error = Decimal(str(answer.get("value"))), Decimal(str(answer.get("maxError") or 0))
        except InvalidOperation:
            continue
        if value.is_finite() and error.is_finite():
            yield Accepted(_plain(value - error), _plain(value + error) if error else "")


def _words(content: str, places: dict[str, str]) -> str:
    """Markdown as the few tags that questions have; each widget becomes its place, or nothing."""
    kept = _WIDGET.sub(lambda found: f"\ue000{found[1]}\ue001", content.replace(LOCAL_PATH, ""))
    text = html.escape(kept, quote=False)
    text = _IMAGE.sub(lambda found: f'<img src="{_quoted(found[2])}" alt="{_quoted(found[1])}">', text)
    text = _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", text))
    text = re.sub("\ue000([^\ue001]{1,60})\ue001", lambda found: places.get(found[1], ""), text)
    return "".join(f"<p>{part.strip()}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())


def _quoted(text: str) -> str:
    return html.escape(html.unescape(text))


def _options(widget: dict[str, Any]) -> dict[str, Any]:
    options = widget.get("options")
    return options if isinstance(options, dict) else {}


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _json(tree: Tree, path: str) -> dict[str, Any]:
    try:
        document = json.loads(contents(tree, path, ITEM_BYTES_MAX))
    except (ValueError, RecursionError) as error:
        raise ContentFault(f"{path} of an exercise cannot be read.", "Fetch the channel again.") from error
    return document if isinstance(document, dict) else {}
