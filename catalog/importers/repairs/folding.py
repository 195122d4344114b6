"""Folding: one way to ask whether two names differ in nothing but capitals and how a letter is composed."""

import unicodedata


def folded(path: str) -> str:
    """The name in small letters, composed. One that is so already is given back itself: a list of names may be long.

    >>> folded("IMG/Cafe\u0301.PNG") == folded("img/caf\u00e9.png")
    True
    """
    small = unicodedata.normalize("NFC", path.casefold())
    return path if small == path else small
