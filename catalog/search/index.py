"""The index: what was read of courses, kept so that a question is answered in a few statements.

* It lies in a database of its own, with nothing else in it: losing it costs reading the courses again. One that is
  damaged, or whose words are of another form than ours (`folding.FORM`), is made anew.
* The words table has no text of its own; what is shown comes from the pieces, packed, of the few hits that are shown.
* A file's pieces belong to its digest: a new version of a course costs only what changed.
* A course that is dropped is gone from the words too, in the same transaction.
"""

import dataclasses
import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from catalog.db import Connection, Database
from catalog.digest import Digest
from catalog.fault import BoxFault
from catalog.search import tables
from catalog.search.card import Card, Chosen, Naming, Row, Source
from catalog.search.folding import FORM, fold, pieces
from catalog.search.question import Question
from catalog.search.texts.piece import Piece

FILE = "search.db"
CACHE_KIBIBYTES = 512
"""For each thread that searches: what is read again in a moment the system keeps anyhow."""
ROWS_MAX = 120
"""Places that are looked at for one answer; several may belong to one activity."""


class Index:
    """The index in the folder `data`."""

    def __init__(self, data: Path) -> None:
        """Open it, or make it. Raises BoxFault where the disk will not do."""
        self._path = data / FILE
        self.database = _opened(self._path)

    def close(self) -> None:
        self.database.close()

    # ---- asking ------------------------------------------------------------------------------------------------

    def find(self, question: Question, chosen: Chosen | None = None) -> list[Row]:
        """Places that answer, the best first: those with all the words, or where there are none, with some of them."""
        if question.is_empty:
            return []
        courses = None if chosen is None or chosen.is_all else json.dumps(self.courses(chosen))
        found = self._matching(question.all_of_it(), courses)
        if question.is_short:
            seen = {row["id"] for row in found}
            found += [row for row in self._containing(question, courses) if row["id"] not in seen]
        if not found and len(question.words) > 1:
            found = self._matching(question.some_of_it(), courses)
        return [_row(row) for row in found]

    def courses(self, chosen: Chosen) -> list[str]:
        """The courses that are chosen so, by name."""
        rows = self.database.read().execute(
            """
            select course from course
            where (:subject = '' or exists (select 1 from json_each(course.subjects) where value = :subject))
            and (:language = '' or exists (select 1 from json_each(course.languages) where value = :language))
            and (:level = '' or level = :level)
            and (:minutes_max = 0 or minutes between 1 and :minutes_max)
            and (:size_bytes_max = 0 or size_bytes <= :size_bytes_max)
            order by course
            """,
            dataclasses.asdict(chosen),
        )
        return [row["course"] for row in rows.fetchall()]

    def cards(self) -> dict[str, Card]:
        """Every course that is known here."""
        rows = self.database.read().execute("select * from course order by course")
        return {row["course"]: _card(row) for row in rows.fetchall()}

    def sources_count(self) -> int:
        """How many files were read."""
        return int(self.database.read().execute("select count(*) from source").fetchone()[0])

    def _matching(self, asked: str, courses: str | None) -> list[sqlite3.Row]:
        """The best pieces that the words table finds, in these courses (JSON) or in all."""
        rows = self.database.read().execute(
            """
            select piece.* from (
                select rowid as id, rank from word where word match :asked and (:courses is null or rowid in (
                    select id from piece where course in (select value from json_each(:courses))
                )) order by rank limit :rows
            ) best join piece using (id) order by best.rank, piece.id
            """,
            {"asked": asked, "courses": courses, "rows": ROWS_MAX},
        )
        return list(rows.fetchall())

    def _containing(self, question: Question, courses: str | None) -> list[sqlite3.Row]:
        """Courses and activities whose title has these letters anywhere."""
        rows = self.database.read().execute(
            """
            select * from piece where id in (
                select id from piece indexed by piece_short where short != '' and short like :inside
                and (:courses is null or course in (select value from json_each(:courses))) order by id limit :rows
            ) order by id
            """,
            {"inside": question.inside(), "courses": courses, "rows": ROWS_MAX},
        )
        return list(rows.fetchall())

    # ---- keeping -----------------------------------------------------------------------------------------------

    def put_course(self, card: Card, names: Iterable[Naming], sources: Iterable[Source]) -> None:
        """Take in a course, or its new version: what it is called now; of its files, those that are gone go."""
        wanted = {source.path: source.digest for source in sources}

        def work(connection: Connection) -> None:
            _insert_card(connection, card)
            kept = connection.execute("select id, path, digest from source where course = ?", [card.course]).fetchall()
            gone = [row["id"] for row in kept if wanted.get(row["path"]) != row["digest"]]
            _forget(connection, _NAMES_OF_COURSE, card.course)
            for source in gone:
                _forget(connection, _PIECES_OF_SOURCE, source)
                connection.execute("delete from source where id = ?", [source])
            for name in names:
                kind = "activity" if name.activity else "course"
                _insert(connection, (card.course, None, name.activity, kind, ""), name.title, name.about, "")

        self.database.write(work)

    def lacking(self, course: str, sources: Sequence[Source]) -> list[Source]:
        """Those files whose text is not here yet."""
        rows = self.database.read().execute("select path, digest from source where course = ?", [course])
        known = {(row["path"], row["digest"]) for row in rows.fetchall()}
        return [source for source in sources if (source.path, source.digest) not in known]

    def put_texts(self, course: str, texts: Sequence[tuple[Source, Sequence[Piece]]]) -> None:
        """Take in what was read of files, in one transaction; a file without text is known to have none."""

        def work(connection: Connection) -> None:
            for source, said in texts:
                key = connection.execute(
                    "insert into source (course, path, digest, activity) values (?, ?, ?, ?) returning id",
                    [course, source.path, source.digest, source.activity],
                ).fetchone()["id"]
                for piece in said:
                    what = (course, key, source.activity, source.kind, _place(source, piece))
                    _insert(connection, what, piece.title, "", piece.text)

        self.database.write(work)

    def mark_read(self, course: str, root: Digest) -> None:
        """The text of this release is all here."""
        self.database.write(
            lambda connection: connection.execute(
                "update course set is_read = 1 where course = ? and root = ?", [course, root]
            )
        )

    def drop_others(self, keep: Iterable[str]) -> None:
        """Forget every course that is not in `keep`."""
        kept = json.dumps(sorted(keep))

        def work(connection: Connection) -> None:
            gone = connection.execute(
                "select course from course where course not in (select value from json_each(?))", [kept]
            ).fetchall()
            for row in gone:
                _forget(connection, _PIECES_OF_COURSE, row["course"])
                connection.execute("delete from course where course = ?", [row["course"]])

        self.database.write(work)


def _opened(path: Path) -> Database:
    try:
        database = Database(path, [tables.migrations], cache_kibibytes=CACHE_KIBIBYTES)
        row = database.read().execute("select form from form").fetchone()
        if row is not None and row["form"] == FORM:
            return database
        database.close()
    except (BoxFault, sqlite3.Error):
        pass  # what cannot be used is made again below; a disk that refuses says so there
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return Database(path, [tables.migrations], cache_kibibytes=CACHE_KIBIBYTES)


def _insert_card(connection: Connection, card: Card) -> None:
    connection.execute(
        """
        insert into course (course, root, layers, languages, subjects, level, minutes, size_bytes, is_read)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (course) do update set root = excluded.root, layers = excluded.layers,
            languages = excluded.languages, subjects = excluded.subjects, level = excluded.level,
            minutes = excluded.minutes, size_bytes = excluded.size_bytes, is_read = excluded.is_read
        """,
        [
            card.course,
            card.root,
            json.dumps(card.layers),
            json.dumps(card.languages),
            json.dumps(card.subjects),
            card.level,
            card.minutes,
            card.size_bytes,
            int(card.is_read),
        ],
    )


def _insert(
    connection: Connection, what: tuple[str, int | None, str, str, str], title: str, about: str, body: str
) -> None:
    short = fold(title) if what[1] is None else ""
    key = connection.execute(
        "insert into piece (course, source, activity, kind, place, title, about, body, short)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [*what, title, _packed(about), _packed(body), short],
    ).lastrowid
    connection.execute(
        "insert into word (rowid, title, about, body) values (?, ?, ?, ?)", [key, *_words(title, about, body)]
    )


_PIECES_OF_SOURCE = "select id, title, about, body from piece where source = ?"
_PIECES_OF_COURSE = "select id, title, about, body from piece where course = ?"
_NAMES_OF_COURSE = "select id, title, about, body from piece where course = ? and source is null"


def _forget(connection: Connection, which: str, key: str | int) -> None:
    """Take pieces out of both tables: a table of words without text is told again what it shall forget."""
    rows = connection.execute(which, [key]).fetchall()
    connection.conn.executemany(
        "insert into word (word, rowid, title, about, body) values ('delete', ?, ?, ?, ?)",
        [(row["id"], *_words(row["title"], _unpacked(row["about"]), _unpacked(row["body"]))) for row in rows],
    )
    connection.conn.executemany("delete from piece where id = ?", [(row["id"],) for row in rows])


def _words(title: str, about: str, body: str) -> tuple[str, str, str]:
    return " ".join(pieces(title)), " ".join(pieces(about)), " ".join(pieces(body))


def _place(source: Source, piece: Piece) -> str:
    return source.path if source.kind == "page" else piece.place


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode()) if text else b""


def _unpacked(body: bytes) -> str:
    return zlib.decompress(body).decode() if body else ""


def _card(row: sqlite3.Row) -> Card:
    return Card(
        row["course"],
        Digest(row["root"]),
        tuple(json.loads(row["layers"])),
        tuple(json.loads(row["languages"])),
        tuple(json.loads(row["subjects"])),
        row["level"],
        row["minutes"],
        row["size_bytes"],
        bool(row["is_read"]),
    )


def _row(row: sqlite3.Row) -> Row:
    return Row(
        row["course"],
        row["activity"],
        row["kind"],
        row["place"],
        row["title"],
        _unpacked(row["about"]),
        _unpacked(row["body"]),
    )
