"""Codes: what people type to belong somewhere, and what proves who they are.

* Codes are short, made of capital letters that look and sound like nothing else, and have no vowels: so no rude words.
* Typing is forgiven: small letters, spaces and hyphens do not matter; digits of any script are digits.
* A PIN is four numbers and never one of the first that anybody would try.
* Pictures are three of nine, in order. Both are for learners only, never for teachers or staff.
"""

import base64
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise

from sync.web import sprite
from sync.web.challenge.sheet import draw_code, draw_letters
from sync.web.language import plain_digits

CLASS_CODE_LETTERS = 5
PIN_NUMBERS = 4
PICTURES_CHOSEN = 3
PICTURES = tuple(sprite.PICTURES)
ID_BYTES = 10

RandomBytes = Callable[[int], bytes]


def new_class_code(random_bytes: RandomBytes) -> str:
    """Draw a class code such as KMTRD: about a million, and guesses are slowed down."""
    return draw_letters(random_bytes, CLASS_CODE_LETTERS)


def new_staff_code(random_bytes: RandomBytes) -> str:
    """Draw the code on a box's label, in two groups for reading: KMTRD-XWPCF."""
    return draw_code(random_bytes)


def new_pin(random_bytes: RandomBytes) -> str:
    """Draw a PIN that is not easy to guess."""
    while True:
        pin = f"{int.from_bytes(random_bytes(4)) % 10**PIN_NUMBERS:0{PIN_NUMBERS}d}"
        if not is_easy_pin(pin):
            return pin


def new_id(random_bytes: RandomBytes) -> str:
    """Draw a name for a person or a class: 16 characters that say nothing about them."""
    return base64.b32encode(random_bytes(ID_BYTES)).decode().lower()


def typed_code(text: str) -> str:
    """What was meant by a code as it was typed.

    >>> typed_code(" kmt-rd ")
    'KMTRD'
    """
    return "".join(letter for letter in text.upper() if letter.isalnum())


def typed_pin(text: str) -> str:
    """What was meant by a PIN as it was typed, in the digits of any script.

    >>> typed_pin("٤٧ ١٩")
    '4719'
    """
    return plain_digits("".join(text.split()))


def typed_number(text: str) -> str:
    """What was meant by a student number as it was typed: no spaces, capital letters, plain digits."""
    return typed_pin(text).upper()


def is_pin(text: str) -> bool:
    """Tell whether this is four numbers."""
    return len(text) == PIN_NUMBERS and text.isascii() and text.isdecimal()


def is_easy_pin(pin: str) -> bool:
    """Tell whether a PIN is one number four times, or a run such as 1234 or 9876."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return steps in ({0}, {1}, {-1})


def are_pictures(chosen: Sequence[str]) -> bool:
    """Tell whether these are three of the nine pictures; the same one may come twice, but not three times."""
    return len(chosen) == PICTURES_CHOSEN and set(chosen) <= set(PICTURES) and len(set(chosen)) > 1


def name_key(name: str) -> str:
    """A name without what people leave out when they type it: capitals, accents, short vowels, double spaces.

    >>> name_key("  Éloïse  ADAM ")
    'eloise adam'
    """
    parts = unicodedata.normalize("NFD", " ".join(name.split()).casefold())
    return unicodedata.normalize("NFC", "".join(letter for letter in parts if not _is_left_out(letter)))


def _is_left_out(letter: str) -> bool:
    # Only accents of Latin and Greek and the short vowels of Arabic: elsewhere such signs are letters of the name.
    return "\u0300" <= letter <= "\u036f" or "\u064b" <= letter <= "\u0652"
