"""A sitting: one person at one quiz, as a request finds it.

* Which questions are asked, and how they are mixed, follows from the learner and the number of the try.
* Marks are made against the bank as it was published; a paper is only its order.
* Of a guest, a teacher or staff nothing is kept: they have one paper, and what they send in is marked and forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from catalog.fault import ContentFault
from catalog.questions.bank import BANK_BYTES_MAX, Bank, Question
from catalog.questions.marking import Mark, mark, total_permille
from catalog.questions.paper import paper_of
from edge.learning.quiz.tries import Subject, Try
from edge.library.house import House
from edge.library.opened import Opened, tree_of

BANKS_REMEMBERED_MAX = 4


@dataclass(frozen=True, slots=True)
class Sitting:
    """Everything that the pages of one quiz go by."""

    opened: Opened
    bank: Bank
    subject: Subject | None
    """None: somebody of whom nothing is kept."""
    tries: Sequence[Try] = ()
    given: Mapping[str, list[str]] = field(default_factory=dict)
    """What was answered so far in the try that is under way."""

    @property
    def number(self) -> int:
        """Of the try under way, or of the next one."""
        return len(self.tries) + 1

    @property
    def may_try(self) -> bool:
        return not self.bank.attempts or self.number <= self.bank.attempts

    @property
    def last(self) -> Try | None:
        return self.tries[-1] if self.tries else None

    @property
    def shows_right(self) -> bool:
        """Whether right answers may be shown: not to who still has one of a few tries before them."""
        return not self.bank.attempts or not self.may_try

    def paper(self, number: int) -> tuple[Question, ...]:
        """The questions as this try asks them."""
        who = self.subject.learner if self.subject else ""
        return paper_of(self.bank, f"{who} {self.opened.release.course} {self.opened.activity.id} {number}")

    def marks(
        self, questions: Sequence[Question], given: Mapping[str, Sequence[str]], read: Mapping[str, int]
    ) -> dict[str, Mark]:
        """What each answer is worth; `read` is what a teacher gave."""
        found = {}
        for one in questions:
            kept = self.bank.question(one.id) or one
            made = mark(kept, given.get(one.id, []))
            found[one.id] = Mark(read[one.id], made.feedback) if one.id in read else made
        return found

    def permille(self, questions: Sequence[Question], marks: Mapping[str, Mark]) -> int | None:
        """What a try comes to; None while a teacher has to read."""
        shares = {name: one.share for name, one in marks.items() if one.share is not None}
        return total_permille(questions, shares) if len(shares) == len(marks) else None

    def is_passed(self, permille: int | None) -> bool | None:
        return permille >= self.bank.pass_permille if permille is not None and self.bank.pass_permille else None


def sitting_of(house: House, opened: Opened, learner: str) -> Sitting:
    """The quiz that was opened, and where this learner ("": nobody whose answers are kept) is in it.

    Raises ContentFault where its document is damaged.
    """
    bank = bank_of(tree_of(house, opened.release) / opened.activity.path)
    box = house.keeper
    if not learner or box is None:
        return Sitting(opened, bank, None)
    subject = Subject(learner, opened.release.course, opened.release.version, opened.activity.id)
    tries = box.tries.of(subject)
    return Sitting(opened, bank, subject, tries, box.tries.given(subject, len(tries) + 1, bank.questions))


@lru_cache(maxsize=BANKS_REMEMBERED_MAX)
def bank_of(path: Path) -> Bank:
    """The bank in a release's tree; it never changes there. Raises ContentFault where it is damaged or not there."""
    try:
        with path.open("rb") as file:
            return Bank.from_bytes(file.read(BANK_BYTES_MAX + 1))
    except OSError as error:
        raise ContentFault(f"The quiz {path.parent.name} is not here.", "It comes with the next night.") from error
