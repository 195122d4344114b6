"""The paper: which questions of a bank one attempt asks, in which order, and how its parts are mixed.

* It follows from the bank and a seed alone: the same learner in the same attempt meets the same paper, on any box.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from catalog.digest import sha256
from catalog.questions.bank import Bank, Question


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


def paper_of(bank: Bank, seed: str) -> tuple[Question, ...]:
    """The questions as this attempt asks them."""
    drawn: dict[str, set[str]] = {}
    for pool, count in bank.draws.items():
        members = [one for one in bank.questions if one.pool == pool]
        drawn[pool] = {one.id for one in mixed(members, f"{seed} {pool}")[:count]}
    asked = [one for one in bank.questions if not one.pool or one.id in drawn.get(one.pool, set())]
    if bank.is_shuffled:
        asked = mixed(asked, seed)
    return tuple(_mixed_inside(one, f"{seed} {one.id}") for one in asked)


def mixed(items: Sequence[T], seed: str) -> list[T]:
    """The items in an order that the seed decides."""
    return sorted(items, key=lambda one: sha256(f"{seed} {one.id}".encode()))


def _mixed_inside(question: Question, seed: str) -> Question:
    """What is put in order, or matched, would tell the answer by where it stands."""
    must_mix = question.kind in ("order", "match")
    if not (question.is_shuffled or must_mix):
        return question
    options = tuple(mixed(question.options, seed))
    if question.kind == "order" and options == question.options:
        options = options[::-1]
    return replace(question, options=options)
