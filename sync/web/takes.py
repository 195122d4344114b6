"""What a view takes: the fields of its form and of its address, declared beside it.

* The declaration is read by the document of the pages (`sync/web/openapi.py`), and tests hold each view to it: whatever
  a view reads is declared, and whatever is declared is read.
* It says names only. What may stand in a field the view itself judges, and says in words what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

OCTETS = "application/octet-stream"
PAGE = "text/html"
JSON = "application/json"
EVENTS = "text/event-stream"
ANYTHING = "*/*"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Takes:
    """What comes with a request, and what goes back when all is well."""

    form: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    body: str = ""
    """The media type of a body that is no form."""
    gives: str = PAGE
    is_signed: bool = False
    """Whether the request proves a box by its key; then there is no session."""
    is_keyed: bool = False
    """Whether a tool proves itself by a key of its own (HTTP Basic); then there is no session either."""


def takes(
    *form: str,
    query: tuple[str, ...] = (),
    files: tuple[str, ...] = (),
    body: str = "",
    gives: str = PAGE,
    is_signed: bool = False,
    is_keyed: bool = False,
) -> Callable[[View], View]:
    """Declare what a view takes; what every page takes (`csrf`, `lang`) goes without saying. Stands nearest to it."""
    declared = Takes(form, query, files, body, gives, is_signed, is_keyed)

    def decorate(view: View) -> View:
        view.takes = declared  # type: ignore[attr-defined]
        return view

    return decorate


def taken_by(view: Callable[..., Any]) -> Takes:
    """What was declared beside this view; one without a declaration takes nothing."""
    declared = getattr(view, "takes", None)
    return declared if isinstance(declared, Takes) else Takes()
