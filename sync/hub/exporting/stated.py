"""Stated: statements that packages and tools made at a box, given back by an export.

* With names a statement is as it was. Without names everybody in it, wherever they stand, is an account with a
  pseudonym, the same as in every other table for a learner; and statements have ids by which nobody can look them up.
* What a tool wrote into answers and extensions is not read: an export without names still holds what was said.
* What is no statement, whatever a box sent, is left out.
"""

import json
from collections.abc import Mapping
from typing import Any

from sync.events import LEARNERS_HOME
from sync.hub.exporting.pseudonyms import Pseudonyms
from sync.hub.exporting.rows import Rows, Said

_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_ACTORS = ("Agent", "Group")


def stated(said: Said, rows: Rows, keys: Pseudonyms, home: str) -> dict[str, Any] | None:
    """The statement of an event; None where there is none that can be read."""
    try:
        document = json.loads(said.fields["statement"])
        if not isinstance(document, dict) or not isinstance(document.get("id"), str):
            return None
        told = document if rows.has_names else _Nameless(said.campus, rows, keys, home).statement(document)
        json.dumps(told, ensure_ascii=False, allow_nan=False).encode()  # no half letters, no numbers without end
        return told
    except (ValueError, RecursionError):
        return None


class _Nameless:
    """Puts pseudonyms in the place of everybody in a statement."""

    def __init__(self, campus: str, rows: Rows, keys: Pseudonyms, home: str) -> None:
        self._campus = campus
        self._rows = rows
        self._keys = keys
        self._home = f"{home}campuses/{campus}"

    def statement(self, document: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._of(document), "id": self._id(document["id"])}

    def _of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._of(one) for one in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("objectType")
        if kind in _ACTORS or any(name in value for name in _IDENTIFIERS):
            return self._actor(value)
        if kind == "StatementRef":
            return {**value, "id": self._id(value.get("id"))}
        return {name: self._of(inner) for name, inner in value.items()}

    def _actor(self, actor: Mapping[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"objectType": "Group" if actor.get("objectType") == "Group" else "Agent"}
        if any(name in actor for name in _IDENTIFIERS):
            told["account"] = {"homePage": self._home, "name": self._name(actor)}
        if isinstance(actor.get("member"), list):
            told["member"] = [self._of(one) for one in actor["member"]]
        return told

    def _name(self, actor: Mapping[str, Any]) -> str:
        account = actor.get("account")
        if isinstance(account, dict) and account.get("homePage") == LEARNERS_HOME:
            return self._rows.learner(self._campus, str(account.get("name")))
        known = json.dumps([actor.get(name) for name in _IDENTIFIERS], sort_keys=True)
        return self._keys.of("outsider", self._campus, known)

    def _id(self, name: Any) -> str:
        return self._keys.uuid("stated", str(name).lower())
