"""Bills of materials: whole, true to the locks, in the words of the standard; an unknown licence stops them."""

import json
import re
import shutil
import tomllib
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


@pytest.mark.parametrize(("product", "lock"), [("qanat-box", "box"), ("qanat-hub", "postgres")])
def test_a_bill_names_all_that_its_lock_installs(made: Path, product: str, lock: str) -> None:
    listed = {(one["name"], one["version"]) for one in document(made, product)["components"] if "group" not in one}

    assert set(PINNED.findall((ROOT / "lock" / f"{lock}.txt").read_text())) == listed


def test_a_bill_names_the_scripts_that_our_pages_bundle(made: Path) -> None:
    asked = json.loads((ROOT / "sync/web/challenge/vendor/package.json").read_text())["dependencies"]
    listed = {one["purl"] for one in document(made, "qanat-box")["components"]}

    assert {f"pkg:npm/{name.replace('@', '%40')}@{version}" for name, version in asked.items()} <= listed


def test_every_part_has_a_hash_a_licence_and_somebody_who_needs_it(made: Path) -> None:
    bill = document(made, "qanat-hub")
    needed = {purl for one in bill["dependencies"] for purl in one["dependsOn"]}

    assert all(one["externalReferences"][0]["hashes"] for one in bill["components"])
    assert all(one["licenses"][0]["expression"] for one in bill["components"])
    assert {one["purl"] for one in bill["components"]} == needed


def test_what_only_a_hub_with_postgresql_has_is_said_to_be_optional(made: Path) -> None:
    optional = {one["name"] for one in document(made, "qanat-hub")["components"] if one["scope"] == "optional"}

    assert {"psycopg", "psycopg-binary"} == optional


def test_every_part_has_the_text_of_its_licence(made: Path) -> None:
    parts = [one for one in document(made, "qanat-hub")["components"] if "group" not in one]
    folders = [made / "licences" / f"{one['name']}-{one['version']}" for one in parts]

    assert [] == [folder.name for folder in folders if not any(folder.iterdir())]
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


def test_a_wheel_brings_the_bills_along(made: Path, tmp_path: Path) -> None:
    """What the build takes up is what `make sbom` wrote, where pyproject.toml says."""
    said = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    shutil.copytree(made, tmp_path / "build" / "sbom")

    found = {path.name for pattern in said["share/qanat/sbom"] for path in tmp_path.glob(pattern)}

    assert {"qanat-box.cdx.json", "qanat-hub.cdx.json"} == found
