"""Questions: what somebody typed, as the index is asked.

* What is typed is words and nothing else: no letter of it is syntax, whatever it looks like.
* Every word must be there; one of three letters or more may go on (`water` finds `waterfall`, `பள்ளி` finds `பள்ளியில்`).
* Where no place has all the words, those that have some of them will do; the whole word counts more than its beginning.
"""

from dataclasses import dataclass
from typing import Self

from catalog.search.folding import Word, fold, words

LETTERS_MAX = 200
WORDS_MAX = 12
BEGINNING_LETTERS_MIN = 3
SHORT_LETTERS_MAX = 2
"""Shorter than three letters: looked for inside the words of titles too."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: words, and the whole folded text."""

    words: tuple[Word, ...]
    text: str

    @classmethod
    def of(cls, typed: str) -> Self:
        """Read what was typed; more than a dozen words are left out, and a word said twice is said once."""
        typed = typed[:LETTERS_MAX]
        return cls(tuple(dict.fromkeys(words(typed)))[:WORDS_MAX], fold(typed))

    @property
    def is_empty(self) -> bool:
        return not self.words

    @property
    def is_short(self) -> bool:
        return len(self.text.replace(" ", "")) <= SHORT_LETTERS_MAX

    def all_of_it(self) -> str:
        """As the index is asked for every word."""
        return " AND ".join(_asked(word) for word in self.words)

    def some_of_it(self) -> str:
        """As the index is asked for any of the words."""
        return " OR ".join(_asked(word) for word in self.words)

    def inside(self) -> str:
        """As a part of a title, for `like`; there are no signs in a folded text that would mean anything there."""
        return f"%{self.text}%"


def _asked(word: Word) -> str:
    phrase = f'"{" ".join(word.pieces)}"'
    if word.is_run:
        return f"{phrase} *"
    return f"({phrase} OR {phrase} *)" if len(word.text) >= BEGINNING_LETTERS_MIN else phrase
