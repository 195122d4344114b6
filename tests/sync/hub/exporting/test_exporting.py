"""An export says what learners did, and without names nobody in it can be told by name, number, id or key."""

import csv
import json
import re
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from catalog.fault import CallerFault
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.exporting import files
from sync.hub.exporting.exporting import Exported, Format
from sync.hub.exporting.files import cell, write_parquet
from sync.hub.exporting.one import export_one
from sync.hub.exporting.rows import EVENTS, Scope
from sync.hub.hub import Hub
from sync.hub.keeping.erasing import LearnerUnknown

Box = Any

AMINA, BADR = "aaaaaaaaaaaaaaaa-amina", "bbbbbbbbbbbbbbbbbb-badr"


@pytest.fixture
def taught(hub: Hub, box: Box) -> Box:
    """A box where two learners of one class did all that can be done."""
    box.writes("class", class_="7b", name="Class 7b of Wadi")
    box.writes("learner", AMINA, name="Aminata Diallo", class_="7b", student_number="S-4711")
    box.writes("learner", BADR, name="Badr Haddad", class_="7b", student_number="S-4712")
    for learner in (AMINA, BADR):
        about = {"course": "water", "version": 1, "activity": "film"}
        box.writes("opened", learner, **about, path="index.html")
        box.writes("progressed", learner, **about, seconds=90, permille=500)
        box.writes("answered", learner, course="water", activity="quiz", item="q 1", answer="=1+1")
        box.writes("completed", learner, **about)
    box.writes("opened", AMINA, course="fire", version=2, activity="page")
    box.sends()
    return box


@pytest.fixture
def exports(hub: Hub, tmp_path: Path) -> Callable[..., Exported]:
    """Writes an export into a folder of its own."""
    made: list[Path] = []

    def export(form: str, scope: Scope | None = None, **options: Any) -> Exported:
        made.append(tmp_path / f"export-{len(made)}")
        return hub.keeping.exporting.export(made[-1], Format(form), scope or Scope(), who="rana", **options)

    return export


def table(done: Exported, name: str) -> list[dict[str, str]]:
    with (done.place / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lines(done: Exported) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (done.place / "statements.jsonl").read_bytes().splitlines()]


def secrets_of(hub: Hub) -> list[bytes]:
    """What must not be in an export without names."""
    with reading(hub.engine) as connection:
        keys = list(connection.execute(select(schema.learner.c.key)).scalars())
        boxes = list(connection.execute(select(schema.box.c.id)).scalars())
    words = ["Aminata", "Diallo", "Badr", "Haddad", "S-4711", "S-4712", "Class 7b", AMINA, BADR, *keys, *boxes]
    return [word.encode() for word in words]


# ---- without names ----


@pytest.mark.parametrize("form", ["csv", "xapi", "parquet"])
def test_nobody_can_be_told_in_an_export_without_names(
    hub: Hub, taught: Box, exports: Callable[..., Exported], form: str
) -> None:
    done = exports(form)

    written = b"".join(file.read_bytes() for file in done.place.rglob("*") if file.is_file())
    assert [] == [word for word in secrets_of(hub) if word in written]
    assert 0 == hub.keeping.audit.count()


def test_two_exports_of_one_hub_join(taught: Box, exports: Callable[..., Exported]) -> None:
    first, second = exports("csv"), exports("csv")

    assert table(first, "events") == table(second, "events")
    learners = {row["learner"] for row in table(first, "learners")}
    assert learners == {row["learner"] for row in table(second, "progress")}
    assert 2 == len(learners)


def test_a_pseudonym_depends_on_the_key_of_the_hub(hub: Hub, taught: Box, exports: Callable[..., Exported]) -> None:
    first = exports("csv")
    (hub.data / "keys/export.key").unlink()
    second = exports("csv")

    own = [{row["learner"] for row in table(done, "learners")} for done in (first, second)]
    assert set() == own[0] & own[1]


def test_every_event_of_learning_is_one_row(taught: Box, exports: Callable[..., Exported]) -> None:
    done = exports("csv")

    rows = table(done, "events")
    assert {"events": 9, "progress": 3, "results": 0, "learners": 2} == done.counts
    assert 9 == len({row["event"] for row in rows})
    assert {"opened": 3, "progressed": 2, "answered": 2, "completed": 2} == {
        kind: sum(row["kind"] == kind for row in rows) for kind in ("opened", "progressed", "answered", "completed")
    }


def test_what_was_erased_is_in_no_export(hub: Hub, taught: Box, exports: Callable[..., Exported]) -> None:
    hub.keeping.erasing.erase(hub.fleet.campuses()[0].id, AMINA, "rana")

    assert {"events": 4, "progress": 1, "results": 0, "learners": 1} == exports("csv").counts


@pytest.mark.parametrize(
    ("scope", "events"),
    [(Scope(course="fire"), 1), (Scope(learner=BADR), 4)],
    ids=["course", "learner"],
)
def test_an_export_tells_only_of_what_was_asked(
    taught: Box, exports: Callable[..., Exported], scope: Scope, events: int
) -> None:
    assert events == exports("csv", scope).counts["events"]


def test_an_export_of_another_campus_tells_of_nobody_here(
    hub: Hub, taught: Box, exports: Callable[..., Exported]
) -> None:
    hill = hub.fleet.campus_called("Hill")

    assert {0} == set(exports("csv", Scope(campus=hill.id)).counts.values())


def test_an_export_is_never_mixed_with_another(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="is there already"):
        hub.keeping.exporting.export(tmp_path, Format.CSV, Scope(), who="rana")


# ---- with names ----


def test_an_export_with_names_says_who_is_who_and_is_written_down(
    hub: Hub, taught: Box, exports: Callable[..., Exported]
) -> None:
    done = exports("csv", Scope(course="water"), has_names=True)

    assert [("Aminata Diallo", "S-4711"), ("Badr Haddad", "S-4712")] == [
        (row["name"], row["student_number"]) for row in table(done, "learners")
    ]
    (line,) = hub.keeping.audit.lines()
    assert ("rana", "exported-names", {"course": "water"}) == (line.who, line.act, line.about)


# ---- forms ----


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5", "-5"), ("+3,5", "+3,5"), ("-cmd", "'-cmd"), (7, 7), (None, "")],
)
def test_a_cell_is_no_formula(value: str | int | None, expected: str | int) -> None:
    assert expected == cell(value)


def test_parquet_reads_back_as_it_was(taught: Box, exports: Callable[..., Exported]) -> None:
    from arro3.io import read_parquet

    done, same = exports("parquet"), exports("csv")

    for name, count in done.counts.items():
        read = read_parquet(str(done.place / name / "part-00001.parquet")).read_all()
        assert count == read.num_rows
    read = read_parquet(str(done.place / "events" / "part-00001.parquet")).read_all()
    assert [row["event"] for row in table(same, "events")] == [value.as_py() for value in read["event"]]


def test_parquet_comes_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART_ROWS", 10)
    monkeypatch.setattr(files, "BATCH_ROWS", 5)
    rows = [[*map(str, range(4)), 1, 1, None, *[None] * 9] for _ in range(25)]

    assert 25 == write_parquet(tmp_path, EVENTS, rows)
    assert 3 == len(list((tmp_path / "events").iterdir()))


def test_statements_are_what_xapi_asks_for(taught: Box, exports: Callable[..., Exported]) -> None:
    said = lines(exports("xapi", home="https://hub.example.org"))

    assert [] == [problem for one in said for problem in problems_of(one)]
    assert {"launched", "progressed", "completed", "answered"} == {one["verb"]["display"]["en"] for one in said}
    assert ["=1+1"] * 2 == [one["result"]["response"] for one in said if "response" in one.get("result", {})]
    assert len(said) == len({one["id"] for one in said})


@pytest.mark.parametrize(
    ("said", "verb", "result"),
    [
        (
            {"permille": 800, "is_passed": 1, "seconds": 90},
            "passed",
            {"score": {"scaled": 0.8}, "success": True, "duration": "PT90S"},
        ),
        ({"permille": 0, "is_passed": 0}, "failed", {"score": {"scaled": 0.0}, "success": False}),
        ({"permille": 500}, "scored", {"score": {"scaled": 0.5}}),
    ],
)
def test_a_result_is_a_statement_and_a_row(
    hub: Hub, box: Box, exports: Callable[..., Exported], said: dict[str, int], verb: str, result: dict[str, Any]
) -> None:
    box.writes("scored", AMINA, course="water", version=1, activity="quiz", **said)
    box.sends()

    (statement,) = lines(exports("xapi", home="https://hub.example.org"))
    (row,) = table(exports("csv"), "results")

    assert (verb, result) == (statement["verb"]["display"]["en"], statement["result"])
    assert [] == problems_of(statement)
    assert (str(said["permille"]), str(said.get("is_passed", ""))) == (row["best_permille"], row["is_passed"])


def problems_of(statement: dict[str, Any]) -> list[str]:
    """What is wrong with a statement, by the rules of xAPI 1.0.3 (Data, 2.2-2.6) for the parts that we use."""
    account = statement["actor"]["account"]
    around = [one for group in statement["context"]["contextActivities"].values() for one in group]
    iris = [statement["verb"]["id"], statement["object"]["id"], account["homePage"], *(one["id"] for one in around)]
    result = statement.get("result", {})
    checks = {
        "properties": set(statement) <= {"id", "version", "actor", "verb", "object", "result", "context", "timestamp"},
        "id": str(uuid.UUID(statement["id"])) == statement["id"],
        "version": re.fullmatch(r"1\.0\.\d+", statement["version"]) is not None,
        "actor": set(statement["actor"]) == {"objectType", "account"} and set(account) == {"homePage", "name"},
        "iri": all(urlsplit(iri).scheme and not re.search(r"[\s<>\"{}|^`\\]", iri) for iri in iris),
        "object": statement["object"]["objectType"] == "Activity",
        "result": set(result) <= {"completion", "response", "extensions", "score", "success", "duration"},
        "extensions": all(urlsplit(name).scheme for name in result.get("extensions", {})),
        "timestamp": re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", statement["timestamp"]) is not None,
    }
    return [name for name, holds in checks.items() if not holds]


# ---- one learner ----


def test_a_learner_gets_everything_and_nothing_of_anybody_else(hub: Hub, taught: Box, tmp_path: Path) -> None:
    campus, target = hub.fleet.campuses()[0].id, tmp_path / "amina.zip"

    count = export_one(hub.engine, hub.intake.readout, hub.clock, campus, AMINA, target, "rana")

    with zipfile.ZipFile(target) as zipped:
        document = json.loads(zipped.read("learner.json"))
        words = b"".join(zipped.read(name) for name in zipped.namelist())
    assert (6, 6) == (count, len(document["events"]))
    assert ("Aminata Diallo", "S-4711") == (document["person"]["name"], document["person"]["student_number"])
    assert 2 == len(document["progress"])
    assert b"Badr" not in words
    assert BADR.encode() not in words
    assert ["exported-learner"] == [line.act for line in hub.keeping.audit.lines()]


def test_a_learner_whom_nobody_knows_is_refused(hub: Hub, taught: Box, tmp_path: Path) -> None:
    campus = hub.fleet.campuses()[0].id

    with pytest.raises(LearnerUnknown):
        export_one(hub.engine, hub.intake.readout, hub.clock, campus, "nobody", tmp_path / "x.zip", "rana")
    with pytest.raises(LearnerUnknown):
        hub.keeping.erasing.erase(campus, "nobody", "rana")


# ---- of what it tells ----


@pytest.mark.parametrize("has_names", [False, True])
def test_an_export_of_one_course_lists_only_who_did_something_in_it(
    taught: Box, exports: Callable[..., Exported], has_names: bool
) -> None:
    done = exports("csv", Scope(course="fire"), has_names=has_names)

    assert (1, 1) == (len(table(done, "events")), len(table(done, "learners")))
    assert {one["learner"] for one in table(done, "events")} == {one["learner"] for one in table(done, "learners")}
    assert "Badr" not in (done.place / "learners.csv").read_text()


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope(course="watr"), "course called watr"),
        (Scope(learner="nobody-at-all"), "No learner"),
        (Scope(campus="nowhere"), "no such campus"),
    ],
)
def test_what_the_hub_does_not_know_is_refused_and_nothing_is_written(
    hub: Hub, taught: Box, exports: Callable[..., Exported], tmp_path: Path, scope: Scope, words: str
) -> None:
    with pytest.raises(CallerFault, match=words):
        exports("csv", scope, has_names=True)

    assert [] == list(tmp_path.glob("export-*"))
    assert 0 == hub.keeping.audit.count()


def test_a_course_that_nobody_opened_yet_is_known(
    hub: Hub, taught: Box, exports: Callable[..., Exported], publishes: Any
) -> None:
    publishes(core={"index.html": b"air"}, course="air")

    done = exports("csv", Scope(course="air"))

    assert {"events": 0, "progress": 0, "results": 0, "learners": 0} == done.counts


@pytest.mark.parametrize("form", ["csv", "xapi", "parquet"])
def test_only_their_owner_can_read_the_files_of_an_export(
    taught: Box, exports: Callable[..., Exported], form: str
) -> None:
    done = exports(form)

    written = [file for file in done.place.rglob("*") if file.is_file()]
    assert written
    assert {0o600} == {file.stat().st_mode & 0o777 for file in written}
