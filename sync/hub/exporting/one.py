"""One learner: everything that the hub holds of a person, for that person, in one file.

* A zip of three things: the whole as JSON, what happened as CSV, and a page in plain words that says what is inside.
* Everything that a batch says of the learner is in it, whatever its kind; nothing of anybody else is.
* Who asked for it is in the audit log.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, select

from catalog import durable
from catalog.fault import CallerFault, ContentFault
from catalog.manifest import parsed
from sync.batch import decode
from sync.clock import Clock
from sync.hub import schema
from sync.hub.engine import reading, writing
from sync.hub.exporting.files import cell
from sync.hub.keeping import audit
from sync.hub.keeping.erasing import is_known, unknown
from sync.hub.readout import Readout

_EVENT_COLUMNS = ("box", "epoch", "sequence", "kind", "moment_seconds", "is_clock_trusted", "says")
_WORDS = """Everything that this hub holds of one learner.

learner.json  all of it: who the learner is here, how far each activity has come, every event, what the hub told boxes
events.csv    the events again, for a spreadsheet; the moment is in seconds since 1970, by the box's clock

Learner:  {learner}
Campus:   {campus}
Name:     {name}
Events:   {events}
Erased:   {erased}

Erasing it is one button of the hub's staff on the learner's page, or of the teacher at the box.
"""


def export_one(
    engine: Engine, readout: Readout, clock: Clock, campus: str, learner: str, target: Path, who: str
) -> int:
    """Write everything of one learner to the new file `target`. Returns how many events that are.

    Raises LearnerUnknown, CallerFault where the file is there already, DiskFull or BoxFault.
    """
    if target.exists():
        raise CallerFault(f"{target.name} is there already.", "Name a new file.")
    try:
        with durable.replacing(target, 0o600) as file:
            return hand_out(engine, readout, clock, campus, learner, file, who)
    except OSError as error:
        raise durable.disk_fault(error, target) from error


def hand_out(
    engine: Engine, readout: Readout, clock: Clock, campus: str, learner: str, file: IO[bytes], who: str
) -> int:
    """Write everything of one learner into `file`. Returns how many events that are. Raises LearnerUnknown."""
    readout.catch_up()
    with writing(engine) as connection:
        if not is_known(connection, campus, learner):
            raise unknown()
        about = {"campus": campus, "learner": learner}
        audit.note(connection, who, "exported-learner", about, clock.now().wall_seconds)
    with reading(engine) as connection:
        document = everything(connection, campus, learner)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("learner.json", json.dumps(document, ensure_ascii=False, indent=1))
        zipped.writestr("events.csv", _csv(document["events"]))
        zipped.writestr("read-me.txt", _words(document))
    return len(document["events"])


def everything(connection: Connection, campus: str, learner: str) -> dict[str, Any]:
    """All that this hub holds of a learner, as one document."""
    learners, progress, erased = schema.learner, schema.progress, schema.erased
    who = connection.execute(select(learners).where(learners.c.campus == campus, learners.c.learner == learner)).first()
    places = connection.execute(
        select(progress)
        .where(progress.c.campus == campus, progress.c.learner == learner)
        .order_by(progress.c.course, progress.c.activity)
    )
    result = schema.result
    results = connection.execute(
        select(result)
        .where(result.c.campus == campus, result.c.learner == learner)
        .order_by(result.c.course, result.c.activity)
    )
    gone = connection.execute(
        select(erased.c.erased_seconds).where(erased.c.campus == campus, erased.c.learner == learner)
    ).scalar_one_or_none()
    left_out = ("campus", "learner", "stamp", "key")
    return {
        "learner": learner,
        "campus": campus,
        "erased_seconds": gone,
        "person": None if who is None else _shown(who._asdict(), left_out),
        "progress": [_shown(row._asdict(), left_out) for row in places],
        "results": [_shown(row._asdict(), left_out) for row in results],
        "also_studies_at": _places(connection, campus, learner),
        "said_by_hub": _said_by_hub(connection, campus, learner),
        "events": list(_events(connection, campus, learner)),
    }


def _places(connection: Connection, campus: str, learner: str) -> list[str]:
    """The other campuses of this hub that know the learner."""
    also = schema.also_studies
    rows = connection.execute(select(also.c.campus, also.c.home).where(also.c.learner == learner)).all()
    return sorted({place for row in rows for place in (row.campus, row.home)} - {campus})


def _said_by_hub(connection: Connection, campus: str, learner: str) -> list[dict[str, Any]]:
    """What the hub told the campus's boxes of this learner."""
    event = schema.campus_event
    of_learner = (event.c.campus == campus, event.c.learner == learner, event.c.payload.is_not(None))
    rows = connection.execute(select(event).where(*of_learner).order_by(event.c.wall_seconds, event.c.sequence))
    return [{"kind": row.kind, "moment_seconds": row.wall_seconds, "says": _says(bytes(row.payload))} for row in rows]


def _events(connection: Connection, campus: str, learner: str) -> Iterator[dict[str, Any]]:
    index, batch = schema.batch_learner, schema.batch
    numbers = select(index.c.batch).where(index.c.campus == campus, index.c.learner == learner).order_by(index.c.batch)
    for number in connection.execute(numbers).scalars().all():
        row = connection.execute(select(batch.c.box, batch.c.body).where(batch.c.id == number)).one()
        for event in decode(row.body).events:
            if event.learner == learner and event.payload is not None:
                moment = (event.wall_seconds, int(event.is_trusted))
                own = (row.box, event.epoch, event.sequence, event.kind, *moment, _says(event.payload))
                yield dict(zip(_EVENT_COLUMNS, own, strict=True))


def _says(payload: bytes) -> dict[str, Any]:
    """A payload, without the key that salts its hash: that is no word of the learner's."""
    try:
        fields = parsed(payload, dict)
    except ContentFault:
        return {"text": payload.decode(errors="replace")}
    return {name: value for name, value in fields.items() if name != "key"}


def _shown(row: dict[str, Any], left_out: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in left_out}


def _csv(events: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_EVENT_COLUMNS)
    for event in events:
        says = json.dumps(event["says"], ensure_ascii=False, sort_keys=True)
        writer.writerow([cell(value) for value in (*list(event.values())[:-1], says)])
    return text.getvalue()


def _words(document: dict[str, Any]) -> str:
    person = document["person"] or {}
    return _WORDS.format(
        learner=document["learner"],
        campus=document["campus"],
        name=person.get("name") or "not known here",
        events=len(document["events"]),
        erased="no" if document["erased_seconds"] is None else "yes: what was said is gone, as are name and key",
    )
