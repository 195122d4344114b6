"""Drafts: their rows, and what may be done with each.

* What was said about a draft, and which chunks have come, outlives the hub: a page that is loaded again goes on.
* A draft is changed under its row's lock: two browsers that do one thing at once do it one after the other.
* What is too much is refused before the first byte: files, bytes, drafts.
"""

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, func, select, update

from catalog.about import About
from catalog.digest import Digest
from catalog.fault import Fault
from catalog.importers.report import Report
from catalog.manifest import Release, is_course
from catalog.moved import changes
from sync.clock import Clock
from sync.hub import editions, schema
from sync.hub.drafts.chunks import Chunks
from sync.hub.drafts.draft import (
    FILES_MAX,
    Choice,
    Draft,
    DraftFile,
    DraftRefused,
    NoSuchDraft,
    State,
    chunks_of,
)
from sync.hub.engine import insert, reading, writing

ID_BYTES = 10
DRAFTS_MAX = 200
"""Open at once: who has so many has forgotten some."""
FILLABLE = (State.FILLING, State.BROKEN)
"""Of what was imported the files are gone: another version of the course takes more."""


class Drafts:
    """The drafts of a hub; what they are made of lies in `chunks`."""

    def __init__(
        self, engine: Engine, chunks: Chunks, clock: Clock, random_bytes: Callable[[int], bytes], bytes_max: int
    ) -> None:
        self.chunks = chunks
        self.bytes_max = bytes_max
        """The most that the files of one draft may have together."""
        self._engine = engine
        self._clock = clock
        self._random_bytes = random_bytes

    def make(self, about: About, course: str, who: str) -> str:
        """A new draft without files. Returns its id. Raises DraftRefused."""
        if course and not is_course(course):
            raise DraftRefused(
                f"A course cannot be called {course!r}.", "Use small letters a to z, digits and hyphens, 63 at most."
            )
        draft = base64.b32encode(self._random_bytes(ID_BYTES)).decode().lower()
        row = {
            "id": draft, "course": course, "state": State.FILLING.value, "about": json.dumps(about.document()),
            "choice": Choice().to_text(), "document": "", "report": "", "fault": "", "done_bytes": 0,
            "total_bytes": 0, "tries": 0, "made_by": who, "made_seconds": self._clock.now().wall_seconds,
        }  # fmt: skip
        with writing(self._engine) as connection:
            if connection.execute(select(func.count()).select_from(schema.draft)).scalar_one() >= DRAFTS_MAX:
                raise DraftRefused(
                    f"There are {DRAFTS_MAX} drafts here already.", "Publish some of them, or throw them away."
                )
            connection.execute(schema.draft.insert().values(row))
        return draft

    def announce(self, draft: str, files: Sequence[tuple[str, int]]) -> None:
        """Say which files (name and size) will come in chunks; those that were announced before stay as they are.

        Raises DraftRefused, and DiskFull where there is no room for them.
        """
        with writing(self._engine) as connection:
            one = self._with_what_is_lost(connection, _locked(connection, draft))
            one.demand(*FILLABLE)
            known = {(file.name, file.size_bytes) for file in one.files}
            fresh = [file for file in dict.fromkeys(files) if file not in known]
            self._demand_few(one, fresh)
            self.chunks.demand_room(sum(size_bytes for _, size_bytes in fresh))
            _add(connection, one, fresh)

    def add(self, draft: str, files: Sequence[tuple[str, Path]]) -> None:
        """Take whole files that lie on this disk already. Raises DraftRefused, DiskFull or BoxFault."""
        with writing(self._engine) as connection:
            one = _locked(connection, draft)
            one.demand(*FILLABLE)
            sizes = [(name, path.stat().st_size) for name, path in files]
            self._demand_few(one, sizes)
            numbers = _add(connection, one, sizes)
            for number, (name, path) in zip(numbers, files, strict=True):
                size_bytes = self.chunks.take(self.chunks.place(draft, number, name), path)
                rows = [{"draft": draft, "number": number, "chunk": chunk} for chunk in range(chunks_of(size_bytes))]
                if rows:
                    connection.execute(schema.draft_chunk.insert(), rows)

    def put(self, draft: str, number: int, chunk: int, data: bytes) -> None:
        """Take one chunk of a file. Raises DraftRefused, DiskFull or BoxFault."""
        one = self.find(draft)
        one.demand(*FILLABLE)
        file = next((file for file in one.files if file.number == number), None)
        if file is None:
            raise NoSuchDraft("This draft has no such file.", "Load the page again and choose the file once more.")
        self.chunks.put(self.chunks.place(draft, number, file.name), file.size_bytes, chunk, data)
        with writing(self._engine) as connection:
            row = {"draft": draft, "number": number, "chunk": chunk}
            _locked(connection, draft)
            connection.execute(insert(connection, schema.draft_chunk).values(row).on_conflict_do_nothing())

    def begin(self, draft: str) -> None:
        """Have the files imported, from the beginning. Raises DraftRefused where some are still to come."""
        with writing(self._engine) as connection:
            self._with_what_is_lost(connection, _locked(connection, draft))
        with writing(self._engine) as connection:
            one = _locked(connection, draft)
            one.demand(*FILLABLE)
            if not one.is_whole:
                raise DraftRefused(
                    "Not all of the files have come yet." if one.files else "This draft has no files.",
                    "Choose the files again: what has come stays, and only the rest is sent.",
                )
            _set(connection, draft, state=State.WAITING.value, fault="", tries=0, done_bytes=0)

    def say(self, draft: str, about: About, choice: Choice) -> None:
        """Keep what is said of a draft, and who should get it. Raises DraftRefused."""
        with writing(self._engine) as connection:
            _locked(connection, draft).demand(State.READY)
            _set(connection, draft, about=json.dumps(about.document()), choice=choice.to_text())

    def discard(self, draft: str) -> None:
        """Throw a draft away, files and all. One that is being imported is waited for by nobody: its work is let go."""
        with writing(self._engine) as connection:
            # By hand: SQLite cascades only where it was told so when the table was made.
            for table in (schema.draft_weight, schema.draft_chunk, schema.draft_file):
                connection.execute(delete(table).where(table.c.draft == draft))
            connection.execute(delete(schema.draft).where(schema.draft.c.id == draft))
        self.chunks.drop(draft)

    def find(self, draft: str) -> Draft:
        """Raises NoSuchDraft."""
        with reading(self._engine) as connection:
            return found(connection, draft)

    def all(self) -> list[Draft]:
        """Every open draft, the newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(schema.draft).order_by(schema.draft.c.made_seconds.desc())).all()
            return [_draft(row, _files(connection, row.id)) for row in rows]

    def layer_roots(self) -> list[Digest]:
        """The layers that drafts have in the catalog: whoever tidies up there leaves them."""
        releases = (one.release for one in self.all())
        return [layer.root for release in releases if release is not None for layer in release.layers.values()]

    # ---- for the import ----

    def claim(self) -> Draft | None:
        """The next draft to import, which is from now on being imported. Only for who has the turn.

        One that was being imported already was left by a hub that fell: it is begun again, `tries` counts.
        """
        draft = schema.draft.c
        waiting = (State.WAITING.value, State.IMPORTING.value)
        with writing(self._engine) as connection:
            query = select(draft.id).where(draft.state.in_(waiting)).order_by(draft.made_seconds, draft.id).limit(1)
            name = connection.execute(query).scalar_one_or_none()
            if name is None:
                return None
            _set(connection, name, state=State.IMPORTING.value, tries=draft.tries + 1, done_bytes=0)
            return found(connection, name)

    def tries(self, draft: str) -> int:
        """How often the import of a draft was begun."""
        with reading(self._engine) as connection:
            query = select(schema.draft.c.tries).where(schema.draft.c.id == draft)
            return int(connection.execute(query).scalar_one_or_none() or 0)

    def progress(self, draft: str, done_bytes: int, total_bytes: int) -> None:
        with writing(self._engine) as connection:
            _set(connection, draft, done_bytes=done_bytes, total_bytes=total_bytes)

    def imported(self, draft: str, release: Release, report: Report, former: Release | None) -> bool:
        """Keep what the import made of a draft. False where it was thrown away meanwhile.

        What is said of the former version is said again, where the publisher said nothing else; and who has it gets it.
        """
        with writing(self._engine) as connection:
            try:
                one = _locked(connection, draft)
            except NoSuchDraft:
                return False
            about = replace(one.about, title={tag: words for tag, words in one.about.title.items() if words})
            if former is not None:
                about = replace(about.filled(About.of(former)), moved=changes(former, release.activities).moved)
                choice = replace(editions.choice_of(connection, release.course), due_seconds=one.choice.due_seconds)
                _set(connection, draft, choice=choice.to_text())
            about = replace(about, title={**release.title, **about.title})
            _set(
                connection, draft, state=State.READY.value, course=release.course,
                about=json.dumps(about.document()), document=release.to_bytes().decode(),
                report=json.dumps(report.to_document()),
            )  # fmt: skip
            for table in (schema.draft_chunk, schema.draft_file):
                connection.execute(delete(table).where(table.c.draft == draft))
        # What they held is in the store.
        self.chunks.drop(draft)
        return True

    def broke(self, draft: str, fault: Fault) -> None:
        """Keep why the import of a draft did not come to an end."""
        said = json.dumps([fault.sentence, fault.hint])
        with writing(self._engine) as connection:
            _set(connection, draft, state=State.BROKEN.value, fault=said)

    def put_off(self, draft: str) -> None:
        """The hub closes: the import is begun anew when it is opened."""
        with writing(self._engine) as connection:
            _set(connection, draft, state=State.WAITING.value, tries=schema.draft.c.tries - 1, done_bytes=0)

    def _with_what_is_lost(self, connection: Connection, one: Draft) -> Draft:
        """Let those files come again that the disk has no more: a backup that was put back holds none."""
        chunk = schema.draft_chunk.c
        for file in one.files:
            if not self.chunks.is_there(self.chunks.place(one.id, file.number, file.name)):
                gone = delete(schema.draft_chunk).where(chunk.draft == one.id, chunk.number == file.number)
                connection.execute(gone)
        return found(connection, one.id)

    def _demand_few(self, one: Draft, fresh: Sequence[tuple[str, int]]) -> None:
        if len(one.files) + len(fresh) > FILES_MAX:
            raise DraftRefused(f"A course takes at most {FILES_MAX} files.", "Put them into one zip.")
        all_bytes = sum(file.size_bytes for file in one.files) + sum(size_bytes for _, size_bytes in fresh)
        if all_bytes > self.bytes_max:
            raise DraftRefused(
                f"This is {all_bytes // 1_000_000} MB; at most {self.bytes_max // 1_000_000} MB can be sent here.",
                "Divide it into courses, or publish it at the hub's machine with `qanat hub publish`.",
            )
        if any(size_bytes == 0 for _, size_bytes in fresh):
            raise DraftRefused("One of the files is empty.", "Leave it out, or fetch it again.")


def found(connection: Connection, draft: str) -> Draft:
    """In the caller's transaction. Raises NoSuchDraft."""
    row = connection.execute(select(schema.draft).where(schema.draft.c.id == draft)).one_or_none()
    if row is None:
        raise NoSuchDraft("There is no such draft here.", "It was published or thrown away; look among the courses.")
    return _draft(row, _files(connection, draft))


def _locked(connection: Connection, draft: str) -> Draft:
    connection.execute(select(schema.draft.c.id).where(schema.draft.c.id == draft).with_for_update())
    return found(connection, draft)


def _set(connection: Connection, draft: str, **values: Any) -> None:
    connection.execute(update(schema.draft).where(schema.draft.c.id == draft).values(values))


def _add(connection: Connection, one: Draft, files: Iterable[tuple[str, int]]) -> list[int]:
    first = max((file.number for file in one.files), default=-1) + 1
    rows = [
        {"draft": one.id, "number": number, "name": name, "size_bytes": size_bytes}
        for number, (name, size_bytes) in enumerate(files, first)
    ]
    if rows:
        connection.execute(schema.draft_file.insert(), rows)
        if one.state is not State.FILLING:
            _set(connection, one.id, state=State.FILLING.value, fault="")
    return [int(str(row["number"])) for row in rows]


def _files(connection: Connection, draft: str) -> list[DraftFile]:
    file, chunk = schema.draft_file, schema.draft_chunk
    rows = connection.execute(select(file).where(file.c.draft == draft).order_by(file.c.number)).all()
    came: dict[int, set[int]] = {}
    for row in connection.execute(select(chunk.c.number, chunk.c.chunk).where(chunk.c.draft == draft)):
        came.setdefault(row.number, set()).add(row.chunk)
    return [
        DraftFile(
            row.number, row.name, row.size_bytes,
            tuple(one for one in range(chunks_of(row.size_bytes)) if one not in came.get(row.number, ())),
        )
        for row in rows
    ]  # fmt: skip


def _draft(row: Row[Any], files: Sequence[DraftFile]) -> Draft:
    return Draft(
        id=row.id,
        course=row.course,
        state=State(row.state),
        about=About.from_document(json.loads(row.about)),
        choice=Choice.from_text(row.choice),
        made_by=row.made_by,
        made_seconds=row.made_seconds,
        release=Release.from_bytes(row.document.encode()) if row.document else None,
        report=json.loads(row.report) if row.report else None,
        fault=tuple(json.loads(row.fault)) if row.fault else ("", ""),
        done_bytes=row.done_bytes,
        total_bytes=row.total_bytes,
        files=files,
    )
