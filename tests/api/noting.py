"""Notes which fields of a form or an address each view really reads, while it is driven."""

import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import jinja2
import werkzeug
from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict

from sync.web.takes import Takes, taken_by
from sync.web.visits import CSRF_FIELD, WRITES

Reads = dict[str, set[tuple[str, str]]]
"""By endpoint: the part of the request (form, query or files) and the name read in it."""

BETWEEN = (*tuple(str(Path(file).parent) for file in (werkzeug.__file__, jinja2.__file__)), __file__)
"""The sources through which a view or a page reaches a field."""

EVERYWHERE = {("form", CSRF_FIELD), ("query", "lang")}
"""What the common ground of all pages reads."""


def note_reads(app: Flask) -> Reads:
    """Have this application note what its views read, from now on."""
    reads: Reads = defaultdict(set)
    former: type[Request] = app.request_class

    class NotingRequest(former):  # type: ignore[misc, valid-type]
        """A request that tells who reads what of it."""

        @property
        def form(self) -> Any:
            return _Noting(super().form, self._noted("form" if self.method in WRITES else ""))

        @property
        def files(self) -> Any:
            return _Noting(super().files, self._noted("files"))

        @property
        def args(self) -> Any:
            return _Noting(super().args, self._noted("query"))

        def _noted(self, part: str) -> Callable[[str], None]:
            def note(name: str) -> None:
                # A request that brings no form has none to read.
                if part and self.endpoint and (part, name) not in EVERYWHERE and not _is_template():
                    reads[self.endpoint].add((part, name))

            return note

    app.request_class = NotingRequest
    return reads


def undeclared(app: Flask, reads: Reads) -> dict[str, set[tuple[str, str]]]:
    """What was read without being declared beside the view."""
    found = {endpoint: names - declared(taken_by(app.view_functions[endpoint])) for endpoint, names in reads.items()}
    return {endpoint: names for endpoint, names in found.items() if names}


def declared(taken: Takes) -> set[tuple[str, str]]:
    parts = {"form": taken.form, "query": taken.query, "files": taken.files}
    return {(part, name) for part, names in parts.items() for name in names}


class _Noting(ImmutableMultiDict[str, Any]):
    """Fields, as they came, that tell when one is asked for."""

    def __init__(self, fields: Any, note: Callable[[str], None]) -> None:
        super().__init__(fields)
        self._note = note

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._note(str(name))
        return super().__contains__(name)

    def get(self, name: str, *rest: Any, **more: Any) -> Any:
        self._note(name)
        return super().get(name, *rest, **more)

    def getlist(self, name: str, *rest: Any, **more: Any) -> Any:
        self._note(name)
        return super().getlist(name, *rest, **more)


def _is_template() -> bool:
    """Whether a page asks that is being made: it fills in what was written, also in its other forms."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(BETWEEN):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.endswith(".html")
