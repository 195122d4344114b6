"""Publishing: what is on its way to becoming a release, and who gets what of a course, and when.

The files of a draft lie in the data folder, what was imported of them in the catalog.
"""

from sqlalchemy import Connection, ForeignKey, PrimaryKeyConstraint

from sync.hub.schema.columns import METADATA, table, whole, words

draft = table(
    "draft",
    words("id", is_key=True),
    # Its short name; "" until the import has made one of its title.
    words("course"),
    words("state"),
    # What is said of it, and who should get it: JSON.
    words("about"),
    words("choice"),
    # What came of the import: a release without a number, the report, or why there is none.
    words("document"),
    words("report"),
    words("fault"),
    whole("done_bytes"),
    whole("total_bytes"),
    # How often the import was begun.
    whole("tries"),
    words("made_by"),
    whole("made_seconds"),
)

draft_file = table(
    "draft_file",
    words("draft", ForeignKey("draft.id", ondelete="CASCADE")),
    whole("number"),
    words("name"),
    whole("size_bytes"),
    PrimaryKeyConstraint("draft", "number"),
)

draft_chunk = table(
    # A chunk that has come, and is on the disk.
    "draft_chunk",
    words("draft", ForeignKey("draft.id", ondelete="CASCADE")),
    whole("number"),
    whole("chunk"),
    PrimaryKeyConstraint("draft", "number", "chunk"),
)

draft_weight = table(
    # What one layer of a draft takes on the wire; from_root "": in full.
    "draft_weight",
    words("draft", ForeignKey("draft.id", ondelete="CASCADE")),
    words("layer"),
    words("from_root"),
    whole("size_bytes"),
    whole("disk_bytes"),
    # 0: a patch that saves too little to be made.
    whole("is_kept"),
    PrimaryKeyConstraint("draft", "layer", "from_root"),
)

edition = table(
    # A course whose campuses somebody chose; one without a row is for every campus.
    "edition",
    words("course", is_key=True),
    whole("is_for_all"),
)

scheduled = table(
    # A release that no box gets before its time.
    "scheduled",
    words("root", is_key=True),
    words("course"),
    whole("due_seconds"),
)

moved_activity = table(
    # Under which id what learners did in an activity is kept now.
    "moved_activity",
    words("course"),
    words("old"),
    words("new"),
    PrimaryKeyConstraint("course", "old"),
)

_TABLES = (draft, draft_file, draft_chunk, draft_weight, edition, scheduled, moved_activity)


def create(connection: Connection) -> None:
    """Give an older database these tables."""
    METADATA.create_all(connection, tables=list(_TABLES))
