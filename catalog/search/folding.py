"""Folding: how words that people write differently become one.

* Letters: small, without Latin accents, Arabic vowel signs, tatweel and what cannot be seen; alef, yeh, kaf, heh and ta
  marbuta in one form each, Persian and Urdu ones too; every script's digits as 0-9. What is no letter is a space.
* Pieces: a word is one piece; scripts that are written without spaces (Khmer, Burmese, Thai, Lao, Chinese, Japanese)
  become overlapping pieces of two clusters, so that a word is found in the middle of a phrase.
* A text and what is asked of it are folded by the same table, letter by letter: so each folded letter knows which
  letter it was (`Folded.places`), and what was found can be marked.
* What makes other pieces than before is a new `FORM`: an index of another form is made again.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

FORM = 1
WORD_LETTERS_MAX = 64
"""Nobody writes a longer word in one piece; programs do."""

_SPACE = " "
_STACKING = "\u1039\u17d2"
"""What puts the next consonant under this one: Burmese and Khmer."""

_NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9fe\uaa60-\uaa7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_RUNS = re.compile(f"[{_NO_SPACES}]+|[0-9]+|[^{_NO_SPACES}0-9]+")
_IS_RUN = re.compile(f"[{_NO_SPACES}]")

_SAME = {
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ک": "ك", "ڪ": "ك", "ة": "ه", "ہ": "ه", "ۃ": "ه", "ھ": "ه",
    "ە": "ه", "ø": "o", "đ": "d", "ł": "l", "œ": "oe", "æ": "ae", "ı": "i", "ð": "d", "þ": "th", "ħ": "h",
}  # fmt: skip
_LATIN_MARKS = range(0x0300, 0x0370)
_ARABIC_MARKS = frozenset({0x0640, 0x0670, *range(0x064B, 0x0660), *range(0x06D6, 0x06EE), *range(0x0610, 0x061B)})
ARTICLES = ("وال", "بال", "فال", "كال", "ال", "لل")
_STEM_LETTERS_MIN = 3


class _Table(dict[int, str]):
    """What each letter folds to; found once, then remembered. There are at most 1.1 million."""

    def __missing__(self, code: int) -> str:
        folded = "".join(_folded(letter) for letter in unicodedata.normalize("NFKD", chr(code)).casefold())
        self[code] = folded
        return folded


_TABLE = _Table()


@dataclass(frozen=True, slots=True)
class Folded:
    """A text folded, and for each of its letters the place in the text where it comes from."""

    text: str
    places: tuple[int, ...]


def fold(text: str) -> str:
    """The text as it is compared: folded words with a space between.

    >>> fold("École, ÉNERGIE: n° ١٠")
    'ecole energie n 10'
    """
    return _SPACE.join(unicodedata.normalize("NFC", text).translate(_TABLE).split())


def folded(text: str) -> Folded:
    """The text folded letter by letter, nothing joined, so that places in it can be told."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        one = _TABLE[ord(letter)]
        letters.append(one)
        places.extend([place] * len(one))
    return Folded("".join(letters), tuple(places))


class Word(NamedTuple):
    """A folded word, and the pieces that stand for it, in order."""

    text: str
    pieces: tuple[str, ...]
    last: str = ""
    """Of a run of clusters the last one, where it is no piece already: words may be that short."""

    @property
    def is_run(self) -> bool:
        """Whether it is of a script without spaces, and may so be a part of a longer one."""
        return is_run(self.text)


def pieces(text: str) -> Iterator[str]:
    """The pieces under which a text is found.

    >>> list(pieces("Water 12")), list(pieces("រូបភាព"))
    (['water', '12'], ['រូប', 'បភា', 'ភាព', 'ព'])
    """
    for word in words(text):
        yield from word.pieces
        if word.last:
            yield word.last


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order; digits within a run are a word of their own.

    >>> [word.text for word in words("ថ្នាក់ទី១០")]
    ['ថ្នាក់ទី', '10']
    """
    for word in unicodedata.normalize("NFC", text).translate(_TABLE).split():
        if word.isascii():
            yield Word(word, (word[:WORD_LETTERS_MAX],))
            continue
        for run in _RUNS.findall(word):
            if not is_run(run):
                stem = _stem(run)
                yield Word(stem, (stem[:WORD_LETTERS_MAX],))
            elif len(clusters := _clusters(run)) > 1:
                yield Word(run, tuple(first + second for first, second in itertools.pairwise(clusters)), clusters[-1])
            else:
                yield Word(run, (run,))


def is_run(word: str) -> bool:
    """Tell whether a folded word begins in a script without spaces."""
    return _IS_RUN.match(word) is not None


def _clusters(run: str) -> list[str]:
    """Consonants, each with its marks and what is stacked under it."""
    clusters: list[str] = []
    is_stacking = False
    for letter in run:
        if clusters and (is_stacking or unicodedata.category(letter)[0] == "M"):
            clusters[-1] += letter
        else:
            clusters.append(letter)
        is_stacking = letter in _STACKING
    return clusters


def _stem(word: str) -> str:
    """An Arabic word without its article."""
    for article in ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= _STEM_LETTERS_MIN:
            return word[len(article) :]
    return word


def _folded(letter: str) -> str:
    code = ord(letter)
    if code in _LATIN_MARKS or code in _ARABIC_MARKS:
        return ""
    match unicodedata.category(letter):
        case "Cf":
            return ""
        case "Nd":
            return str(unicodedata.digit(letter))
        case "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "Mn" | "Mc" | "Me" | "Nl" | "No":
            return _SAME.get(letter, letter)
        case _:
            return _SPACE
