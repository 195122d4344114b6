"""Aiken: questions with one right answer each, as plain text.

Where does rain come from?
A. From the moon
B. From clouds
ANSWER: B
"""

import re

from catalog.importers.questions.quiz import Found, part_ids, question_id
from catalog.questions.bank import PERMILLE, QUESTIONS_MAX, Option, Question
from catalog.questions.markup import from_text

_OPTION = re.compile(r"\s*([A-Za-z])[.)](\s*)(.*\S)\s*")
_ANSWER = re.compile(r"\s*ANSWER\s*:\s*([A-Za-z])\s*", re.IGNORECASE)


def is_aiken(text: str) -> bool:
    """Tell whether a text begins as Aiken does: words, choices by letter, and the answer's letter."""
    lines = [line for line in text.splitlines() if line.strip()]
    answer = next((index for index, line in enumerate(lines) if _ANSWER.fullmatch(line)), 0)
    return answer >= 3 and all(_OPTION.fullmatch(line) for line in lines[answer - 2 : answer])


def read_aiken(text: str) -> Found:
    """Read all questions; those without a right answer are said."""
    found, taken = Found(), set[str]()
    words: list[str] = []
    choices: list[tuple[str, str]] = []
    for line in text.splitlines():
        answer, option = _ANSWER.fullmatch(line), _OPTION.fullmatch(line)
        if answer:
            _add(found, taken, words, choices, answer[1].upper())
            words, choices = [], []
            if len(found.questions) > QUESTIONS_MAX:
                return found  # no more are taken, and that is said
        elif option and words and _is_next(option, choices):
            choices.append((option[1].upper(), option[3]))
        elif line.strip():
            if choices:
                found.left_out.append(f"“{' '.join(words)[:80]}”: no line says which answer is right.")
                words, choices = [], []
            words.append(line.strip())
    if words or choices:
        found.left_out.append(f"“{' '.join(words)[:80]}”: no line says which answer is right.")
    return found


def _is_next(option: re.Match[str], choices: list[tuple[str, str]]) -> bool:
    """“U.S. history” is no choice: where no space follows the letter, it has to be the next one."""
    return bool(option[2]) or option[1].upper() == chr(ord("A") + len(choices))


def _add(found: Found, taken: set[str], words: list[str], choices: list[tuple[str, str]], right: str) -> None:
    text = "\n".join(words)
    name = question_id(text, taken)
    ids = part_ids(name, [said for _, said in choices])
    options = tuple(
        Option(part, from_text(said), PERMILLE if letter == right else 0)
        for part, (letter, said) in zip(ids, choices, strict=True)
    )
    found.questions.append(Question(name, "choice", from_text(text), options=options, is_shuffled=True))
