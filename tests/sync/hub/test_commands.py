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
from provisioning.hub import hub as group
from sync.enrolment import Token
from sync.hub.options import opened
from sync.keys import fingerprint

SERVE = "from provisioning.hub import hub; hub()"


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


def test_publishing_says_all_that_there_is_to_say(tmp_path: Path, lesson: Path) -> None:
    hub = tmp_path / "hub"
    run("token", "--data", hub, "--campus", "Wadi")
    run("token", "--data", hub, "--campus", "Coast")

    said = document(
        "publish", lesson, "--data", hub, "--course", "water-ar", "--title", "الماء", "--language", "ar",
        "--family", "water", "--licence", "CC-BY-4.0", "--subject", "Physics", "--subject", "Land",
        "--level", "primary",
        "--description", "عن الماء", "--campus", "Wadi", "--at", "2099-01-01 02:30", "--layers", "none",
    )  # fmt: skip

    dry = document("publish", lesson, "--data", hub, "--course", "water-ar", "--language", "ar", "--dry-run")
    assert ("water-ar", 1, 4070917800) == (said["course"], said["version"], said["due"])
    assert ["Wadi"] == [cost["campus"] for cost in dry["costs"]]
    with opened(hub, None) as one:
        release = one.catalog.releases.latest("water-ar")
        assert release is not None
        assert ({"ar": "الماء"}, {"ar": "عن الماء"}, "CC-BY-4.0") == (
            release.title, release.description, release.licence,
        )  # fmt: skip
        assert {"family": "water", "level": "primary", "subjects": ["Physics", "Land"]} == release.extra


def test_a_dry_run_says_what_it_would_cost_and_leaves_nothing(tmp_path: Path, lesson: Path) -> None:
    hub = tmp_path / "hub"
    run("token", "--data", hub, "--campus", "Wadi")

    said = document("publish", lesson, "--data", hub, "--course", "water", "--dry-run")
    words = run("publish", lesson, "--data", hub, "--course", "water", "--dry-run").stdout

    (cost,) = said["costs"]
    assert ("Wadi", 0, False) == (cost["campus"], cost["boxes"], cost["is_patch"])
    assert 0 < cost["each_bytes"] < 2000
    assert "CAMPUS  BOXES  TO EACH  AS     NIGHTS" in words
    assert [] == [path for path in (hub / "store").rglob("*") if path.is_file() and path.name != ".lock"]
    assert [] == [path for path in (hub / "drafts").iterdir() if path.name != ".lock"]
    assert 1 == document("publish", lesson, "--data", hub, "--course", "water")["version"]


def test_what_is_not_said_again_stays(tmp_path: Path, lesson: Path) -> None:
    hub = tmp_path / "hub"
    run("publish", lesson, "--data", hub, "--course", "water", "--licence", "CC-BY-4.0", "--family", "water")
    (lesson / "two.html").write_text("<p>More of it.</p>")

    run("publish", lesson, "--data", hub, "--course", "water")

    with opened(hub, None) as one:
        release = one.catalog.releases.latest("water")
        assert release is not None
        assert (2, "CC-BY-4.0", "water") == (release.version, release.licence, release.extra["family"])


def test_a_course_is_withdrawn_and_taken_back_by_hand(tmp_path: Path, lesson: Path) -> None:
    hub = tmp_path / "hub"
    run("token", "--data", hub, "--campus", "Wadi")
    run("publish", lesson, "--data", hub, "--course", "water")
    (lesson / "index.html").write_text("<title>Wrong</title>")
    run("publish", lesson, "--data", hub, "--course", "water")

    back = document("roll-back", "water", "--data", hub)
    gone = document("withdraw", "water", "--data", hub)

    assert (3, 1) == (back["version"], back["as"])
    assert {"course": "water", "campuses": 1} == gone
    with opened(hub, None) as one:
        acts = [line.act for line in one.keeping.audit.lines()]
        assert ["withdrawn", "rolled-back", "published", "published"] == [act for act in acts if act != "token"]


def test_what_moved_is_named_by_hand(tmp_path: Path, lesson: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("<title>Other</title>")
    hub = tmp_path / "hub"
    run("publish", lesson, other, "--data", hub, "--course", "water")

    said = document("publish", other, "--data", hub, "--course", "water", "--moved", "site-2=site")

    assert {"site-2": "site"} == said["moved"]
    assert [("site-2", "site")] == [(row["id"], row["moves_to"]) for row in said["update"]["went"]]
    with pytest.raises(CallerFault, match="is no activity"):
        run("publish", lesson, "--data", hub, "--course", "water", "--moved", "none=site")


@pytest.mark.parametrize(
    "words",
    [
        ("--campus", "Nowhere"), ("--at", "soon"), ("--hold", "Wadi"), ("--hold", "Wadi=soon"), ("--moved", "x"),
        ("--layers", "video-9000"), ("--family", "A B"), ("--licence", "x" * 300),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_fault_in_words_and_publishes_nothing(
    tmp_path: Path, lesson: Path, words: tuple[str, str]
) -> None:
    hub = tmp_path / "hub"
    run("token", "--data", hub, "--campus", "Wadi")

    with pytest.raises(CallerFault):
        run("publish", lesson, "--data", hub, "--course", "water", *words)

    with opened(hub, None) as one:
        assert ([], []) == (one.catalog.releases.all_latest(), one.drafts.all())


def test_a_campus_says_by_hand_what_it_reads(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    run("token", "--data", hub, "--campus", "Wadi")

    said = document("languages", "--data", hub, "--campus", "Wadi", "ar", "fr")

    assert {"campus": "Wadi", "languages": ["ar", "fr"]} == said
    with opened(hub, None) as one:
        assert {"ar": ["Wadi"], "fr": ["Wadi"]} == one.publishing.languages_read()


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


def test_an_address_for_each_port_of_previews_or_for_none(tmp_path: Path) -> None:
    ports = ["--preview-port", "8301", "--preview-port", "8302", "--preview-origin", "https://look.example.org"]

    with pytest.raises(CallerFault, match="2 ports for previews and 1 addresses"):
        run("serve", "--data", tmp_path / "hub", *ports)

    assert not (tmp_path / "hub").exists()
