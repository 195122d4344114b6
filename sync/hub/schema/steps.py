"""Steps: how an older database of a hub becomes a new one.

* A new hub gets all tables at once; an older one gets the steps it lacks, each once, in order.
* A step is never edited once it was shipped; `METADATA` is always the newest form.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, LargeBinary, inspect, select, text

from catalog.fault import BoxFault
from sync.hub.schema import campus_journal, drafts, fleet, keeping, projections, secure, sign_in, trust
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


def _follows(connection: Connection) -> None:
    """What a box has of the journals that it follows, for who writes to it by hand."""
    _add_column(connection, "box", "follows", "text not null default '[]'")


def _roots(connection: Connection) -> None:
    """A hub that was put back knows which roots it forgot, and which box does not believe it."""
    whole = WHOLE.compile(dialect=connection.dialect)
    _add_column(connection, "trust_catalogue", "seen_root_version", f"{whole} not null default 0")
    _add_column(connection, "trust_catalogue", "restored_root_version", f"{whole} not null default 0")
    trust.create(connection)


def _add_column(connection: Connection, name: str, column: str, kind: str) -> None:
    """A table that an earlier step made is in its newest form already."""
    if column not in {one["name"] for one in inspect(connection).get_columns(name)}:
        connection.execute(text(f"alter table {name} add column {column} {kind}"))


def _heads(connection: Connection) -> None:
    """What a box has of its own journal, for who writes to it by hand."""
    _add_column(connection, "box", "heads", "text not null default ''")


def _results(connection: Connection) -> None:
    """What came of trying an activity."""
    projections.create_results(connection)


def _publishing(connection: Connection) -> None:
    """Drafts; who gets what of a course, and when."""
    whole = WHOLE.compile(dialect=connection.dialect)
    drafts.create(connection)
    _add_column(connection, "offer", "family", "text not null default ''")
    _add_column(connection, "offer", "languages", "text not null default '[]'")
    _add_column(connection, "campus", "languages", "text not null default '[]'")
    _add_column(connection, "want", "layers", "text not null default ''")
    _add_column(connection, "want", "withdrawn_seconds", whole)
    _add_column(connection, "want", "held_root", "text not null default ''")
    _add_column(connection, "want", "held_until_seconds", f"{whole} not null default 0")


def _prints(connection: Connection) -> None:
    """Boxes say on what hardware they run."""
    keeping.create_prints(connection)


def _secure(connection: Connection) -> None:
    """Boxes ask for certificates."""
    secure.create(connection)


def _adoptions(connection: Connection) -> None:
    """A spare box takes the place of a dead one by a short code."""
    fleet.create_adoptions(connection)
    _add_column(connection, "enrolment_token", "replaces", "text not null default ''")


def _token_batches(connection: Connection) -> None:
    """Tokens come in batches, and run out."""
    whole = WHOLE.compile(dialect=connection.dialect)
    _add_column(connection, "enrolment_token", "batch", "text not null default ''")
    _add_column(connection, "enrolment_token", "expires_seconds", whole)


STEPS: Sequence[Callable[[Connection], None]] = (
    _patches, _keeping, _campus, _readout, _trust, _sign_in, _follows, _roots, _heads, _results, _publishing,
    _prints, _secure, _adoptions, _token_batches,
)  # fmt: skip
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
