"""xAPI packages: an activity for each thing that their tincan.xml launches."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from tests.made_packages import tincan, zipped

Read = Callable[..., Imported]


def document(launch: str) -> bytes:
    activity = f'<activity id="https://example.org/a" type="x:y"><name>A</name><launch>{launch}</launch></activity>'
    return f'<tincan xmlns="http://projecttincan.com/tincan.xsd"><activities>{activity}</activities></tincan>'.encode()


def test_each_thing_that_is_launched_is_an_activity(reading: Read, tmp_path: Path) -> None:
    found = reading(tincan(tmp_path / "a.zip", "well", "canal"))

    assert [("well", "xapi", "well/well.html"), ("canal", "xapi", "well/canal.html")] == [
        (one.id, one.kind, one.path) for one in found.activities
    ]


@pytest.mark.parametrize("launch", ["gone.html", "https://example.org/a.html", "", "../../a.html"])
def test_a_package_that_launches_nothing_of_its_own_is_refused(reading: Read, tmp_path: Path, launch: str) -> None:
    package = zipped(tmp_path / "a.zip", {"tincan.xml": document(launch), "index.html": b"<p>"})

    with pytest.raises(ContentFault, match="nothing that could be opened"):
        reading(package)


def test_a_launch_keeps_what_follows_its_file(reading: Read, tmp_path: Path) -> None:
    package = zipped(tmp_path / "a.zip", {"tincan.xml": document("Start.html?tincan=true"), "start.html": b"<p>"})

    found = reading(package)

    assert "a/start.html" == found.activities[0].path
    assert ["Start.html: the file is called start.html."] == found.report.repaired
