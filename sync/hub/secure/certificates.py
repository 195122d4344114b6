"""Certificates: from what a box asks for to the word in its campus's journal.

* Only a box that belongs here and is in service gets one, for its own name in the hub's zone and for nothing else: what
  asks for more is refused before any authority hears of it, and stands as an alarm.
* An order is written down before it is made, so that two processes, or a hub that falls, never ask twice at once.
* What the authority gives is judged like everything else from outside: for this name and this key, or not at all.
* Certificate and word to the campus are one transaction: it travels by the next session, or on the next stick.
* An order that fails is an alarm in words, and stops nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, select, update

from catalog.fault import Fault
from sync.campus.ownership import Side
from sync.certificates import (
    CERTIFICATE,
    GIVEN,
    ZONE,
    CertificateRefused,
    chain_in,
    request_in,
    secure_name,
    zone_ruled,
)
from sync.clock import Clock
from sync.hub import schema
from sync.hub.campus.journals import CampusJournals
from sync.hub.campus.words import words_about
from sync.hub.engine import insert, reading, writing
from sync.hub.keeping.alarms import Kind, raise_alarm, settle
from sync.hub.secure.authority import ACCOUNT_FILE, Acme, Authority
from sync.hub.secure.names import Hook
from sync.hub.secure.settings import Settings, zone_now
from sync.hub.secure.turns import WEEK_SECONDS, Order, Waiting, turns


@dataclass(frozen=True, slots=True)
class Standing:
    """One box in service and its certificate. `ends_seconds`: None where it has none for what it asks now."""

    box: str
    called: str
    name: str
    has_asked: bool
    ends_seconds: int | None
    fault: str
    """What was in the way of the last order; "" where nothing was."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one box's turn."""

    box: str
    name: str
    ends_seconds: int | None = None
    fault: str = ""


class Certificates:
    """Gets certificates for the boxes of one hub."""

    def __init__(self, engine: Engine, data: Path, journals: CampusJournals, clock: Clock) -> None:
        self._engine = engine
        self._data = data
        self._journals = journals
        self._clock = clock

    def tell(self, connection: Connection, campus: str) -> None:
        """Say to a campus under which zone its boxes have names, where that is new; in the answer's transaction."""
        zone = zone_now(self._data)
        if zone is None:
            return
        own = [word for word in words_about(connection, campus, "policy") if word.id == ZONE]
        if zone_ruled(own) != zone:
            edit = max((word.edit for word in own), default=-1) + 1
            self._journals.append(connection, campus, "policy", {"name": ZONE, "value": zone, "edit": edit})

    def standing(self) -> list[Standing]:
        """Every box in service, by name."""
        zone = zone_now(self._data) or ""
        with reading(self._engine) as connection:
            faults = {row.box: row.fault for row in _orders(connection, self._now() - WEEK_SECONDS)}
            return [
                Standing(
                    row.id, row.name, secure_name(row.id, zone) if zone else "", row.request is not None,
                    row.ends_seconds if _is_for_this(row, zone) else None, faults.get(row.id, ""),
                )
                for row in _boxes(connection)
            ]  # fmt: skip

    def renew(self, settings: Settings | None = None, authority: Authority | None = None) -> list[Done]:
        """Order what is due now, one after the other. Returns what came of it; [] where there is nothing to do.

        Raises CallerFault where the settings cannot be read.
        """
        settings = settings or Settings.read(self._data)
        if not settings.zone or (authority is None and not settings.is_whole):
            return []
        due = self._due(settings.zone)
        asked = authority or (self._authority(settings) if due else None)
        return [self._order(row, secure_name(row.id, settings.zone), asked) for row in due] if asked else []

    def _authority(self, settings: Settings) -> Authority:
        names = Hook(Path(settings.dns_hook))
        account = self._data / ACCOUNT_FILE
        return Acme(settings.acme, names, account, contact=settings.contact, ca_file=settings.ca_file)

    def _due(self, zone: str) -> list[Row[Any]]:
        """The boxes whose turn it is, their orders begun; whoever asks for what is not theirs is refused here."""
        now_seconds = self._now()
        with writing(self._engine) as connection:
            boxes = {row.id: row for row in _boxes(connection) if row.request is not None}
            waiting = [_waiting(row, zone) for row in boxes.values() if self._may_ask(connection, row, zone)]
            before = _orders(connection, now_seconds - WEEK_SECONDS)
            orders = [
                Order(row.box, row.moment_seconds, row.is_filled == 1, row.box in boxes and
                      row.request == boxes[row.box].request) for row in before
            ]  # fmt: skip
            due = [boxes[name] for name in turns(waiting, orders, now_seconds)]
            for row in due:
                begun = {"box": row.id, "request": row.request, "moment_seconds": now_seconds}
                connection.execute(schema.certificate_order.insert().values(**begun, is_filled=0, fault=""))
            old = schema.certificate_order.c.moment_seconds < now_seconds - WEEK_SECONDS
            connection.execute(delete(schema.certificate_order).where(old))
        return due

    def _may_ask(self, connection: Connection, row: Row[Any], zone: str) -> bool:
        try:
            request_in(row.request, secure_name(row.id, zone))
        except CertificateRefused:
            raise_alarm(connection, row.id, Kind.CERTIFICATE_REFUSED, self._now())
            return False
        settle(connection, row.id, Kind.CERTIFICATE_REFUSED, self._now())
        return True

    def _order(self, row: Row[Any], name: str, authority: Authority) -> Done:
        from cryptography.hazmat.primitives.serialization import Encoding

        try:
            request = request_in(row.request, name)
            chain = authority.certificate(request.public_bytes(Encoding.PEM))
            good = chain_in(chain, name, request.public_key())  # type: ignore[arg-type]  # its curve was judged
        except Fault as fault:
            self._failed(row.id, fault)
            return Done(row.id, name, fault=fault.sentence)
        with writing(self._engine) as connection:
            now = connection.execute(select(schema.box).where(schema.box.c.id == row.id)).one()
            if now.revoked_seconds is not None:
                return Done(row.id, name, fault="The box was taken out of service meanwhile.")
            values = {"name": name, "request": row.request, "begins_seconds": good.begins_seconds,
                      "ends_seconds": good.ends_seconds}  # fmt: skip
            statement = insert(connection, schema.certificate).values(box=row.id, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["box"], set_=values))
            _end_order(connection, row.id, is_filled=1)
            self._give(connection, row.campus, row.id, chain)
            settle(connection, row.id, Kind.CERTIFICATE_FAILED, self._now())
        return Done(row.id, name, good.ends_seconds)

    def _give(self, connection: Connection, campus: str, box: str, chain: str) -> None:
        words = words_about(connection, campus, CERTIFICATE)
        edits = [word.edit for word in words if word.id == box and word.side is Side.HUB]
        said = {"box": box, "chain": chain, "edit": max(edits, default=-1) + 1}
        self._journals.append(connection, campus, GIVEN, said)

    def _failed(self, box: str, fault: Fault) -> None:
        now_seconds = self._now()
        with writing(self._engine) as connection:
            _end_order(connection, box, fault=f"{fault.sentence} {fault.hint}")
            tries = sum(row.box == box and not row.is_filled for row in _orders(connection, now_seconds - WEEK_SECONDS))
            raise_alarm(connection, box, Kind.CERTIFICATE_FAILED, now_seconds, tries=tries)

    def _now(self) -> int:
        return self._clock.now().wall_seconds


def _boxes(connection: Connection) -> Sequence[Row[Any]]:
    """The boxes in service, with what they ask and what the hub has for them."""
    box, asked, held = schema.box, schema.certificate_request, schema.certificate
    query: Select[Any] = (
        select(
            box.c.id, box.c.name, box.c.campus, asked.c.request, held.c.name.label("certified_name"),
            held.c.request.label("certified_request"), held.c.begins_seconds, held.c.ends_seconds,
        )
        .select_from(box.outerjoin(asked, asked.c.box == box.c.id).outerjoin(held, held.c.box == box.c.id))
        .where(box.c.revoked_seconds.is_(None))
        .order_by(box.c.name, box.c.id)
    )  # fmt: skip
    return connection.execute(query).all()


def _is_for_this(row: Row[Any], zone: str) -> bool:
    """Whether what the hub has is for what the box asks now."""
    is_same = row.certified_request is not None and row.certified_request == row.request
    return is_same and row.certified_name == secure_name(row.id, zone)


def _waiting(row: Row[Any], zone: str) -> Waiting:
    return Waiting(row.id, row.begins_seconds, row.ends_seconds) if _is_for_this(row, zone) else Waiting(row.id)


def _orders(connection: Connection, since_seconds: int) -> Sequence[Row[Any]]:
    """The orders since then, the oldest first."""
    order = schema.certificate_order
    return connection.execute(select(order).where(order.c.moment_seconds >= since_seconds).order_by(order.c.id)).all()


def _end_order(connection: Connection, box: str, *, is_filled: int = 0, fault: str = "") -> None:
    order = schema.certificate_order
    last = select(order.c.id).where(order.c.box == box).order_by(order.c.id.desc()).limit(1).scalar_subquery()
    connection.execute(update(order).where(order.c.id == last).values(is_filled=is_filled, fault=fault))
