import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.cli import catalog
from catalog.digest import digest_of
from catalog.fault import CallerFault, Damaged, PlaceRefused
from catalog.publish import Catalog

Run = Callable[..., str]
NOW = 1_790_000_000


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `qanat catalog ...` on a data folder; returns what it prints, raises what it raises."""

    def command(*words: str | Path) -> str:
        answer = CliRunner().invoke(
            catalog, [*map(str, words), "--data", str(tmp_path / "hub")], obj=lambda: NOW, catch_exceptions=False
        )
        assert answer.exit_code == 0, answer.output
        return answer.stdout

    return command


@pytest.fixture
def lessons(zipped: Callable[..., Path]) -> Path:
    return zipped("lessons.zip", {"index.html": '<title>Water</title><img src="https://e.org/a.png">'})


def test_an_import_says_what_it_found(run: Run, lessons: Path) -> None:
    assert [
        "Water (html-zip)",
        "  html: Water",
        "Needs the internet, and will be missing without it:",
        "  site/index.html: https://e.org/a.png",
        "This is water, version 1.",
    ] == run("import", lessons).splitlines()
    assert "This was there already as water, version 1." == run("import", lessons).splitlines()[-1]


def test_an_import_as_json_has_every_field(run: Run, lessons: Path, film: Path) -> None:
    document = json.loads(
        run(
            "import",
            lessons,
            film,
            "--course",
            "eau",
            "--title",
            "L'eau",
            "--language",
            "fr",
            "--no-renditions",
            "--json",
        )
    )

    assert 72 - 6 == len(document.pop("root"))
    assert {
        "format": "html-zip+video",
        "title": "L'eau",
        "activities": [
            {"id": "site", "kind": "html", "title": "Water"},
            {"id": "the-water", "kind": "video", "title": "The water"},
        ],
        "repaired": [],
        "left_out": [],
        "noted": [],
        "external_links": [{"address": "https://e.org/a.png", "file": "site/index.html", "is_needed": True}],
        "external_links_count": 1,
        "course": "eau",
        "version": 1,
    } == document


def test_a_release_bears_the_date_of_the_clock_that_it_is_given(run: Run, lessons: Path, tmp_path: Path) -> None:
    from catalog.publish import Catalog

    run("import", lessons)
    opened = Catalog.open(tmp_path / "hub")
    latest = opened.releases.latest("water")
    opened.close()

    assert latest is not None
    assert NOW == latest.provenance["published"]


def test_show_lists_courses_and_versions(run: Run, lessons: Path, document: Path) -> None:
    run("import", lessons)
    run("import", lessons, "--title", "Deep water", "--course", "water")
    run("import", document)

    assert [("le-sol", 1), ("water", 2)] == [
        (row["course"], row["version"]) for row in json.loads(run("show", "--json"))
    ]
    assert [(1, "Water"), (2, "Deep water")] == [
        (row["version"], row["title"]) for row in json.loads(run("show", "water", "--json"))
    ]
    assert ["Le sol", "Deep water"] == [line[51:].strip() for line in run("show").splitlines()]


def test_show_of_nothing_says_so(run: Run) -> None:
    assert "There are no courses here yet.\n" == run("show")
    with pytest.raises(CallerFault, match="no course nowhere"):
        run("show", "nowhere")


def test_verify_finds_every_file_whole(run: Run, lessons: Path) -> None:
    run("import", lessons)

    assert ("1 of 1 files are whole.\n", {"files": 1, "damaged": []}) == (
        run("verify"), json.loads(run("verify", "--json")),
    )  # fmt: skip


def test_verify_names_what_rotted_and_fails_as_content(run: Run, lessons: Path, document: Path, tmp_path: Path) -> None:
    run("import", lessons)
    run("import", document)
    digest = digest_of(document.read_bytes())
    (tmp_path / "hub" / "store" / digest[2:4] / digest).write_bytes(b"rot")

    with pytest.raises(Damaged, match="1 of 2 stored files") as caught:
        run("verify", "--json")
    assert 3 == caught.value.exit_code


def test_a_box_can_be_looked_at_too(run: Run, lessons: Path, tmp_path: Path) -> None:
    run("import", lessons)
    (tmp_path / "hub" / "catalog.db").rename(tmp_path / "hub" / "box.db")

    assert "1 of 1 files are whole.\n" == run("verify")


def test_help_imports_nothing_heavy() -> None:
    script = "import sys, catalog.cli; print([name for name in ('sqlite3', 'catalog.db') if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "[]\n" == answer.stdout


def test_a_data_folder_that_cannot_be_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("no folder")

    with pytest.raises(PlaceRefused, match="Not a directory"):
        Catalog.open(tmp_path / "a-file" / "data")
