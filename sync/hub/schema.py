"""The schema: what the hub keeps, one description for SQLite and PostgreSQL.

* Batches are kept as they came; `learner`, `classroom` and `progress` are read out of them and can be built again.
* What came from a box carries the box's id, what belongs to learners the campus's; nothing is shared between campuses.
* Bytes compare as bytes: whatever decides which of two came later is a BLOB, since text order depends on the locale.
* A new hub gets all tables at once; an older one gets the steps it lacks, each once, in order.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    inspect,
    select,
    text,
)

from catalog.fault import BoxFault

METADATA = MetaData()

_Whole = BigInteger().with_variant(Integer, "sqlite")
"""A whole number of up to 63 bits; STRICT tables of SQLite know it as INTEGER."""


def _table(name: str, *parts: Column[int] | Column[str] | Column[bytes] | PrimaryKeyConstraint | object) -> Table:
    return Table(name, METADATA, *parts, sqlite_strict=True)  # type: ignore[arg-type]


def _text(
    name: str, *parts: object, is_nullable: bool = False, is_key: bool = False, server_default: str | None = None
) -> Column[str]:
    options = {"nullable": is_nullable, "primary_key": is_key, "server_default": server_default}
    return Column(name, Text, *parts, **options)  # type: ignore[arg-type]


def _whole(
    name: str, *parts: object, is_nullable: bool = False, is_key: bool = False, server_default: str | None = None
) -> Column[int]:
    default = None if server_default is None else text(server_default)
    options = {"nullable": is_nullable, "primary_key": is_key, "server_default": default}
    return Column(name, _Whole, *parts, **options)  # type: ignore[arg-type]


def _bytes(name: str, *, is_nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=is_nullable)


schema_version = _table("schema_version", _whole("number", is_key=True))

# ---- who there is ----

campus = _table(
    "campus",
    _text("id", is_key=True),
    Column("name", Text, nullable=False, unique=True),
    _whole("made_seconds"),
)

enrolment_token = _table(
    "enrolment_token",
    _text("hash", is_key=True),
    _text("campus", ForeignKey("campus.id")),
    _whole("made_seconds"),
    _text("used_by_key", is_nullable=True),
    _whole("used_seconds", is_nullable=True),
)

box = _table(
    "box",
    _text("id", is_key=True),
    _text("campus", ForeignKey("campus.id")),
    Column("key", Text, nullable=False, unique=True),
    _text("name"),
    _whole("enrolled_seconds"),
    _whole("seen_seconds", is_nullable=True),
    _whole("revoked_seconds", is_nullable=True),
    # The thread of the talk: the nonce that counts next, and the last answer for a box that did not hear it.
    _text("nonce"),
    _text("last_request"),
    _text("last_digest"),
    _text("last_nonce"),
    _bytes("last_answer"),
    # What it said of itself.
    _text("shelf"),
    _text("holdings"),
    _text("health"),
    _whole("free_bytes", is_nullable=True),
    _text("can", server_default="[]"),
)

staff = _table("staff", _text("name", is_key=True), _text("secret"), _whole("made_seconds"))

# ---- what came up ----

epoch = _table(
    "epoch",
    _text("box", ForeignKey("box.id")),
    _text("epoch"),
    # What its first event says it goes on from; "", -1 and no bytes where it is the box's first.
    _text("parent"),
    _whole("parent_sequence"),
    _bytes("parent_hash"),
    _whole("taken"),
    _bytes("hash"),
    _whole("backed_up"),
    PrimaryKeyConstraint("box", "epoch"),
)
Index("epoch_parent", epoch.c.box, epoch.c.parent)

fork = _table(
    "fork",
    _text("box"),
    _text("epoch"),
    _text("parent"),
    _whole("parent_sequence"),
    _whole("found_seconds"),
    PrimaryKeyConstraint("box", "epoch"),
    ForeignKeyConstraint(["box"], ["box.id"]),
)

batch = _table(
    "batch",
    Column("id", _Whole, primary_key=True, autoincrement=True),
    _text("box", ForeignKey("box.id")),
    _text("campus", ForeignKey("campus.id")),
    _whole("taken_seconds"),
    _bytes("body"),
)

batch_learner = _table(
    "batch_learner",
    _text("campus"),
    _text("learner"),
    _whole("batch", ForeignKey("batch.id")),
    PrimaryKeyConstraint("campus", "learner", "batch"),
)

erased = _table(
    "erased",
    _text("campus", ForeignKey("campus.id")),
    _text("learner"),
    _whole("erased_seconds"),
    PrimaryKeyConstraint("campus", "learner"),
)

erasure_notice = _table(
    "erasure_notice",
    _text("box", ForeignKey("box.id")),
    _text("learner"),
    PrimaryKeyConstraint("box", "learner"),
)

# ---- what is read out of it; `stamp` says which of two came later, whatever the order of arrival ----

learner = _table(
    "learner",
    _text("campus", ForeignKey("campus.id")),
    _text("learner"),
    _text("name"),
    _text("key"),
    _text("classroom"),
    _text("student_number"),
    _bytes("stamp"),
    PrimaryKeyConstraint("campus", "learner"),
)

classroom = _table(
    "classroom",
    _text("campus", ForeignKey("campus.id")),
    _text("classroom"),
    _text("name"),
    _bytes("stamp"),
    PrimaryKeyConstraint("campus", "classroom"),
)

progress = _table(
    "progress",
    _text("campus", ForeignKey("campus.id")),
    _text("learner"),
    _text("course"),
    _text("activity"),
    _whole("version"),
    _whole("permille"),
    _whole("is_completed"),
    _text("path"),
    _whole("place_seconds"),
    _whole("active_seconds"),
    _bytes("stamp"),
    PrimaryKeyConstraint("campus", "learner", "course", "activity"),
)

# ---- what goes down ----

pack = _table(
    "pack",
    _text("name", is_key=True),
    _text("course"),
    _whole("version"),
    _text("root"),
    _text("layer"),
    _whole("size_bytes"),
    _whole("disk_bytes"),
    # The release it builds on; none for a full pack.
    _text("from_root", is_nullable=True),
    _whole("profile", server_default="1"),
    # 0: made once and found not worth keeping, so that it is not made again.
    _whole("is_kept", server_default="1"),
)
Index("pack_root", pack.c.root)
Index("pack_course", pack.c.course)

offer = _table(
    "offer",
    _text("course", is_key=True),
    _whole("version"),
    _text("root"),
    _text("title"),
    _whole("offered_seconds"),
)

want = _table(
    "want",
    _text("campus", ForeignKey("campus.id")),
    _text("course"),
    PrimaryKeyConstraint("campus", "course"),
)

letter = _table(
    "letter",
    _text("box", ForeignKey("box.id"), is_key=True),
    # The last letter to the box: its number, the digest of what it says, and its bytes.
    _whole("number"),
    _text("says"),
    _bytes("body"),
    # The highest number among the box's own letters, and the epochs that it asked about in that one.
    _whole("heard"),
    _text("asked"),
)

carried_pack = _table("carried_pack", _text("name", is_key=True), _text("digest"))

import_report = _table(
    "import_report",
    _text("root", is_key=True),
    _text("course"),
    _whole("version"),
    _text("document"),
    _whole("published_seconds"),
)

PROJECTIONS = (progress, learner, classroom)


def _patches(connection: Connection) -> None:
    """Packs build on others, and come in profiles. Those of the first form are read by nobody: they are made anew."""
    whole = _Whole.compile(dialect=connection.dialect)
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


STEPS: Sequence[Callable[[Connection], None]] = (_patches,)
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
