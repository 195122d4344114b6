"""One learner, out: everything that this box knows of them, in a file that they can take away.

* It holds what they did and answered, and who they are here; never their PIN, never the key that salts their events.
* It can be read without us: plain words first, tables for a spreadsheet, and everything as JSON.
* It is written a little at a time: a learner of many years needs no more memory than a new one.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from catalog.manifest import words
from edge.learning.learning import Answer
from edge.learning.progress import PERMILLE, Place
from edge.learning.results import Result
from edge.people.people import NobodyThere, Person
from sync import chain
from sync.events import fields_of

if TYPE_CHECKING:
    from edge.box import Box

READ_ME = "read-me.txt"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula of its own: such a text gets an apostrophe before it."""


def find(box: "Box", learner: str = "", number: str = "") -> Person:
    """The learner of this id, or of this student number. Raises NobodyThere."""
    person = box.people.person(learner) if learner else box.people.learner_of_number(number)
    if person is None or person.kind != "learner":
        raise NobodyThere(
            "This learner is not on this box.", "Look at the class again; they may be erased already, or elsewhere."
        )
    return person


def export(box: "Box", person: Person, target: BinaryIO) -> None:
    """Write everything of one learner to `target`, as a zip."""
    places = [place for course in box.learning.places(person.id).values() for place in course.values()]
    places.sort(key=lambda place: (place.course, place.activity))
    answers = {course: box.learning.answers(person.id, course) for course in sorted(_courses(box, person))}
    results = [result for course in box.results.of(person.id).values() for result in course.values()]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, READ_ME, "\n".join(_told(box, person, places)) + "\n")
        _put(
            archive,
            "learner.json",
            json.dumps(_document(box, person, places, answers, results), ensure_ascii=False, indent=1),
        )
        _put(archive, "places.csv", _table(_PLACES, (_place_row(place) for place in places)))
        _put(archive, "results.csv", _table(_RESULTS, (_result_row(result) for result in results)))
        _put(archive, "answers.csv", _table(_ANSWERS, _answer_rows(answers)))
        _put(archive, "packages.json", json.dumps(_packages(box, person), ensure_ascii=False, indent=1))
        _put_documents(archive, box, person)
        _put_attachments(archive, box, person)
        with archive.open(_info("events.jsonl"), "w") as file:
            for event in chain.events_of(box.database.read(), person.id):
                said = {name: value for name, value in (fields_of(event) or {}).items() if name != "key"}
                row = {"at": _moment(event.wall_seconds), "kind": event.kind, "says": said}
                file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


_PLACES = ("course", "activity", "version", "thousandths", "page", "second", "last there", "finished")
_ANSWERS = ("course", "activity", "item", "answer", "at")
_RESULTS = ("course", "activity", "version", "best thousandths", "last thousandths", "passed", "tries", "seconds", "at")


def _put_documents(archive: zipfile.ZipFile, box: "Box", person: Person) -> None:
    """What packages and tools kept of the learner: each document as it is, and a table of them."""
    rows = []
    for place, (kind, activity, registration, kept) in enumerate(box.lrs.documents.of_owner(person.id), 1):
        name = f"documents/{place:04}"
        archive.writestr(_info(name), kept.content)
        rows.append([name, kind, activity, registration, kept.name, kept.media_type, _moment(kept.changed_ms // 1000)])
    if rows:
        _put(archive, "documents.csv", _table(_DOCUMENTS, rows))


def _put_attachments(archive: zipfile.ZipFile, box: "Box", person: Person) -> None:
    """What came along with statements about the learner, under the hash by which the statement names it."""
    reader = box.database.read()
    for _, sha2, path in box.lrs.attachments.of(box.lrs.statements.of_owner(reader, person.id)):
        archive.write(path, f"attachments/{sha2}", zipfile.ZIP_DEFLATED)


_DOCUMENTS = ("file", "kind", "activity", "registration", "name", "media type", "changed")


def _packages(box: "Box", person: Person) -> list[dict[str, Any]]:
    """What the runtimes of packages kept of the learner, part by part."""
    names = ("course", "activity", "part", "state")
    return [dict(zip(names, (*at, json.loads(state)), strict=True)) for *at, state in box.packages.states_of(person.id)]


def _told(box: "Box", person: Person, places: Sequence[Place]) -> Iterator[str]:
    """The same in plain words."""
    classroom = box.people.classroom(person.classroom)
    number = f", student number {person.student_number}" if person.student_number else ""
    yield f"{person.name}, class {classroom.name if classroom else '?'}{number}"
    yield f"What {box.config.name} knows of this learner on {_moment(box.clock.now().wall_seconds)}."
    yield ""
    for place in places:
        title = _title(box, place.course)
        done = f"finished on {_moment(place.completed_seconds)}" if place.completed_seconds is not None else ""
        far = f"{place.permille * 100 // PERMILLE} % seen"
        yield f"{title}, {place.activity}: {done or far}, last there on {_moment(place.at_seconds)}."
    if not places:
        yield "Nothing was opened yet."
    yield ""
    yield "learner.json holds all of it; places.csv, results.csv and answers.csv open in a spreadsheet; events.jsonl"
    yield "holds each step in the order in which it happened, statements of packages and tools among them; what those"
    yield "kept is in packages.json, documents and attachments. The PIN is kept as a hash only and is not in here."


def _document(
    box: "Box",
    person: Person,
    places: Sequence[Place],
    answers: dict[str, list[Answer]],
    results: Sequence[Result],
) -> dict[str, Any]:
    classroom = box.people.classroom(person.classroom)
    return {
        "learner": person.id,
        "name": person.name,
        "class": classroom.name if classroom else "",
        "student_number": person.student_number,
        "signs_in_with": person.secret_kind,
        "places": [dict(zip(_PLACES, _place_row(place), strict=True)) for place in places],
        "results": [dict(zip(_RESULTS, _result_row(result), strict=True)) for result in results],
        "answers": [dict(zip(_ANSWERS, row, strict=True)) for row in _answer_rows(answers)],
        "asked_for": sorted(box.asking.asked_by(person.id)),
    }


def _courses(box: "Box", person: Person) -> set[str]:
    return set(box.learning.places(person.id)) | set(box.learning.courses_answered(person.id))


def _place_row(place: Place) -> list[Any]:
    finished = "" if place.completed_seconds is None else _moment(place.completed_seconds)
    return [
        place.course, place.activity, place.version, place.permille, place.path, place.seconds,
        _moment(place.at_seconds), finished,
    ]  # fmt: skip


def _result_row(result: Result) -> list[Any]:
    passed = {None: "", True: "yes", False: "no"}[result.is_passed]
    scores = ["" if one is None else one for one in (result.best_permille, result.last_permille)]
    return [
        result.course, result.activity, result.version, *scores, passed, result.attempts, result.seconds,
        _moment(result.at_seconds),
    ]  # fmt: skip


def _answer_rows(answers: dict[str, list[Answer]]) -> Iterator[list[Any]]:
    for course, own in answers.items():
        for one in own:
            yield [course, one.activity, one.item, one.answer, _moment(one.at_seconds)]


def _table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _moment(wall_seconds: int) -> str:
    return datetime.fromtimestamp(wall_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _title(box: "Box", course: str) -> str:
    release = box.shelf.release(course)
    return words(release.title, box.config.language) if release else course


def _put(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(_info(name), text)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info
