"""What goes down: packs, offers, wants, letters."""

from sqlalchemy import ForeignKey, Index, PrimaryKeyConstraint

from sync.hub.schema.columns import octets, table, whole, words

pack = table(
    "pack",
    words("name", is_key=True),
    words("course"),
    whole("version"),
    words("root"),
    words("layer"),
    whole("size_bytes"),
    whole("disk_bytes"),
    # The release it builds on; none for a full pack.
    words("from_root", is_nullable=True),
    whole("profile", server_default="1"),
    # 0: made once and found not worth keeping, so that it is not made again.
    whole("is_kept", server_default="1"),
)
Index("pack_root", pack.c.root)
Index("pack_course", pack.c.course)

offer = table(
    "offer",
    words("course", is_key=True),
    whole("version"),
    words("root"),
    words("title"),
    whole("offered_seconds"),
    # The language editions that share films and pictures with it; "" for none.
    words("family", server_default=""),
    # As JSON.
    words("languages", server_default="[]"),
)

want = table(
    "want",
    words("campus", ForeignKey("campus.id")),
    words("course"),
    # The layers that the campus takes beside the core, as JSON; "" for all that its boxes take.
    words("layers", server_default=""),
    # Since when the campus should not have it any more.
    whole("withdrawn_seconds", is_nullable=True),
    # The release that it keeps, and until when.
    words("held_root", server_default=""),
    whole("held_until_seconds", server_default="0"),
    PrimaryKeyConstraint("campus", "course"),
)

letter = table(
    "letter",
    words("box", ForeignKey("box.id"), is_key=True),
    # The last letter to the box: its number, the digest of what it says, and its bytes.
    whole("number"),
    words("says"),
    octets("body"),
    # The highest number among the box's own letters, and the epochs that it asked about in that one.
    whole("heard"),
    words("asked"),
)

carried_pack = table("carried_pack", words("name", is_key=True), words("digest"))

import_report = table(
    "import_report",
    words("root", is_key=True),
    words("course"),
    whole("version"),
    words("document"),
    whole("published_seconds"),
)
