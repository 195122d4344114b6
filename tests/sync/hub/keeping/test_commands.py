"""`qanat hub` for keeping, as somebody at the hub's machine types it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalog.fault import BoxFault, CallerFault, PlaceRefused
from sync.carry.order import Order, order_name
from sync.hub.cli import hub as group
from sync.hub.hub import Hub
from sync.keys import PublicKey

Box = Any

pytestmark = pytest.mark.parametrize("database_url", [None], ids=["sqlite"])


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(group, [str(word) for word in words], catch_exceptions=True)
    if result.exception is not None:
        raise result.exception
    return result


def document(*words: str | Path) -> Any:
    return json.loads(run(*words, "--json").stdout)


@pytest.fixture
def taught(hub: Hub, box: Box) -> Box:
    box.writes("learner", "amina", name="Aminata Diallo", class_="7b")
    box.writes("progressed", "amina", course="water", version=1, activity="film", permille=500)
    box.sends()
    return box


def test_a_hub_is_backed_up_and_put_back(hub: Hub, taught: Box, tmp_path: Path) -> None:
    made = document("backup", "--data", hub.data, "--to", tmp_path / "backups")
    done = document("restore", "--data", tmp_path / "again", "--from", tmp_path / "backups")

    assert (3, 1) == (made["events"], made["epochs_moved"])
    assert (3, 1, None) == (done["events"], done["boxes"], done["put_aside"])
    (state,) = document("boxes", "--data", tmp_path / "again")
    assert 3 == state["events"]


def test_the_same_in_words(hub: Hub, taught: Box, tmp_path: Path) -> None:
    said = run("backup", "--data", hub.data, "--to", tmp_path / "backups").stdout
    done = run("restore", "--data", tmp_path / "again", "--from", tmp_path / "backups").stdout

    assert "Backed up and proven: 3 events" in said
    assert "New files of courses: 0; written: " in said
    assert "3 events of 1 box." in done
    assert "boxes send what came since" in done


@pytest.mark.parametrize("words", [("backup", "--to", "backups"), ("boxes",), ("keys", "status")], ids=" ".join)
def test_a_broken_database_is_said_with_the_way_out(hub: Hub, taught: Box, words: tuple[str, ...]) -> None:
    hub.close()
    with (hub.data / "hub.db").open("r+b") as file:
        file.write(b"\xa5" * 8192)

    with pytest.raises(BoxFault, match="database is damaged") as refused:
        run(*words, "--data", hub.data)

    assert "qanat hub restore" in refused.value.hint


def test_a_folder_that_is_not_there_is_no_failing_card(hub: Hub, taught: Box, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    who = ("--data", hub.data, "--campus", "Wadi", "--learner", "amina")

    with pytest.raises(PlaceRefused, match=r"amina\.zip cannot be written in nofolder"):
        run("learner", "export", *who, "--to", tmp_path / "nofolder" / "amina.zip")
    with pytest.raises(PlaceRefused, match="backups cannot be written in file"):
        run("backup", "--data", hub.data, "--to", tmp_path / "file" / "backups")


def test_tables_are_built_again(hub: Hub, taught: Box) -> None:
    assert {"batches": 1} == document("rebuild", "--data", hub.data)


def test_a_box_is_replaced_and_the_log_says_so(hub: Hub, taught: Box, new_box: Callable[[], Box]) -> None:
    other = new_box()
    other.enrols(hub.fleet.make_token(hub.fleet.campuses()[0]), "New lab")

    document("replace", "--data", hub.data, "--old", taught.id, "--new", other.id)

    (line,) = document("audit", "--data", hub.data)
    assert ("command line", "replaced", {"box": taught.id, "by": other.id}) == (
        line["who"],
        line["act"],
        line["about"],
    )


def test_alarms_are_in_the_list_of_boxes(hub: Hub, taught: Box) -> None:
    hub.intake.flag(taught.id, "an-epoch", 1_790_000_000)

    (state,) = document("boxes", "--data", hub.data)

    # The hub's real clock is at work here: a box of the tests may count as silent too.
    alarm = state["alarms"][0]
    assert {"kind", "sentence", "hint", "since_seconds"} == alarm.keys()
    assert ("journal-contradicts", 1_790_000_000) == (alarm["kind"], alarm["since_seconds"])
    assert "journal-contradicts" in run("boxes", "--data", hub.data).stdout


def test_an_export_of_one_campus(hub: Hub, taught: Box, tmp_path: Path) -> None:
    hub.fleet.campus_called("Elsewhere")
    common = ("export", "--data", hub.data, "--format", "csv")

    here = document(*common, "--to", tmp_path / "here", "--campus", "Wadi")
    there = document(*common, "--to", tmp_path / "there", "--campus", "Elsewhere")

    assert (1, 0) == (here["rows"]["events"], there["rows"]["events"])


def test_an_export_with_names_says_what_it_is(hub: Hub, taught: Box, tmp_path: Path) -> None:
    said = run("export", "--data", hub.data, "--format", "csv", "--to", tmp_path / "x", "--names").stdout

    assert "It names learners" in said


def test_one_learner_out_and_away(hub: Hub, taught: Box, tmp_path: Path) -> None:
    who = ("--data", hub.data, "--campus", "Wadi", "--learner", "amina")

    out = document("learner", "export", *who, "--to", tmp_path / "amina.zip")
    run("learner", "erase", *who)
    after = document("learner", "export", *who, "--to", tmp_path / "after.zip")

    assert (2, 0) == (out["events"], after["events"])
    with zipfile.ZipFile(tmp_path / "after.zip") as zipped:
        assert b"Aminata" not in b"".join(zipped.read(name) for name in zipped.namelist())
    assert ["exported-learner", "erased", "exported-learner"] == [
        line["act"] for line in document("audit", "--data", hub.data)
    ]


def test_a_campus_that_is_not_there_is_said(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="no campus of this name"):
        run("learner", "erase", "--data", hub.data, "--campus", "Nowhere", "--learner", "amina")


def test_a_stick_is_written_that_resets_one_box(hub: Hub, taught: Box, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()

    document("reset-order", "--data", hub.data, "--box", taught.id, "--to", tmp_path / "stick", "--lose", "3")

    data = (tmp_path / "stick" / "qanat" / order_name(taught.id)).read_bytes()
    assert Order(taught.id, 3) == Order.read(data, PublicKey(hub.keys.public))
    line = hub.keeping.audit.lines()[0]
    assert ("command line", "reset-ordered", {"box": taught.id}) == (line.who, line.act, line.about)


def test_a_code_for_a_spare_box_is_made_at_the_machine(hub: Hub, taught: Box) -> None:
    said = document("adoption-code", "--data", hub.data, "--box", taught.id)

    assert 11 == len(said["code"])
    assert "adoption-code" == hub.keeping.audit.lines()[0].act
