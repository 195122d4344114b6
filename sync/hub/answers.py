"""Answers: one report in, one answer out, and the thread that ties them together.

* Every answer carries the nonce of the next report. A report with another nonce is refused, and told the right one:
  a recorded report cannot be played again, and a box that lost the thread picks it up in one more request.
* A repeated report (same id, same bytes: its answer was lost) gets the stored answer, also after a restart of the hub.
* With it go the next events of the campus's own journal, what a restored hub asks back of it, and the news of the
  signed catalogue.
* Events, marks, the stored answer and the next nonce are one transaction: what is acknowledged is committed.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from catalog.digest import digest_of
from sync.batch import BatchRefused
from sync.clock import Clock
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.engine import writing
from sync.hub.fleet import Fleet, Refused, find, note_state, revoked
from sync.hub.intake import Contradicted, Intake, marks_for
from sync.hub.keeping import alarms, backed_up, cards, twins
from sync.hub.keeping.history import History
from sync.hub.offers import Due
from sync.hub.packing import Packing
from sync.hub.trust.catalogue import SignedCatalogue
from sync.plan import first_routes
from sync.wire import Answer, Holding, Report, holdings_of, shelf_digest

PARCELS_MAX = 500
"""As many as one answer names; the rest comes in the plan of the next report."""
ERASURES_MAX = 500
NOTHING = Due([], [])


class Turn(Enum):
    """What a report is in the conversation with its box."""

    NEXT = "next"
    REPEATED = "repeated"
    LOST_THREAD = "lost thread"


class Answers:
    """Answers boxes."""

    def __init__(
        self,
        engine: Engine,
        intake: Intake,
        packing: Packing,
        fleet: Fleet,
        journals: CampusJournals,
        history: History,
        trust: SignedCatalogue,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._intake = intake
        self._packing = packing
        self._fleet = fleet
        self._journals = journals
        self._history = history
        self._trust = trust
        self._clock = clock

    def answer(self, report: Report, body: bytes) -> bytes:
        """Take a report whose signature holds, as it came in `body`; returns what goes back, for the caller to sign.

        Raises Refused; nothing that the report brought is then kept.
        """
        try:
            said = self._answer(report, body)
        except Contradicted as contradicted:
            self._intake.flag(report.box, contradicted.epoch, self._clock.now().wall_seconds)
            raise
        except Refused as refused:
            if refused.code == "nonce":
                now_seconds = self._clock.now().wall_seconds
                cards.thread_lost(self._engine, report.box, report.nonce, refused.nonce, now_seconds)
            raise
        if report.batch or report.given_back:
            self._intake.readout.wake()
        return said

    def _answer(self, report: Report, body: bytes) -> bytes:
        with writing(self._engine) as connection:
            box = find(connection, report.box, is_locking=True)
            if box is None or box.revoked_seconds is not None:
                raise revoked()
            digest = digest_of(body)
            match turn_of(box, report, digest):
                case Turn.REPEATED:
                    return bytes(box.last_answer)
                case Turn.LOST_THREAD:
                    raise Refused(
                        "nonce",
                        "This report does not follow on from the hub's last answer.",
                        "The box repeats it by itself; if this stays so, two boxes may share one key.",
                        box.nonce,
                    )
                case Turn.NEXT:
                    return self._next(connection, box, report, digest)

    def _next(self, connection: Connection, box: Row[Any], report: Report, digest: str) -> bytes:
        try:
            said = self._taken(connection, box, report)
        except Refused as refused:
            # The nonce was not used up: the box may go on with it.
            refused.nonce = box.nonce
            raise
        line = said.to_bytes()
        stored = {
            "nonce": said.nonce,
            "last_request": report.request,
            "last_digest": digest,
            "last_nonce": report.nonce,
            "last_answer": line,
        }
        connection.execute(update(schema.box).where(schema.box.c.id == box.id).values(stored))
        return line

    def _taken(self, connection: Connection, box: Row[Any], report: Report) -> Answer:
        """Take everything that a report brings, and work out what the hub says to it."""
        now_seconds = self._clock.now().wall_seconds
        self._intake.take(connection, box, report, now_seconds)
        note_state(connection, report, now_seconds)
        alarms.judge_clock(connection, report, now_seconds)
        cards.runs_on(connection, box.id, report.hardware, now_seconds)
        renew = twins.heard(connection, box, report.hardware, now_seconds)
        backed_up.heard(connection, box)
        if report.given_back:
            self._take_back(connection, box, report)
        holdings = _holdings(box, report)
        due = NOTHING
        if holdings is not None:
            due = self._packing.due(connection, box.campus, holdings, report.can, comes_again=True)
        now_said = first_routes(due.parcels, PARCELS_MAX)
        return Answer(
            request=report.request,
            nonce=self._fleet.nonce(),
            marks=marks_for(connection, report, backed_up.to_tell(connection, report)),
            plan=now_said,
            wall_seconds=now_seconds,
            wants_holdings=holdings is None,
            more_plan=len(due.parcels) > len(now_said),
            withdrawn=due.withdrawn,
            erased=_erased(connection, report.box),
            asks=[*self._journals.asks(connection, box, report), *self._history.asks(connection, box, report)],
            batch=self._journals.next_batch(connection, box, report),
            metadata=self._trust.metadata_for(connection, report),
            renew=renew,
        )

    def _take_back(self, connection: Connection, box: Row[Any], report: Report) -> None:
        """Take what this hub asked back of what it once said or sent home; what it did not keeps no progress out."""
        with suppress(Refused, BatchRefused), connection.begin_nested():
            home = self._history.given_back(connection, box, report.given_back)
            if home is None:
                self._journals.take_back(connection, box, report.given_back)
                return
            writer, batch = home
            came = replace(report, box=writer.id, batch=batch, pruned=())
            self._intake.take(connection, writer, came, self._clock.now().wall_seconds, is_live=False)


def turn_of(box: Row[Any], report: Report, digest: str) -> Turn:
    """Decide what this report is, from what is stored of the last one."""
    if report.request == box.last_request and report.nonce == box.last_nonce and digest == box.last_digest:
        return Turn.REPEATED
    return Turn.NEXT if report.nonce == box.nonce else Turn.LOST_THREAD


def _holdings(box: Row[Any], report: Report) -> Sequence[Holding] | None:
    """What the box has on its shelf: said now, or known by its digest; None where it has to be asked.

    Raises Refused where the list is not the one that its digest names.
    """
    if report.holdings is None:
        return holdings_of(json.loads(box.holdings)) if report.shelf == box.shelf else None
    if shelf_digest(report.holdings) != report.shelf:
        raise Refused("message", "The box's list of courses and its digest differ.", "Update the box's software.")
    return report.holdings


def _erased(connection: Connection, box: str) -> list[str]:
    notice = schema.erasure_notice
    rows = select(notice.c.learner).where(notice.c.box == box).order_by(notice.c.learner).limit(ERASURES_MAX)
    return list(connection.execute(rows).scalars())
