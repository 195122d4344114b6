"""`qanat hub` on a folder: what it prints, and that it works beside a hub that is serving."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from catalog.fault import CallerFault
from sync.enrolment import Token
from sync.hub.cli import hub as group
from sync.keys import fingerprint

SERVE = "from sync.hub.cli import hub; hub()"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(group, [str(word) for word in words], catch_exceptions=False)


def document(*words: str | Path) -> Any:
    return json.loads(run(*words, "--json").stdout)


def test_publishing_prints_what_came_of_it(tmp_path: Path, lesson: Path) -> None:
    said = document("publish", lesson, "--data", tmp_path / "hub", "--course", "water", "--title", "Water")

    assert ("water", 1, "Water") == (said["course"], said["version"], said["report"]["title"])
    assert 1 == len(list((tmp_path / "hub" / "packs").glob("core-*")))


def test_publishing_says_it_in_words(tmp_path: Path, lesson: Path) -> None:
    said = run("publish", lesson, "--data", tmp_path / "hub", "--course", "water")

    assert said.stdout.startswith("water, version 1: ready for boxes.\n")


def test_publishing_nothing_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CallerFault):
        run("publish", tmp_path / "none", "--data", tmp_path / "hub")


def test_a_token_carries_the_fingerprint_of_the_hub(tmp_path: Path) -> None:
    said = document("token", "--data", tmp_path / "hub", "--campus", "Wadi")

    assert "Wadi" == said["campus"]
    assert fingerprint(said["hub_key"]) == Token.parse(said["token"]).fingerprint


def test_tokens_of_one_campus_differ(tmp_path: Path) -> None:
    tokens = [run("token", "--data", tmp_path / "hub", "--campus", "Wadi").stdout for _ in range(2)]

    assert 2 == len(set(tokens))


NO_BEGINNING = [
    ("backup", "--to", "B"),
    ("boxes",),
    ("rebuild",),
    ("audit",),
    ("replace", "--old", "a", "--new", "b"),
    ("export", "--format", "csv", "--to", "X"),
    ("learner", "export", "--campus", "C", "--learner", "L", "--to", "X.zip"),
    ("learner", "erase", "--campus", "C", "--learner", "L"),
    ("carry", "--campus", "C", "--to", "S"),
    ("take", "S"),
    ("staff", "list"),
    ("staff", "add", "Rana"),
    ("keys", "status"),
    ("keys", "rotate"),
    ("keys", "delegate", "biology"),
    ("keys", "revoke", "biology"),
]


@pytest.mark.parametrize("words", NO_BEGINNING, ids=" ".join)
def test_a_mistyped_folder_becomes_no_hub(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(CallerFault, match="There is no hub in"):
        run(*words, "--data", tmp_path / "typo")

    assert not (tmp_path / "typo").exists()


def test_the_keys_may_be_a_hubs_beginning(tmp_path: Path) -> None:
    assert document("keys", "init", "--data", tmp_path / "hub")["are_root_keys_here"]
    assert document("keys", "status", "--data", tmp_path / "hub")["are_root_keys_here"]


def test_boxes_are_listed(tmp_path: Path) -> None:
    run("token", "--data", tmp_path / "hub", "--campus", "Wadi")

    assert [] == document("boxes", "--data", tmp_path / "hub")
    assert "No box has joined yet" in run("boxes", "--data", tmp_path / "hub").stdout


def test_a_box_is_described_by_what_it_said(hub: Any, box: Any, tmp_path: Path) -> None:
    from sync.hub.cli import _document

    box.writes("class", class_="7b", name="Class 7b")
    box.sends()

    (state,) = hub.fleet.boxes()
    fields = {"id", "name", "campus", "last_seen", "holds", "free_bytes", "events", "forks", "is_revoked"}
    assert fields | {"alarms"} == _document(state, []).keys()
    assert ("Lab", "Wadi", 2, 5_000_000_000) == (state.name, state.campus.name, state.events, state.free_bytes)


# ---- a hub that serves ----


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A hub in a process of its own, and its address."""
    command = [sys.executable, "-c", SERVE, "serve", "--data", tmp_path / "hub", "--host", "127.0.0.1", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        address = process.stdout.readline().rpartition(" ")[2].strip().rstrip("/")
        yield process, address
        process.kill()


@pytest.mark.system
def test_a_course_published_beside_a_serving_hub_is_there_at_once(
    served: tuple[subprocess.Popen[str], str], tmp_path: Path, lesson: Path
) -> None:
    _, address = served
    run("publish", lesson, "--data", tmp_path / "hub", "--course", "water")
    (pack,) = (tmp_path / "hub" / "packs").glob("core-*")

    reply = httpx.get(f"{address}/sync/packs/{pack.name}", headers={"Range": "bytes=4-"})

    assert (206, pack.read_bytes()[4:]) == (reply.status_code, reply.content)


@pytest.mark.system
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_serving_hub_ends_in_peace(served: tuple[subprocess.Popen[str], str], number: signal.Signals) -> None:
    process, address = served
    assert 200 == httpx.get(f"{address}/claim").status_code

    process.send_signal(number)

    assert 0 == process.wait(timeout=20)


@pytest.mark.system
def test_a_new_hub_prints_how_to_claim_it(served: tuple[subprocess.Popen[str], str], tmp_path: Path) -> None:
    process, address = served
    assert process.stdout is not None

    line = process.stdout.readline()

    assert f"{address}/claim" in line
    assert (tmp_path / "hub" / "claim-code.txt").read_text().strip() in line


@pytest.mark.system
def test_answers_to_boxes_carry_no_header_of_the_front(served: tuple[subprocess.Popen[str], str]) -> None:
    _, address = served

    reply = httpx.post(f"{address}/sync/session", content=b"{}")

    assert {"content-length"} == {name.lower() for name in reply.headers}
