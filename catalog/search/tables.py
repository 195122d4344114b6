"""The tables of the index: courses, their files, the pieces of text in them, and the words of those.

* All of it can be built again. So a change of these tables is a new `folding.FORM`, and no second migration.
"""

from sqlite_utils.migrations import Migrations

from catalog.db import Connection
from catalog.search.folding import FORM

migrations = Migrations("catalog.search")


@migrations()
def words(connection: Connection) -> None:
    """`spoken` is a film's captions of one language: they are found, and shown, in whatever language was asked."""
    connection.execute("create table form (only integer primary key check (only = 1), form integer not null) strict")
    connection.execute("insert into form values (1, ?)", [FORM])
    connection.execute(
        """
        create table course (
            course text primary key,
            root text not null,
            layers text not null,
            languages text not null,
            subjects text not null,
            level text not null,
            minutes integer not null,
            size_bytes integer not null,
            is_read integer not null
        ) strict
        """
    )
    connection.execute(
        """
        create table source (
            id integer primary key,
            course text not null references course (course) on delete cascade,
            path text not null,
            digest text not null,
            activity text not null,
            unique (course, path)
        ) strict
        """
    )
    connection.execute(
        """
        create table piece (
            id integer primary key,
            course text not null references course (course) on delete cascade,
            source integer references source (id) on delete cascade,
            activity text not null,
            kind text not null,
            place text not null,
            title text not null,
            about blob not null,
            body blob not null,
            short text not null  -- a folded title, for words too short for the index
        ) strict
        """
    )
    connection.execute("create index piece_by_source on piece (source)")
    connection.execute("create index piece_by_course on piece (course)")
    # Has all that is asked of it, so that no piece is looked at for it.
    connection.execute("create index piece_short on piece (short, course) where short != ''")
    # The words are folded before they get here: all that is left to do is to part them at the spaces.
    connection.execute("create virtual table word using fts5 (title, about, body, content = '', tokenize = 'ascii')")
    connection.execute("insert into word (word, rank) values ('rank', 'bm25(12.0, 4.0, 1.0)')")
