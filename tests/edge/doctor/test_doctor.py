"""The doctor as staff meet it: the page, the command, and the code that is explained far away."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog.fault import CallerFault
from edge.box import Box
from edge.cli import box as command
from provisioning.provision import provision


def run(*words: str) -> Any:
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    return result.output


def test_the_page_says_what_is_wrong_and_the_code_says_it_far_away(staff: Any) -> None:
    page = staff.opens("/staff/doctor")
    code = re.search(r"[A-Z]{4}-[A-Z]{4}-[A-Z]{4}", page)

    assert code is not None
    assert "Something needs you." == staff.heading
    explained = CliRunner().invoke(provision, ["explain", code[0]], catch_exceptions=False).output
    assert "This box has no hub yet." in page
    assert "This box has no hub yet." in explained
    assert "Ask the hub's staff for a token and enrol the box with it." in explained


def test_the_status_page_leads_to_the_doctor(staff: Any) -> None:
    assert 'href="/staff/doctor"' in staff.opens("/staff")


def test_the_command_says_the_same_in_words_and_as_json(box: Box) -> None:
    box.close()

    words = run("doctor", "--data", str(box.data))
    document = json.loads(run("doctor", "--data", str(box.data), "--json"))

    assert f"To read out on the phone: {document['code']}" in words
    assert not document["is_well"]
    assert ["ill"] == [row["state"] for row in document["checks"] if row["check"] == "hub"]


def test_a_box_whose_key_is_gone_gets_no_other_by_being_examined(box: Box) -> None:
    box.close()
    (box.data / "keys" / "box.key").unlink()

    said = json.loads(run("doctor", "--data", str(box.data), "--json"))

    assert {"key", "opened"} <= {row["check"] for row in said["checks"] if row["state"] == "ill"}
    assert not (box.data / "keys" / "box.key").exists()


def test_a_box_whose_database_is_damaged_is_examined_from_outside(box: Box) -> None:
    box.close()
    (box.data / "box.db").write_bytes(b"no database at all" * 1000)

    said = json.loads(run("doctor", "--data", str(box.data), "--json"))

    assert {"database", "opened"} <= {row["check"] for row in said["checks"] if row["state"] == "ill"}
    assert said["why_closed"]


def test_where_there_is_no_box_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="There is no box"):
        run("doctor", "--data", str(tmp_path / "nothing"))


def test_a_code_that_was_misheard_is_asked_for_again() -> None:
    result = CliRunner().invoke(provision, ["explain", "CCCC", "CCCC", "CCCD"])

    assert isinstance(result.exception, CallerFault)
    assert "read out again" in result.exception.hint


def test_a_code_as_json_has_its_figures_in_words(staff: Any) -> None:
    page = staff.opens("/staff/doctor")
    code = re.search(r"[A-Z]{4}-[A-Z]{4}-[A-Z]{4}", page)
    assert code is not None

    result = CliRunner().invoke(provision, ["explain", code[0], "--json"], catch_exceptions=False)
    said = json.loads(result.output)

    assert "never, or not known" == said["since"]
    assert "hub" in [row["check"] for row in said["checks"]]
