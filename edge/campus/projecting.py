"""Projecting: what other writers said, read out into this box's own tables, in the transaction that takes it.

* The hub's journal for this campus makes classes and learners, says what is announced and assigned, proposes and
  decides. What this box owns it changes in nothing: a proposal waits until somebody here decides.
* The journal of a box that this one replaces brings its classes, its learners and how far they came. A place goes
  forward, never back; an answer that was given here stays.
* Whom the hub erased is forgotten here too, and what was said of them goes.
* The order of arrival does not matter: what waits for something else is put in when that comes.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from catalog.db import Connection, Database
from edge.campus import roster, words
from edge.people.people import People
from sync import enrolment
from sync.campus.ownership import Side, Word, word_of
from sync.events import Event, fields_of
from sync.journal import Journal

if TYPE_CHECKING:
    from sync.batch import Batch


class Projecting:
    """Reads out what this box follows."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        people: People,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._database = database
        self._journal = journal
        self._people = people
        self._random_bytes = random_bytes

    def project(self, connection: Connection, batch: "Batch") -> None:
        """Read one batch out, inside the caller's write."""
        pinned = enrolment.pinned(self._database)
        is_hub = pinned is not None and batch.box == pinned.campus
        for event in batch.events:
            if event.kind == "erased":
                self._erase(connection, event.learner)
            elif event.payload is not None:
                self._said(connection, Side.HUB if is_hub else Side.CAMPUS, event)

    def _said(self, connection: Connection, side: Side, event: Event) -> None:
        if event.learner and self._is_erased(connection, event.learner):
            return
        word = word_of(side, event)
        if word is not None:
            self._heard(connection, word, event)
        elif event.learner and (fields := fields_of(event)) is not None:
            # Loaded where a box takes another's place.
            from edge.campus import history

            history.take_in(connection, event, fields)

    def _heard(self, connection: Connection, word: Word, event: Event) -> None:
        """Keep a word; where it stands, make it so."""
        if not words.keep(connection, word) or words.fact(connection, word.about, word.id) != word:
            return
        if word.about == "class":
            roster.put_class(connection, word, self._random_bytes)
            self._let_in(connection, word.id)
        elif word.about == "learner":
            roster.keep_key(connection, word.id, (fields_of(event) or {}).get("key", ""))
            roster.put_learner(connection, word.id, dict(word.says))

    def _let_in(self, connection: Connection, classroom: str) -> None:
        """Put the learners in who waited for their class."""
        known = {row["person"] for row in connection.execute("select person from person where kind = 'learner'")}
        for name in {word.id for word in words.about(connection, "learner")} - known:
            fact = words.fact(connection, "learner", name)
            if fact is not None and fact.says.get("class") == classroom:
                roster.put_learner(connection, name, dict(fact.says))

    def _is_erased(self, connection: Connection, learner: str) -> bool:
        return connection.execute("select 1 from erased where learner = ?", [learner]).fetchone() is not None

    def _erase(self, connection: Connection, learner: str) -> None:
        # Known already, it is not said again: two cards of one box would tell each other for ever.
        if learner and not self._is_erased(connection, learner):
            self._journal.erase(connection, learner)
            self._people.forget(connection, learner)
