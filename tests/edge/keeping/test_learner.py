"""One learner, out: all that is theirs, nothing of anybody else, and no secret."""

import csv
import io
import json
import zipfile

import pytest

from catalog.fault import CallerFault
from edge.keeping import works
from edge.keeping.learner import export
from edge.people.people import NobodyThere, Secret


@pytest.fixture
def bilan(box, grade):
    other = box.people.enrol_learner(grade.id, "Bilan Farah", Secret("pin", "1122"))
    box.learning.answered(other.id, "water", "quiz", "first", "not hers")
    return other


@pytest.fixture
def parts(box, amina, bilan):
    box.learning.opened(amina.id, "water", 1, "site", "lesson-2")
    box.learning.completed(amina.id, "water", 1, "film")
    box.learning.answered(amina.id, "water", "quiz", "first", "=1+1")
    written = io.BytesIO()
    export(box, amina, written)
    with zipfile.ZipFile(written) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_it_says_in_plain_words_tables_and_json_what_is_here(parts, amina):
    assert "Amina Warsame, class Grade 8 B, student number D-1042" in parts["read-me.txt"]
    assert "water, film: finished on" in parts["read-me.txt"]
    document = json.loads(parts["learner.json"])
    assert (amina.id, "Amina Warsame", "pin") == tuple(document[name] for name in ("learner", "name", "signs_in_with"))
    assert ["film", "site"] == [row["activity"] for row in csv.DictReader(io.StringIO(parts["places.csv"]))]
    kinds = [json.loads(line)["kind"] for line in parts["events.jsonl"].splitlines()]
    assert ["learner", "opened", "completed", "answered"] == kinds


def test_it_holds_no_secret_and_nobody_else(box, parts, amina, bilan):
    (hashed,) = box.database.read().execute("select secret from person where person = ?", [amina.id]).fetchone()
    everything = "".join(parts.values())

    assert not [word for word in ("4719", hashed, "Bilan", bilan.id, "not hers", '"key"') if word in everything]


def test_a_spreadsheet_takes_no_answer_for_a_formula(parts):
    (row,) = csv.DictReader(io.StringIO(parts["answers.csv"]))

    assert "'=1+1" == row["answer"]


def test_it_is_found_by_number_and_written_to_a_folder(box, amina, tmp_path):
    result = works.export_learner(box, {"learner": "", "number": "d-1042", "to": str(tmp_path)})

    assert str(tmp_path / f"learner-{amina.id}.zip") == result["file"]
    assert zipfile.is_zipfile(result["file"])


def test_who_is_not_here_and_what_is_nowhere_is_said(box, grade, tmp_path, amina):
    with pytest.raises(NobodyThere):
        works.export_learner(box, {"learner": "nobody", "number": "", "to": str(tmp_path)})
    with pytest.raises(CallerFault, match="no folder"):
        works.export_learner(box, {"learner": amina.id, "number": "", "to": str(tmp_path / "no" / "where.zip")})


def test_a_learner_is_erased_by_command(box, amina):
    works.erase_learner(box, {"learner": amina.id, "number": ""})

    assert box.people.person(amina.id) is None
    assert box.journal.has_erased(amina.id)
    with pytest.raises(NobodyThere):
        works.erase_learner(box, {"learner": amina.id, "number": ""})


def test_teachers_hand_it_out_from_the_page_before_they_erase(box, staff, amina, phones):
    page = staff.opens(f"/learners/{amina.id}/erase")
    assert f"/learners/{amina.id}/export.zip" in page
    answer = staff.fetches(f"/learners/{amina.id}/export.zip")
    assert "learner.json" in zipfile.ZipFile(io.BytesIO(answer)).namelist()

    stranger = phones("10.0.0.9")
    stranger.opens(f"/learners/{amina.id}/export.zip")
    assert "/sign-in" in stranger.path
    staff.opens("/learners/nobody/export.zip")
    assert 404 == staff.status
