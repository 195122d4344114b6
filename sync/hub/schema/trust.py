"""What the hub signs: its catalogue's documents, what they list, who may list it, and catalogues that it mirrors."""

from sqlalchemy import Connection, ForeignKey, PrimaryKeyConstraint

from sync.hub.schema.columns import METADATA, octets, table, whole, words

trust_catalogue = table(
    "trust_catalogue",
    words("id", is_key=True),
    whole("is_own"),
    # Where a mirrored one comes from; "" for the hub's own.
    words("address"),
    whole("root_version"),
    whole("timestamp_version"),
    # When some document of the hub's own should be signed anew.
    whole("renew_seconds"),
    # Whatever is signed next stands above this number: a restored hub may have forgotten what it signed.
    whole("above_version"),
    # The highest root that any box has shown, where this hub has none as high: it forgot some.
    whole("seen_root_version", server_default="0"),
    # The newest root of the backup that this hub was put back from; 0 where it never was.
    whole("restored_root_version", server_default="0"),
)

trust_document = table(
    "trust_document",
    words("catalogue", ForeignKey("trust_catalogue.id")),
    words("role"),
    whole("version"),
    octets("body"),
    whole("until_seconds"),
    PrimaryKeyConstraint("catalogue", "role", "version"),
)

trust_role = table(
    # Who may list something in the hub's own catalogue: its publishers.
    "trust_role",
    words("name", is_key=True),
    words("key"),
    # Which courses are this publisher's, such as "biology-*".
    words("courses"),
    whole("made_seconds"),
    whole("revoked_seconds", is_nullable=True),
    # 1: what it lists has changed since it was signed.
    whole("is_due"),
)

trust_listing = table(
    # What the hub's own catalogue lists, signed or about to be.
    "trust_listing",
    words("path", is_key=True),
    words("role"),
    words("digest"),
    whole("size_bytes"),
    # "" and 0 where it is no course.
    words("course"),
    whole("version"),
)

trust_mirrored = table(
    # Courses that come from another hub's catalogue: this hub offers them and vouches for none of them.
    "trust_mirrored",
    words("course", is_key=True),
    words("catalogue", ForeignKey("trust_catalogue.id")),
)

trust_told = table(
    # What each box last heard of the hub's own catalogue.
    "trust_told",
    words("box", is_key=True),
    whole("root_version"),
    whole("timestamp_version"),
    # How often in a row it came back without that.
    whole("times"),
)

TABLES = (trust_catalogue, trust_document, trust_role, trust_listing, trust_mirrored, trust_told)


def create(connection: Connection) -> None:
    """Give an older database these tables. What is on offer is listed with the first signature."""
    METADATA.create_all(connection, tables=list(TABLES))
