"""GIFT: Moodle's questions as plain text.

::Rain:: Where does rain come from? {=From clouds ~From the moon#No, it is dry there.}
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from catalog.importers.questions.numbers import accepted_number, between, decimal_of
from catalog.importers.questions.quiz import Found, named, part_ids, percent, question_id
from catalog.questions.bank import PERMILLE, QUESTIONS_MAX, Accepted, Gap, Option, Pair, Question
from catalog.questions.markup import cleaned, from_text, plain

_LIKELY = re.compile(r"(?:^|\n)\s*::[^\n]{1,300}?::|\{\s*(?:T|F|TRUE|FALSE)\s*[}#]|\{\s*[=~#%][^}]", re.IGNORECASE)
_OTHER = re.compile(r"""\s*(?:\{\s*["}]|\[\s*["\[{\d\]])""")
"""How JSON begins."""
SUFFIXES = (".gift", ".gift.txt")
_NAME = re.compile(r"\s*::((?:\\.|[^\\])*?)::", re.DOTALL)
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_ANSWERS = re.compile(r"(?<!\\)\{((?:\\.|[^\\{}])*)\}", re.DOTALL)
_OPENS = re.compile(r"(?<!\\)\{")
_CLOSES = re.compile(r"(?<!\\)\}")
_PART = re.compile(r"(?<!\\)([=~])")
_FEEDBACK = re.compile(r"(?<!\\)#")
_GENERAL = re.compile(r"(?<!\\)####")
_ARROW = re.compile(r"\s*->\s*")
_SHARE = re.compile(r"\s*%(-?\d{1,3}(?:\.\d{1,5})?)%")
_TRUTH = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_ESCAPED = re.compile(r"\\([~=#{}:\\nt])")
HTML = ("html", "moodle")
_LETTERS = {"n": "\n", "t": "\t"}


def is_gift(text: str, name: str = "") -> bool:
    """Tell whether a text has what only GIFT has: names between colons, answers in braces; of a file that is called so,
    braces alone."""
    if text.lstrip().startswith("<") or _OTHER.match(text):
        return False
    return _LIKELY.search(text) is not None or (name.lower().endswith(SUFFIXES) and _ANSWERS.search(text) is not None)


def read_gift(text: str) -> Found:
    """Read all questions; what has no answers is a text before the next question."""
    found, taken, before = Found(), set[str](), ""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
    for block in _blocks("\n".join(lines)):
        kept = "\n".join(line for line in block.splitlines() if not line.lstrip().startswith("$CATEGORY:"))
        if not kept.strip():
            continue
        name, is_html, body = _head(kept)
        answers = _ANSWERS.search(body)
        if answers is None:
            before += _markup(body, is_html)
            continue
        question = _question(name, is_html, body, answers, taken)
        if question is None:
            found.left_out.append(f"“{named(name, body)}”: its answers cannot be read.")
            continue
        found.questions.append(replace(question, text=f"<div>{before}</div>{question.text}") if before else question)
        before = ""
        if len(found.questions) > QUESTIONS_MAX:
            return found  # no more are taken, and that is said
    if before:
        found.left_out.append(f"“{named('', before)}”: it asks for nothing, and no question follows it.")
    return found


def _blocks(text: str) -> Iterator[str]:
    """The questions, which blank lines divide; one inside of braces divides nothing, where a brace closes behind it."""
    held = ""
    for block in re.split(r"\n\s*\n", text):
        if held and (_OPENS.search(block.partition("}")[0]) or "::" in block or "}" not in block):
            yield held
            held = ""
        held = f"{held}\n{block}" if held else block
        opened, closed = len(_OPENS.findall(held)), len(_CLOSES.findall(held))
        if opened <= closed:
            yield held
            held = ""
    if held:
        yield held


def _head(block: str) -> tuple[str, bool, str]:
    named_ = _NAME.match(block)
    rest = block[named_.end() :] if named_ else block
    kind = _FORMAT.match(rest)
    rest = rest[kind.end() :] if kind else rest
    is_html = kind is not None and kind[1].lower() in HTML
    return _plain(named_[1]) if named_ else "", is_html, rest.strip()


def _question(name: str, is_html: bool, body: str, answers: re.Match[str], taken: set[str]) -> Question | None:
    before, after = body[: answers.start()].strip(), body[answers.end() :].strip()
    text = _markup(f"{before} _____ {after}" if after else before, is_html)
    inside = answers[1]
    general = _GENERAL.search(inside)
    said = _markup(inside[general.end() :], is_html) if general else ""
    inside = inside[: general.start()] if general else inside
    question = Question(question_id(name or plain(cleaned(text, lambda _: None)), taken), "essay", text, name)
    if said:
        question = replace(question, feedback={"general": said})
    if not inside.strip():
        return question
    if truth := _TRUTH.fullmatch(inside):
        return _true_or_false(question, truth)
    if inside.lstrip().startswith("#"):
        return _number(question, inside.strip()[1:])
    return _choices(question, inside, is_html)


def _true_or_false(question: Question, truth: re.Match[str]) -> Question:
    is_true = truth[1].upper().startswith("T")
    wrong, right = (
        ([_markup(one, is_html=False) for one in _FEEDBACK.split(truth[2])] + ["", ""])[:2] if truth[2] else ("", "")
    )
    options = (
        Option("true", "", PERMILLE * is_true, right if is_true else wrong),
        Option("false", "", PERMILLE * (not is_true), wrong if is_true else right),
    )
    return replace(question, kind="truefalse", options=options)


def _number(question: Question, inside: str) -> Question | None:
    parts = _parts(inside if inside.lstrip().startswith(("=", "~")) else f"={inside}")
    accepted = []
    said = [_worth(part, 0) for sign, part in parts if sign == "~"]
    if wrong := next((feedback for _, words, feedback in said if feedback and words in ("", "*")), ""):
        question = replace(question, feedback={**question.feedback, "wrong": wrong})
    for sign, part in parts:
        worth, rest, feedback = _worth(part, PERMILLE if sign == "=" else 0)
        if ".." in rest:
            least, most = (decimal_of(one) for one in rest.split("..", 1))
            number = between(least, most, worth, feedback) if least is not None and most is not None else None
        else:
            number = accepted_number(*rest.partition(":")[::2], worth, feedback)
        if number is not None:
            accepted.append(number)
    return replace(question, kind="number", gaps=(Gap("1", "number", tuple(accepted)),)) if accepted else None


def _choices(question: Question, inside: str, is_html: bool) -> Question | None:
    parts = _parts(inside) if _PART.search(inside) else [("=", inside.strip())]
    if not parts:
        return None
    if all(sign == "=" for sign, _ in parts):
        if all(_ARROW.search(part) for _, part in parts):
            return _match(question, [part for _, part in parts], is_html)
        told = [_worth(part, PERMILLE) for _, part in parts]
        accepted = tuple(
            Accepted(plain(_markup(rest, is_html)), share=worth, feedback=said) for worth, rest, said in told
        )
        return replace(question, kind="text", gaps=(Gap("1", "text", accepted),))
    told = [_worth(part, PERMILLE if sign == "=" else 0) for sign, part in parts]
    ids = part_ids(question.id, [rest for _, rest, _ in told])
    options = tuple(
        Option(part, _markup(rest, is_html), worth, said) for part, (worth, rest, said) in zip(ids, told, strict=True)
    )
    is_many = all(sign == "~" for sign, _ in parts)
    return replace(question, kind="choice", options=options, is_many=is_many, is_shuffled=True)


def _match(question: Question, parts: list[str], is_html: bool) -> Question:
    halves = [_ARROW.split(part, maxsplit=1) for part in parts]
    answers = list(dict.fromkeys(_plain(answer).strip() for _, answer in halves))
    ids = dict(zip(answers, part_ids(question.id, answers), strict=True))
    asked = [prompt.strip() for prompt, _ in halves]
    pairs = tuple(
        Pair(part, _markup(prompt, is_html), ids[_plain(answer).strip()])
        for part, prompt, (_, answer) in zip(part_ids(f"{question.id} pair", asked), asked, halves, strict=True)
        if prompt
    )
    return replace(
        question, kind="match", options=tuple(Option(ids[one], from_text(one)) for one in answers), pairs=pairs
    )


def _parts(inside: str) -> list[tuple[str, str]]:
    """Each answer with the sign before it."""
    pieces = _PART.split(inside)
    return [(sign, part.strip()) for sign, part in zip(pieces[1::2], pieces[2::2], strict=True) if part.strip()]


def _worth(part: str, otherwise: int) -> tuple[int, str, str]:
    """What an answer is worth, its words and what is said to it."""
    share = _SHARE.match(part)
    worth = percent(share[1]) if share else otherwise
    rest = part[share.end() :] if share else part
    cut = _FEEDBACK.search(rest)
    words, feedback = (rest[: cut.start()], rest[cut.end() :]) if cut else (rest, "")
    return worth, words.strip(), _markup(feedback, is_html=False) if feedback else ""


def _markup(text: str, is_html: bool) -> str:
    """Each text may say what it is written in; else it is as the question's own words are."""
    kind = _FORMAT.match(text)
    if kind:
        text, is_html = text[kind.end() :], kind[1].lower() in HTML
    said = _plain(text).strip()
    return said if is_html else from_text(said)


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: _LETTERS.get(found[1], found[1]), text)
