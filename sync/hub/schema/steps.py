"""Steps: how an older database of a hub becomes a new one.

* A new hub gets all tables at once; an older one gets the steps it lacks, each once, in order.
* A step is never edited once it was shipped; `METADATA` is always the newest form.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, LargeBinary, inspect, select, text

from catalog.fault import BoxFault
from sync.hub.schema import campus_journal, keeping, projections, sign_in, trust
from sync.hub.schema.columns import METADATA, WHOLE, table, whole

schema_version = table("schema_version", whole("number", is_key=True))


def _patches(connection: Connection) -> None:
    """Packs build on others, and come in profiles. Those of the first form are read by nobody: they are made anew."""
    whole = WHOLE.compile(dialect=connection.dialect)
    blob = LargeBinary().compile(dialect=connection.dialect)
    strict = " strict" if connection.dialect.name == "sqlite" else ""
    for statement in (
        "delete from offer",
        "delete from pack",
        "alter table pack add column from_root text",
        f"alter table pack add column profile {whole} not null default 1",
        f"alter table pack add column is_kept {whole} not null default 1",
        "create index pack_course on pack (course)",
        "alter table box add column can text not null default '[]'",
        f"create table letter (box text not null primary key references box (id), number {whole} not null,"
        f" says text not null, body {blob} not null, heard {whole} not null, asked text not null){strict}",
        f"create table carried_pack (name text not null primary key, digest text not null){strict}",
    ):
        connection.execute(text(statement))


def _keeping(connection: Connection) -> None:
    """Alarms, gaps, backups, replacements, the audit log."""
    keeping.create(connection)


def _campus(connection: Connection) -> None:
    """The hub's own journal for each campus."""
    campus_journal.create(connection)


def _readout(connection: Connection) -> None:
    """Batches are acknowledged first and read out later."""
    projections.create(connection)


def _trust(connection: Connection) -> None:
    """What boxes may shelve is signed."""
    trust.create(connection)


def _sign_in(connection: Connection) -> None:
    """Staff prove a second time who they are."""
    sign_in.create(connection)


def _ends(connection: Connection) -> None:
    """What a box has of its own journal and of those that it follows, for who writes to it by hand."""
    known = {str(column["name"]) for column in inspect(connection).get_columns("box")}
    for name, default in (("follows", "'[]'"), ("heads", "''")):
        if name not in known:
            connection.execute(text(f"alter table box add column {name} text not null default {default}"))


STEPS: Sequence[Callable[[Connection], None]] = (_patches, _keeping, _campus, _readout, _trust, _sign_in, _ends)
"""Changes since the first form, in order; never edited once shipped. `METADATA` is always the newest form."""


def bring_up_to_date(connection: Connection) -> None:
    """Give a new database all tables, an older one the steps it lacks. In the caller's transaction."""
    newest = 1 + len(STEPS)
    if not inspect(connection).has_table("schema_version"):
        METADATA.create_all(connection)
        connection.execute(schema_version.insert().values(number=newest))
        return
    number = connection.execute(select(schema_version.c.number)).scalar_one()
    if number > newest:
        raise BoxFault(
            "The hub's database was written by a newer Qanat than this one.",
            "Install that version again; an older one could damage what it does not know.",
        )
    for step in STEPS[number - 1 :]:
        step(connection)
    connection.execute(schema_version.update().values(number=newest))
