"""Bills of materials: whole, true to the locks, in the words of the standard; an unknown licence stops them."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from catalog.fault import CallerFault
from provisioning.bill import licences
from provisioning.bill.bill import make
from provisioning.bill.licences import demand_allowed, is_allowed, terms_of
from provisioning.bill.parts import Part, python_parts, script_parts

ROOT = Path(__file__).parents[3]
PINNED = re.compile(r"^([a-z0-9-]+)==([^\s;\\]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("sbom")
    make(ROOT, to)
    return to


def document(made: Path, product: str) -> Any:
    return json.loads((made / f"{product}.cdx.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("product", ["qanat-box", "qanat-hub"])
def test_a_bill_keeps_to_the_standard(made: Path, product: str) -> None:
    text = (made / f"{product}.cdx.json").read_text()

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_a_bill_that_does_not_keep_to_the_standard_is_found(made: Path) -> None:
    spoilt = document(made, "qanat-box")
    spoilt["components"][0]["type"] = "something"

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(spoilt)) is not None


@pytest.mark.parametrize(
    ("product", "locks"), [("qanat-box", ["box"]), ("qanat-hub", ["postgres", "parquet", "tls", "desk"])]
)
def test_a_bill_names_all_that_its_locks_install(made: Path, product: str, locks: list[str]) -> None:
    listed = {
        (one["name"], one["version"])
        for one in document(made, product)["components"]
        if one["purl"].startswith("pkg:pypi/")
    }

    pinned = [PINNED.findall((ROOT / "lock" / f"{lock}.txt").read_text()) for lock in locks]

    assert {one for part in pinned for one in part} == listed


def test_a_bill_names_the_scripts_that_our_pages_bundle(made: Path) -> None:
    asked = json.loads((ROOT / "sync/web/challenge/vendor/package.json").read_text())["dependencies"]
    listed = {one["purl"] for one in document(made, "qanat-box")["components"]}

    assert {f"pkg:npm/{name.replace('@', '%40')}@{version}" for name, version in asked.items()} <= listed


def test_a_bill_names_the_players_that_are_vendored(made: Path) -> None:
    lock = json.loads((ROOT / "edge/library/vendor/lock.json").read_text())
    listed = {one["purl"] for one in document(made, "qanat-box")["components"]}

    assert {f"pkg:npm/{name}@{one['version']}" for name, one in lock.items()} <= listed


def test_every_part_has_a_hash_a_licence_and_somebody_who_needs_it(made: Path) -> None:
    bill = document(made, "qanat-hub")
    needed = {purl for one in bill["dependencies"] for purl in one["dependsOn"]}

    assert all(one["externalReferences"][0]["hashes"] for one in bill["components"])
    assert all(one["licenses"][0]["expression"] for one in bill["components"])
    assert {one["purl"] for one in bill["components"]} == needed


def test_what_only_a_hub_with_more_than_the_usual_has_is_said_to_be_optional(made: Path) -> None:
    optional = {one["name"] for one in document(made, "qanat-hub")["components"] if one["scope"] == "optional"}

    database, files = {"psycopg", "psycopg-binary"}, {"arro3-core", "arro3-io"}
    certificates = {"acme", "charset-normalizer", "josepy", "pyopenssl", "pyrfc3339", "requests"}
    labels = {"fonttools", "fpdf2", "pillow", "uharfbuzz"}
    assert database | files | certificates | labels == optional


def test_every_extra_that_a_hub_may_be_installed_with_is_in_its_bill(made: Path) -> None:
    """A new extra fails here until its parts are counted; "dev" is for who works on Qanat, and "zim" is under a licence
    that we hand nothing out under: whoever runs a hub adds it."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    listed = {one["name"] for one in document(made, "qanat-hub")["components"]}

    asked = {
        re.split(r"[\[<>=;]", one)[0].lower()
        for name, needs in extras.items()
        if name not in ("dev", "zim")
        for one in needs
    }

    assert set() == asked - listed


def test_every_part_has_the_text_of_its_licence(made: Path) -> None:
    parts = [one for one in document(made, "qanat-hub")["components"] if "group" not in one]
    texts = [path.name for path in (made / "licences").iterdir()]
    wanted = [f"{one['name']}-{one['version']}-" for one in parts]

    assert [] == [start for start in wanted if not any(text.startswith(start) for text in texts)]
    assert "Apache License" in (made / "licences" / "qanat-LICENSE").read_text()


def test_the_same_parts_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    again = make(ROOT, tmp_path)

    assert [(made / path.name).read_bytes() for path in again] == [path.read_bytes() for path in again]


def test_a_part_under_an_unknown_licence_stops_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(licences.ALLOWED, "MPL-2.0")

    with pytest.raises(CallerFault, match=r"certifi .* comes under MPL-2.0"):
        make(ROOT, tmp_path)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND BSD-3-Clause", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", False),
        ("", False),
        ("BSD", False),
    ],
)
def test_what_is_allowed(expression: str, verdict: bool) -> None:
    assert is_allowed(expression) is verdict


def test_no_licence_at_all_is_none_that_is_allowed() -> None:
    with pytest.raises(CallerFault, match="no licence that we know"):
        demand_allowed(Part("npm", "left-pad", "1.0.0", ()), "")


def test_a_part_of_another_version_than_the_lock_says_is_refused() -> None:
    with pytest.raises(CallerFault, match=r"flask 0\.1 is not installed"):
        terms_of(Part("pypi", "flask", "0.1", ()))


def test_a_lock_without_hashes_is_refused() -> None:
    with pytest.raises(CallerFault, match="no hash for flask"):
        python_parts("flask==3.1.3\n    # via qanat (pyproject.toml)\n")


def test_a_lock_of_scripts_that_is_none_is_refused() -> None:
    with pytest.raises(CallerFault, match="cannot be read"):
        script_parts('{"packages": []}')


def test_who_read_a_licence_read_it_for_a_part_that_is_there() -> None:
    pinned = {name for name, _ in PINNED.findall((ROOT / "lock/postgres.txt").read_text())}

    assert set(licences.READ_BY_A_PERSON) <= pinned


@pytest.mark.slow
def test_a_wheel_brings_the_bills_and_the_texts_of_all_licences(made: Path, tmp_path: Path) -> None:
    """A real wheel of this checkout, built as a release is, after `make sbom`."""
    source = tmp_path / "source"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith(("tests/", "docs/")) and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    shutil.copytree(made, source / "build" / "sbom")

    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", tmp_path / "made", source], check=True
    )

    (wheel,) = (tmp_path / "made").glob("qanat-*.whl")
    brought = {
        name.partition("/share/qanat/sbom/")[2]
        for name in zipfile.ZipFile(wheel).namelist()
        if "/share/qanat/sbom/" in name
    }
    assert {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()} == brought
