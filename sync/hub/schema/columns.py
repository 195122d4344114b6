"""Columns: how the tables of the hub are written down, for SQLite and PostgreSQL alike.

* Every table is STRICT in SQLite; a whole number has up to 63 bits in both.
* A column may be empty only where it says so.
"""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text, text

METADATA = MetaData()

WHOLE = BigInteger().with_variant(Integer, "sqlite")
"""A whole number of up to 63 bits; STRICT tables of SQLite know it as INTEGER."""


def table(name: str, *parts: Column[int] | Column[str] | Column[bytes] | PrimaryKeyConstraint | object) -> Table:
    return Table(name, METADATA, *parts, sqlite_strict=True)  # type: ignore[arg-type]


def words(
    name: str, *parts: object, is_nullable: bool = False, is_key: bool = False, server_default: str | None = None
) -> Column[str]:
    options = {"nullable": is_nullable, "primary_key": is_key, "server_default": server_default}
    return Column(name, Text, *parts, **options)  # type: ignore[arg-type]


def whole(
    name: str, *parts: object, is_nullable: bool = False, is_key: bool = False, server_default: str | None = None
) -> Column[int]:
    default = None if server_default is None else text(server_default)
    options = {"nullable": is_nullable, "primary_key": is_key, "server_default": default}
    return Column(name, WHOLE, *parts, **options)  # type: ignore[arg-type]


def octets(name: str, *, is_nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=is_nullable)
