"""H5P packages: taken with the libraries that run them, or refused with the names of those that are missing."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.importers.repairs.zawgyi import unicode_of
from catalog.store import Store
from tests.made_packages import as_json, zipped

Read = Callable[..., Imported]
ZAWGYI = "\u1031\u1014\u107b\u1015\u100a\u1039\u1031\u1010\u102c\u1039"
SHARED = Path(__file__).parents[5] / "shared" / "fixtures" / "h5p"


def needs(*names: str) -> list[dict[str, Any]]:
    return [{"machineName": name, "majorVersion": "1", "minorVersion": 2} for name in names]


def exercise(
    path: Path, *, document: bytes | None = None, content: bytes = b"{}", **libraries: list[dict[str, Any]]
) -> Path:
    """An exercise run by H5P.Ask, with these libraries and what each of them needs."""
    said = {"title": "Is it wet?", "language": "fr", "mainLibrary": "H5P.Ask", "license": "CC BY-SA",
            "preloadedDependencies": needs("H5P.Ask")}  # fmt: skip
    files = {"h5p.json": document or as_json(said), "content/content.json": content, "content/images/a.png": b"\x89PNG"}
    for name, dependencies in libraries.items():
        folder = f"{name.replace('_', '.')}-1.2"
        files[f"{folder}/library.json"] = as_json(
            {"majorVersion": 1, "minorVersion": 2, "preloadedJs": [{"path": "run.js"}],
             "preloadedDependencies": dependencies}
        )  # fmt: skip
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


@pytest.mark.parametrize("folder", ["H5P.Ask-1.2.7", "H5P.Ask", "h5p.ask-1.2"])
def test_a_library_in_a_folder_of_another_name_gets_the_name_that_players_look_for(
    reading: Read, tmp_path: Path, folder: str
) -> None:
    package = exercise(tmp_path / "a.h5p", H5P_Ask=[])
    renamed = {name.replace("H5P.Ask-1.2", folder): data for name, data in unpacked(package).items()}

    found = reading(zipped(tmp_path / "b.h5p", renamed))

    assert "is-it-wet/H5P.Ask-1.2/run.js" in {entry.path for entry in found.layers[0].entries}
    assert [f"{folder}: the library is called H5P.Ask-1.2, as players look for it."] == found.report.repaired


def test_the_document_of_an_exercise_gets_the_name_that_players_ask_for(reading: Read, tmp_path: Path) -> None:
    package = exercise(tmp_path / "a.h5p", H5P_Ask=[])
    renamed = {f"top/{name.replace('h5p.json', 'H5P.JSON')}": data for name, data in unpacked(package).items()}

    found = reading(zipped(tmp_path / "b.h5p", renamed))

    assert found.activities[0].path in {entry.path for entry in found.layers[0].entries}


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        ("H5P.Ask-1.2/run.js", "not in it: H5P.Ask-1.2/run.js"),
        ("content/content.json", r"the exercise itself \(content/content.json\) is not in it"),
    ],
)
def test_an_exercise_that_could_not_run_is_refused(reading: Read, tmp_path: Path, gone: str, why: str) -> None:
    files = unpacked(exercise(tmp_path / "a.h5p", H5P_Ask=[]))
    del files[gone]

    with pytest.raises(ContentFault, match=why):
        reading(zipped(tmp_path / "b.h5p", files))


def test_an_exercise_whose_content_is_broken_is_refused(reading: Read, tmp_path: Path) -> None:
    with pytest.raises(ContentFault, match=r"content/content\.json is not readable JSON"):
        reading(exercise(tmp_path / "a.h5p", content=b'{"a": ', H5P_Ask=[]))


def test_what_an_exercise_needs_and_does_not_bring_is_told(reading: Read, tmp_path: Path) -> None:
    content = as_json(
        {
            "video": [{"path": "https://video.example/watch?v=1", "mime": "video/YouTube"}],
            "here": {"path": "images/a.png#tmp", "mime": "image/png"},
            "gone": {"path": "images/b.png", "mime": "image/png"},
            "text": '<a href="https://wells.example/">More</a> <img src="https://wells.example/a.png">',
        }
    )

    report = reading(exercise(tmp_path / "a.h5p", content=content, H5P_Ask=[])).report

    assert ["content/images/b.png: not in the package, though content/content.json asks for it."] == report.left_out
    assert {
        "https://video.example/watch?v=1": True,
        "https://wells.example/": False,
        "https://wells.example/a.png": True,
    } == {link.address: link.is_needed for link in report.external_links}


@pytest.mark.parametrize("is_escaped", [True, False])
def test_burmese_of_an_old_font_is_made_unicode_in_an_exercise(
    reading: Read, files: Store, tmp_path: Path, is_escaped: bool
) -> None:
    said = json.dumps({"question": f"<p>{ZAWGYI}</p>"}, ensure_ascii=is_escaped).encode()

    found = reading(exercise(tmp_path / "a.h5p", content=said, H5P_Ask=[]))

    entry = next(one for one in found.layers[0].entries if one.path.endswith("content.json"))
    assert unicode_of(ZAWGYI) in json.loads(files.path(entry.digest).read_bytes())["question"]
    assert ["content/content.json: Burmese text in Zawgyi; it is Unicode now."] == found.report.repaired


def unpacked(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


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
