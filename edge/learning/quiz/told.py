"""Answers as a teacher reads them: the question's words and what was answered, not ids.

* What is no quiz's answer, or of a question that is not there any more, stands as it was kept.
"""

from collections.abc import Iterable, Iterator

from catalog.fault import ContentFault
from catalog.manifest import Activity, Release
from catalog.questions.bank import Bank
from catalog.questions.markup import plain
from edge.box import Box
from edge.learning.learning import Answer
from edge.learning.quiz.asked import said_in
from edge.learning.quiz.sitting import bank_of
from edge.learning.quiz.tries import number_of, read_given
from edge.library.opened import tree_of
from sync.web.language import gettext

WORDS_LETTERS_MAX = 120


def told(box: Box, release: Release, answers: Iterable[Answer]) -> Iterator[Answer]:
    """The answers of a course in words."""
    banks: dict[str, Bank | None] = {}
    for one in answers:
        activity = release.activity(one.activity)
        if activity is not None and activity.id not in banks:
            banks[activity.id] = _bank(box, release, activity)
        bank = banks.get(one.activity)
        yield _in_words(one, bank) if bank is not None else one


def _in_words(answer: Answer, bank: Bank) -> Answer:
    name, number = number_of(answer.item)
    question = bank.question(name)
    if question is None:
        return answer
    item = plain(question.text)[:WORDS_LETTERS_MAX] or question.name
    if number > 1:
        item = gettext("%(item)s (try %(num)s)", item=item, num=number)
    said = gettext(" · ").join(said_in(question, read_given(question, answer.answer)))
    return Answer(answer.activity, item, said, answer.at_seconds)


def _bank(box: Box, release: Release, activity: Activity) -> Bank | None:
    if activity.kind != "quiz":
        return None
    try:
        return bank_of(tree_of(box, release) / activity.path)
    except ContentFault:
        return None
