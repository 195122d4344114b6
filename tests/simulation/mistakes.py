"""Mistakes: ways in which box or hub could be wrong, to be planted on purpose. The worlds must find each of them.

* A mistake is the real code with one care left out, the one that its name says.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

import tests.wire
from catalog.batch import Batch
from catalog.db import Connection, Database
from edge.campus import campus
from edge.campus.campus import Campus
from edge.nights.ledger import Ledger
from sync import continuation, signing
from sync.campus.ownership import Proposal, Side, beside
from sync.exchange import Exchange
from sync.hub import answers, intake, projections, readout
from sync.hub.campus import roster
from sync.hub.campus.roster import Roster
from sync.hub.keeping import cards, forgotten, history
from sync.hub.trust.catalogue import SignedCatalogue
from sync.journal import Journal
from sync.receiving import spool
from sync.receiving.shelving import Shelving
from sync.wire import Mark

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

MISTAKES: dict[str, Plant] = {}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The mistake is there while the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        MISTAKES[name](patch)
        yield


def mistake(name: str) -> Callable[[Plant], Plant]:
    """Register a mistake under what a box or hub does that makes it."""
    return lambda plant: MISTAKES.setdefault(name, plant)


@mistake("the box believes an answer that nobody signed")
def _unsigned(patch: Patch) -> None:
    patch.setattr(signing, "verify_answer", lambda *_: None)


@mistake("the box moves its marks as it speaks")
def _marks_at_the_box(patch: Patch) -> None:
    held = Exchange._held

    def hasty(exchange: Exchange, compose: Any) -> bytes:
        body = held(exchange, compose)
        report = tests.wire.Report.from_bytes(body)
        marks = [Mark(head.epoch, head.sequence, -1) for head in report.heads]
        exchange._database.write(
            lambda connection: connection.conn.executemany(
                "update epoch set taken = ? where epoch = ?", [(mark.taken, mark.epoch) for mark in marks]
            )
        )
        return body

    patch.setattr(Exchange, "_held", hasty)


@mistake("the box never lets a mark go back")
def _marks_forward(patch: Patch) -> None:
    patch.setattr(Journal, "take_marks", Journal.raise_marks)


@mistake("the box shows a tick before the commit")
def _tick_before_commit(patch: Patch) -> None:
    write, commit = Database.write, Database._commit

    def hasty(database: Database, work: Callable[[Connection], Any]) -> Any:
        if not work.__qualname__.startswith("Learning."):
            return write(database, work)
        if not database._writer.conn.in_transaction:
            database._writer.execute("begin immediate")
        return work(database._writer)

    def late(database: Database, works: Any) -> None:
        if database._writer.conn.in_transaction:
            database._writer.execute("commit")
        commit(database, works)

    patch.setattr(Database, "write", hasty)
    patch.setattr(Database, "_commit", late)


@mistake("the box writes its spool and does not make it last")
def _no_fsync(patch: Patch) -> None:
    def forgetful(file: BinaryIO) -> None:
        file.flush()

    patch.setattr(spool, "sync_file", forgetful)


@mistake("the box puts a release on its shelf before its files are on the disk")
def _shelved_early(patch: Patch) -> None:
    keep = Shelving.keep

    def hasty(shelving: Shelving, batch: Batch, release: Any, layer: Any, is_hop: bool = False) -> None:
        place = batch.place
        batch.place = lambda: setattr(batch, "_is_placed", True)  # type: ignore[method-assign]
        keep(shelving, batch, release, layer, is_hop)
        batch._is_placed = False
        place()

    patch.setattr(Shelving, "keep", hasty)


@mistake("the box takes an older release for a newer one")
def _older(patch: Patch) -> None:
    patch.setattr(Shelving, "is_older", lambda *_: False)


@mistake("the box does not count what it moves")
def _uncounted(patch: Patch) -> None:
    patch.setattr(Ledger, "book", lambda *_, **__: None)


@mistake("the box leaves packs in its spool that nobody needs")
def _untidy(patch: Patch) -> None:
    patch.setattr(spool.Spool, "drop", lambda *_: None)


@mistake("the hub takes events again that it has")
def _twice(patch: Patch) -> None:
    patch.setattr(intake, "continued", lambda batch, taken, last: batch)


@mistake("the hub takes events though some before them are missing")
def _gap(patch: Patch) -> None:
    careful = continuation.continued

    def hasty(batch: Any, taken: int, last: bytes) -> Any:
        return batch if batch.first_sequence > taken + 1 else careful(batch, taken, last)

    patch.setattr(intake, "continued", hasty)


@mistake("the hub acknowledges what it has heard of, not what it has")
def _acknowledged_early(patch: Patch) -> None:
    def hasty(connection: Any, report: Any, also: Any = ()) -> list[Mark]:
        return [Mark(head.epoch, head.sequence, -1) for head in report.heads]

    patch.setattr(answers, "marks_for", hasty)


@mistake("the hub does not filter what comes of the erased")
def _unfiltered(patch: Patch) -> None:
    patch.setattr(intake.Intake, "_filtered", lambda self, connection, box, batch: batch)


@mistake("the hub does not flag a copied card")
def _unflagged(patch: Patch) -> None:
    patch.setattr(cards, "_new_flags", lambda *_: [])


@mistake("the hub takes every epoch of a box for a copied card")
def _flags_everything(patch: Patch) -> None:
    patch.setattr(cards, "forked", list)


@mistake("the hub shows what came last, not what is furthest")
def _not_furthest(patch: Patch) -> None:
    patch.setattr(projections, "_greater", lambda new, old: new)


@mistake("the hub forgets to read out what came before it was killed")
def _not_read_out(patch: Patch) -> None:
    patch.setattr(readout.Readout, "catch_up", lambda self: 0)


@mistake("the hub forgets that its keys were replaced after the backup")
def _keys_forgotten(patch: Patch) -> None:
    patch.setattr(SignedCatalogue, "_catch_up_with_boxes", lambda *_: None)
    patch.setattr(SignedCatalogue, "_hear_what_is_believed", lambda *_: None)


@mistake("the hub hears boxes that are out of service")
def _unrevoked(patch: Patch) -> None:
    find = answers.find

    def forgiving(*arguments: Any, **options: Any) -> Any:
        row = find(*arguments, **options)
        return row and SimpleNamespace(**{**row._mapping, "revoked_seconds": None})

    patch.setattr(answers, "find", forgiving)


@mistake("a proposal is shown beside what was when it was made")
def _stale(patch: Patch) -> None:
    def stale(proposals: Any, facts: Any) -> list[Proposal]:
        return [replace(one, now=one.was) for one in beside(proposals, facts)]

    patch.setattr(roster, "beside", stale)
    patch.setattr(campus, "beside", stale)


@mistake("what was accepted takes the place of whatever is there by now")
def _unseen(patch: Patch) -> None:
    at_hub, at_box = Roster.decide, Campus.decide

    def hub(self: Roster, of: str, proposal: str, is_accepted: bool, seen: str) -> None:
        now = [one.now for one in self.proposals(of) if one.id == proposal]
        at_hub(self, of, proposal, is_accepted, now[0] if now else seen)

    def box(self: Campus, proposal: str, is_accepted: bool, seen: str) -> None:
        now = [one.now for one in self.proposals(Side.HUB) if one.id == proposal]
        at_box(self, proposal, is_accepted, now[0] if now else seen)

    patch.setattr(Roster, "decide", hub)
    patch.setattr(Campus, "decide", box)


@mistake("the hub keeps for itself what a card that was put back had lost")
def _nothing_home(patch: Patch) -> None:
    patch.setattr(history, "_lost_by", lambda *_: None)


@mistake("the hub is put back and passes over the list of the erased")
def _list_passed_over(patch: Patch) -> None:
    patch.setattr(forgotten, "read", lambda _: [])


@mistake("the hub says that a name is changed, and every box and it go on with the old one")
def _reverts(patch: Patch) -> None:
    patch.setattr(Roster, "_say_anew", lambda *_: None)
