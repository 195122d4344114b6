"""Accepted numbers: an answer and how far from it is near enough, as the least and the greatest that count."""

import re
from decimal import Decimal, InvalidOperation

from catalog.questions.bank import PERMILLE, Accepted

_PLAIN = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?")


def decimal_of(text: str) -> Decimal | None:
    """A number as formats write it; None where it is none."""
    plain = text.strip().replace(",", ".")
    try:
        return Decimal(plain) if _PLAIN.fullmatch(plain) else None
    except InvalidOperation:
        return None


def accepted_number(answer: str, tolerance: str = "", share: int = PERMILLE, feedback: str = "") -> Accepted | None:
    """What counts as this number; None where it is none. `*` is any number.

    >>> accepted_number("3.5", "0.1").most
    '3.6'
    """
    if answer.strip() == "*":
        return Accepted("*", share=share, feedback=feedback)
    middle, near = decimal_of(answer), decimal_of(tolerance or "0")
    if middle is None:
        return None
    near = abs(near) if near is not None else Decimal(0)
    return between(middle - near, middle + near, share, feedback)


def between(least: Decimal, most: Decimal, share: int = PERMILLE, feedback: str = "") -> Accepted:
    low, high = sorted((least, most))
    return Accepted(_written(low), _written(high) if high != low else "", share, feedback)


def _written(number: Decimal) -> str:
    return format(number.normalize(), "f") if abs(number.adjusted()) < 30 else str(number)
