"""Faults: what went wrong, by whose fault it is, and what to do next.

* Every error that reaches a person is a `Fault`: one sentence and a hint with the next step.
* The class says whose fault it is (the link's, the content's, the box's, the caller's) and so the exit code.
* Each class has its row in docs/runbook.md; a test reads it.
"""

from typing import ClassVar


class Fault(Exception):
    """Something failed; `hint` tells whoever stands beside the box what to do next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence}\nHint: {self.hint}" if self.hint else self.sentence


class CallerFault(Fault):
    """The one who asked must ask differently: a wrong token, a missing folder, a bad option."""

    exit_code = 2


class ContentFault(Fault):
    """The course material cannot be taken as it is: damaged, hostile or not understood."""

    exit_code = 3


class BoxFault(Fault):
    """This machine cannot do it now: disk full, card failing, another process at work."""

    exit_code = 4


class LinkFault(Fault):
    """The way to the other side failed, or the other side did not answer as a hub does."""

    exit_code = 5


class DiskFull(BoxFault):
    """There is no room for what was about to be written; nothing half-written stays."""


class PlaceRefused(BoxFault):
    """Where something was to be written is no folder, or none that may be written to; another has to be named."""

    exit_code = CallerFault.exit_code


class Damaged(ContentFault):
    """Bytes are not what their name says: expected digest and found digest differ."""
