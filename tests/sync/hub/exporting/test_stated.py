"""Statements that packages and tools made come back by an export: as they were, or with nobody in them to be told."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from sync.events import LEARNERS_HOME
from sync.hub.exporting.exporting import Format
from sync.hub.exporting.rows import Scope
from sync.hub.hub import Hub

Box = Any

AMINA, BADR, OUTSIDER = "aaaaaaaaaaaaaaaa-amina", "bbbbbbbbbbbbbbbbbb-badr", "oooooooooooooooo"
NAME, TARGET = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
TEACHER = {"mbox": "mailto:kadra@example.org", "name": "Kadra Ismail"}


def account(learner: str) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": LEARNERS_HOME, "name": learner}}


STATEMENT = {
    "id": NAME,
    "actor": {"objectType": "Group", "name": "Amina's group", "member": [account(AMINA), account(BADR)]},
    "authority": {"account": {"homePage": "https://keys.qanat.invalid/", "name": "K3y"}},
    "context": {"instructor": TEACHER, "contextAgents": [{"objectType": "contextAgent", "agent": TEACHER}]},
    "object": {
        "objectType": "SubStatement", "actor": TEACHER, "verb": {"id": "http://example.org/saw"},
        "object": {"objectType": "StatementRef", "id": TARGET},
    },
    "result": {"score": {"scaled": 0.75}, "extensions": {"http://example.org/w": {"mbox": "mailto:amina@example.org"}}},
    "verb": {"id": "http://example.org/planned"},
}  # fmt: skip


@pytest.fixture
def told(hub: Hub, box: Box) -> Box:
    box.writes("learner", AMINA, name="Aminata Diallo")
    box.writes("opened", AMINA, course="water", version=1, activity="film")
    box.writes("stated", AMINA, statement=json.dumps(STATEMENT), course="water")
    box.writes("stated", OUTSIDER, statement=json.dumps({**STATEMENT, "id": TARGET, "actor": TEACHER}))
    box.sends()
    return box


def exported(hub: Hub, place: Path, scope: Scope | None = None, **options: Any) -> list[dict[str, Any]]:
    done = hub.keeping.exporting.export(place, Format.XAPI, scope or Scope(), who="rana", **options)
    return [json.loads(line) for line in (done.place / "statements.jsonl").read_bytes().splitlines()]


def test_with_names_a_statement_comes_back_as_it_was(hub: Hub, told: Box, tmp_path: Path) -> None:
    lines = exported(hub, tmp_path / "out", has_names=True)

    assert 3 == len(lines)
    assert STATEMENT == lines[1]


def test_without_names_everybody_has_a_pseudonym_wherever_they_stand(hub: Hub, told: Box, tmp_path: Path) -> None:
    lines = exported(hub, tmp_path / "out")

    words = ("kadra", "Kadra", "amina", "Amina", AMINA, BADR, LEARNERS_HOME, "K3y", NAME, TARGET, OUTSIDER)
    assert [] == [word for word in words if word in json.dumps(lines)]
    opened, first, second = lines
    assert opened["actor"] == first["actor"]["member"][0]
    assert first["context"]["instructor"] == first["object"]["actor"] == second["actor"]
    assert 0.75 == first["result"]["score"]["scaled"]


def test_without_names_a_statement_still_speaks_of_the_one_it_spoke_of(hub: Hub, told: Box, tmp_path: Path) -> None:
    _, first, second = exported(hub, tmp_path / "out")

    assert second["id"] == first["object"]["object"]["id"]
    assert uuid.UUID(first["id"])


def test_of_one_course_and_of_one_learner_only_theirs_come(hub: Hub, told: Box, tmp_path: Path) -> None:
    water = exported(hub, tmp_path / "water", Scope(course="water"), has_names=True)
    hers = exported(hub, tmp_path / "hers", Scope(learner=AMINA), has_names=True)

    assert [NAME] == [one["id"] for one in water[1:]]
    assert [NAME] == [one["id"] for one in hers[1:]]


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", '{"id": 7}', "[" * 10_000, '{"id": "x", "n": NaN}', '{"id": "x", "n": 1e999}',
     '{"id": "x", "n": "\\ud800"}', '{"id":' * 3_000],
)  # fmt: skip
@pytest.mark.parametrize("has_names", [True, False])
def test_what_is_no_statement_is_left_out(hub: Hub, told: Box, tmp_path: Path, text: str, has_names: bool) -> None:
    told.writes("stated", AMINA, statement=text)
    told.sends()

    assert 3 == len(exported(hub, tmp_path / "out", has_names=has_names))


def test_a_table_of_events_holds_no_statements(hub: Hub, told: Box, tmp_path: Path) -> None:
    done = hub.keeping.exporting.export(tmp_path / "out", Format.CSV, Scope(), who="rana")

    assert {"events": 1, "progress": 1, "results": 0, "learners": 1} == dict(done.counts)


def test_who_was_erased_is_in_no_export(hub: Hub, told: Box, tmp_path: Path) -> None:
    told.erases(AMINA)
    told.sends()

    lines = exported(hub, tmp_path / "out", has_names=True)

    assert [TARGET] == [one["id"] for one in lines]
