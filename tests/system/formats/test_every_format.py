"""Any course plays: each sample is imported as the command does it, opened activity by activity in a real browser, and
what the box then knows of the learner is looked up. docs/formats.md has what came of it, row by row.

`make formats` writes those rows anew.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.fault import Fault
from catalog.importers.registry import IMPORTERS
from catalog.manifest import Release
from catalog.publish import Catalog, publish
from catalog.renditions.studio import Studio
from tests.system.formats.samples import MADE, OF_OTHERS, Sample
from tests.system.formats.studying import STUDYING, study
from tests.system.packages.conftest import SHARED, Campus

pytestmark = pytest.mark.system

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"
BEGIN, END = "<!-- seen: made by `make formats` -->\n", "<!-- end of seen -->\n"
HEAD = (
    "| sample | told as | activities | how it played | what the box kept | mended | left out, or why it was refused |\n"
    "|---|---|---|---|---|---|---|\n"
)
IS_WRITING = bool(os.environ.get("WRITE"))
SAMPLES = {sample.name: sample for sample in (*OF_OTHERS, *MADE)}
TOLD = ("opened", "progressed", "completed", "answered", "scored", "stated")
"""Kinds of events, in the order in which the table names them."""


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, str]]:
    """The rows of this run; written where that was asked for and every sample has its own."""
    rows: dict[str, str] = {}
    yield rows
    if IS_WRITING and rows.keys() == SAMPLES.keys():
        before, _, rest = DOCUMENT.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCUMENT.write_text(before + BEGIN + HEAD + "".join(rows[name] for name in SAMPLES) + END + after)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_taken_played_and_kept_as_the_document_says(
    campus: Campus, tmp_path: Path, name: str, seen: dict[str, str]
) -> None:
    sample = SAMPLES[name]
    if sample.is_of_others and not SHARED.exists():
        pytest.skip("the packages of others are not beside this checkout")

    seen[name] = row(campus, sample, tmp_path)

    assert IS_WRITING or seen[name] in DOCUMENT.read_text(), seen[name]


def test_the_document_speaks_of_every_sample_and_of_nothing_else() -> None:
    _, _, rest = DOCUMENT.read_text().partition(BEGIN)
    said = re.findall(r"^\| ([^|]+?) \|", rest.partition(END)[0].removeprefix(HEAD), re.MULTILINE)

    assert [name.replace("|", "") for name in SAMPLES] == said


def test_every_format_has_a_sample_that_played() -> None:
    _, _, rest = DOCUMENT.read_text().partition(BEGIN)
    told = re.findall(r"^\| [^|]+ \| ([^|]+?) \|", rest.partition(END)[0].removeprefix(HEAD), re.MULTILINE)

    assert {importer.format for importer in IMPORTERS} <= {part for one in told for part in one.split("+")}


def test_every_kind_of_activity_has_somebody_who_studies_it() -> None:
    from edge.library.players.registry import PLAYERS

    assert PLAYERS.keys() == STUDYING.keys()


def row(campus: Campus, sample: Sample, folder: Path) -> str:
    """What came of one sample, as a row of the table."""
    laid = folder / "sources"
    laid.mkdir()
    box = campus.box
    at = Catalog(box.data, box.database, box.store, box.releases)
    try:
        made = publish(sample.lay(laid), at, course="sample", now_seconds=0, studio=Studio.found())
    except Fault as refused:
        assert not list(box.store.folder.glob("*/*")), "what is refused leaves nothing behind"
        return f"| {sample.name} | refused | - | - | - | - | {str(refused).partition(chr(10))[0].replace('|', '')} |\n"
    release = made.release
    box.database.write(lambda connection: box.shelf.switch(connection, release, list(release.layers)))
    box.shelf.ensure_trees()
    played = _played(campus, release)
    kinds = Counter(activity.kind for activity in release.activities)
    activities = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    report = made.report
    cells = (
        report.format, activities, played, _kept(campus, release), _told(report.repaired), _told(report.left_out),
    )  # fmt: skip
    return f"| {sample.name} | {' | '.join(cells)} |\n"


def _told(lines: list[str]) -> str:
    """The first line of a report's list, and how many more there are."""
    if not lines:
        return "-"
    first = lines[0].replace("|", "").rstrip(".")
    return first if len(lines) == 1 else f"{first}; and {len(lines) - 1} more"


def _played(campus: Campus, release: Release) -> str:
    page = campus.phone()
    seen: dict[str, str] = {}
    for activity in release.activities:
        said = study(campus, page, release, activity)
        seen[activity.kind] = said
    page.context.close()
    return "; ".join(f"{kind}: {said}" for kind, said in sorted(seen.items()))


def _kept(campus: Campus, release: Release) -> str:
    """Which kinds of events the box has, and of how many of the activities it has a place."""
    campus.settled()
    learner = campus.amina.id
    kinds = {row["kind"] for row in campus.box.database.read().execute("select distinct kind from event").fetchall()}
    places = campus.box.learning.places(learner).get(release.course, {})
    missing = [activity.id for activity in release.activities if activity.id not in places]
    assert missing == [], "the box knows where a learner is in everything that was opened"
    words = [kind for kind in TOLD if kind in kinds]
    if campus.count("package_part"):
        words.append("state")
    return ", ".join(words)
