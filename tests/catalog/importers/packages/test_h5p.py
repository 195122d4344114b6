"""H5P packages: taken with the libraries that run them, or refused with the names of those that are missing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from tests.made_packages import as_json, zipped

Read = Callable[..., Imported]
SHARED = Path(__file__).parents[5] / "shared" / "fixtures" / "h5p"


def needs(*names: str) -> list[dict[str, Any]]:
    return [{"machineName": name, "majorVersion": "1", "minorVersion": 2} for name in names]


def exercise(path: Path, *, document: bytes | None = None, **libraries: list[dict[str, Any]]) -> Path:
    """An exercise run by H5P.Ask, with these libraries and what each of them needs."""
    said = {"title": "Is it wet?", "language": "fr", "mainLibrary": "H5P.Ask", "license": "CC BY-SA",
            "preloadedDependencies": needs("H5P.Ask")}  # fmt: skip
    files = {"h5p.json": document or as_json(said), "content/content.json": b"{}", "content/images/a.png": b"\x89PNG"}
    for name, dependencies in libraries.items():
        folder = f"{name.replace('_', '.')}-1.2"
        files[f"{folder}/library.json"] = as_json({"preloadedDependencies": dependencies})
        files[f"{folder}/run.js"] = b"1;"
        files[f"{folder}/semantics.json"] = b"[]"
        files[f"{folder}/language/ar.json"] = b"{}"
    return zipped(path, files)


def test_an_exercise_is_taken_with_the_libraries_that_run_it(reading: Read, tmp_path: Path) -> None:
    package = exercise(tmp_path / "a.h5p", H5P_Ask=needs("H5P.Base"), H5P_Base=[], H5PEditor_Form=[])

    found = reading(package)

    (activity,) = found.activities
    paths = {entry.path for entry in found.layers[0].entries}
    assert ("is-it-wet", "h5p", "is-it-wet/h5p.json") == (activity.id, activity.kind, activity.path)
    assert {"library": "H5P.Ask 1.2"} == dict(activity.attributes)
    assert {
        "is-it-wet/h5p.json", "is-it-wet/content/content.json", "is-it-wet/content/images/a.png",
        "is-it-wet/H5P.Ask-1.2/library.json", "is-it-wet/H5P.Ask-1.2/run.js",
        "is-it-wet/H5P.Base-1.2/library.json", "is-it-wet/H5P.Base-1.2/run.js",
    } == paths  # fmt: skip
    assert ["H5PEditor.Form-1.2: a library that only authors need."] == found.report.left_out
    assert ("Is it wet?", "CC BY-SA", "fr") == (found.about.title, found.about.licence, found.about.language)


def test_an_exercise_without_its_libraries_is_refused_by_their_names(reading: Read, tmp_path: Path) -> None:
    package = exercise(tmp_path / "a.h5p", H5P_Ask=needs("H5P.Base", "H5P.Dialog"))

    with pytest.raises(ContentFault, match=r"H5P\.Base 1\.2, H5P\.Dialog 1\.2"):
        reading(package)


def test_libraries_that_need_each_other_in_a_ring_end(reading: Read, tmp_path: Path) -> None:
    package = exercise(tmp_path / "a.h5p", H5P_Ask=needs("H5P.Base"), H5P_Base=needs("H5P.Ask"))

    assert "h5p" == reading(package).report.format


@pytest.mark.parametrize(
    "document",
    [b"{", b"[]", b"[" * 50_000, as_json({"mainLibrary": "H5P.Other", "preloadedDependencies": needs("H5P.Ask")})],
    ids=["cut", "a list", "deep", "another main library"],
)
def test_what_says_nothing_of_what_runs_it_is_refused(reading: Read, tmp_path: Path, document: bytes) -> None:
    with pytest.raises(ContentFault):
        reading(exercise(tmp_path / "a.h5p", document=document, H5P_Ask=[]))


@pytest.mark.skipif(not SHARED.exists(), reason="the packages of others are not beside this checkout")
def test_the_package_of_others_is_taken(reading: Read) -> None:
    (activity,) = reading(SHARED / "h5p-test.h5p").activities

    assert "H5P.TrueFalse 1.6" == activity.attributes["library"]
