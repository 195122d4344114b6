"""Row 40 of docs/security.md at the box: what teachers and staff do that others may ask about is in its journal."""

from pathlib import Path
from typing import Any

from catalog.manifest import parsed
from edge.box import Box
from edge.keeping import works
from edge.people.people import Person


def acts(box: Box) -> list[dict[str, Any]]:
    query = "select payload from event where kind = 'acted' order by place, sequence"
    return [parsed(row["payload"], dict) for row in box.database.read().execute(query)]


def test_row_40_who_hands_out_everything_of_a_learner_is_in_the_journal(staff: Any, box: Box, amina: Person) -> None:
    staff.fetches(f"/learners/{amina.id}/export.zip")

    (said,) = acts(box)
    assert ("exported-learner", amina.id) == (said["act"], said["about"])
    assert said["who"]
    assert amina.name not in str(said)


def test_row_40_who_settles_an_alarm_is_in_the_journal(staff: Any, box: Box) -> None:
    box.alarms.raise_("scrub-found", files=1)

    staff.opens("/staff")
    staff.sends("/staff/alarms/scrub-found")
    staff.sends("/staff/alarms/scrub-found")

    assert [("settled", "scrub-found")] == [(said["act"], said["about"]) for said in acts(box)]
    assert [] == box.alarms.standing()


def test_row_40_what_did_not_happen_is_not_written_down(staff: Any, box: Box) -> None:
    assert 404 == staff.is_answered("/learners/nobody/export.zip")
    assert [] == acts(box)


def test_row_40_a_command_that_hands_out_a_learner_is_in_the_journal(box: Box, amina: Person, tmp_path: Path) -> None:
    works.export_learner(box, {"learner": amina.id, "number": "", "to": str(tmp_path)})

    assert [("exported-learner", "command line", amina.id)] == [
        (said["act"], said["who"], said["about"]) for said in acts(box)
    ]
