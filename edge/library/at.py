"""At: the place in a part of a course that an address names behind `?at=`.

* A second of a film, a page of a document, the path of a page. What is none of these opens at the beginning.
"""

from catalog.manifest import is_safe_path

SECOND_MAX = 1_000_000
PAGE_MAX = 100_000


def second_of(at: str) -> int:
    """A place in a film; 0 where it is none."""
    return _number(at, SECOND_MAX)


def page_of(at: str) -> int:
    """A page of a document; 0 where it is none."""
    return _number(at, PAGE_MAX)


def path_of(at: str) -> str:
    """A page of a lesson; "" where it is none."""
    return at if is_safe_path(at) else ""


def _number(text: str, most: int) -> int:
    is_short = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return int(text) if is_short and int(text) <= most else 0
