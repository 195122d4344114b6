"""`qanat sync patch` by hand: folders, zips and releases in, the same folder out; every mistake has its sentence."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.fault import CallerFault, ContentFault, Fault
from provisioning.cli import qanat
from sync.patch.format import PackRefused
from tests.sync.patch.trees import read_folder, write_folder

PAGE = "<p>Water finds its way: {}.</p>\n"
V1 = {
    "index.html": "".join(PAGE.format(number) for number in range(400)).encode(),
    "ماء/درس.html": PAGE.format("الماء").encode() * 30,
    "old/gone.txt": b"gone by then" * 50,
    "old/moved.css": b"h1 { color: blue }\n" * 90,
    "empty.txt": b"",
}
V2 = {
    **{path: data for path, data in V1.items() if not path.startswith("old/")},
    "index.html": V1["index.html"].replace(b"way: 37", b"way, and 37"),
    "new/moved.css": V1["old/moved.css"],
    "new/again.css": V1["old/moved.css"],
    "new/added.html": PAGE.format("added").encode() * 20,
}


class Bench:
    """A table with two versions on it, and a hand that types commands."""

    def __init__(self, folder):
        self.folder = folder
        self.v1 = write_folder(folder / "v1", V1)
        self.v2 = write_folder(folder / "v2", V2)
        self.file = folder / "file.patch"
        self.out = folder / "out"

    def types(self, *words):
        """The output of `qanat sync patch ...`; faults come as they are."""
        done = CliRunner().invoke(qanat, ["sync", "patch", *map(str, words)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def builds(self, v1=None, v2=None, *options):
        self.types("build", v1 or self.v1, v2 or self.v2, "--out", self.file, *options)
        return self.file.read_bytes()

    def applies(self, v1=None):
        self.types("apply", self.file, "--from", v1 or self.v1, "--out", self.out)
        return read_folder(self.out)

    def zips(self, folder, *, top="", method=zipfile.ZIP_DEFLATED, name="zipped.zip"):
        place = self.folder / name
        with zipfile.ZipFile(place, "w", method) as archive:
            for path in sorted(folder.rglob("*"), reverse=method == zipfile.ZIP_STORED):
                archive.write(path, f"{top}{path.relative_to(folder).as_posix()}")
        return place


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_patch_makes_the_second_folder_out_of_the_first(bench):
    bench.builds()

    assert V2 == bench.applies()
    assert bench.file.stat().st_size < 700


def test_a_full_pack_needs_nothing_to_build_on(bench):
    bench.types("full", bench.v2, "--out", bench.file)
    bench.types("apply", bench.file, "--out", bench.out)

    assert V2 == read_folder(bench.out)


def test_an_empty_folder_that_is_there_already_is_filled(bench):
    bench.builds()
    bench.out.mkdir()

    assert V2 == bench.applies()


def test_what_came_out_are_plain_files_each_for_itself(bench):
    bench.builds()
    bench.applies()
    files = [path for path in bench.out.rglob("*") if path.is_file()]

    assert {(1, 0o644)} == {(path.stat().st_nlink, path.stat().st_mode & 0o777) for path in files}
    assert ["file.patch", "out", "v1", "v2"] == sorted(path.name for path in bench.folder.iterdir())


@pytest.mark.parametrize("top", ["", "course/"], ids=["bare", "with a folder around"])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED], ids=["deflated", "stored"])
def test_zips_give_the_bytes_that_folders_give(bench, top, method):
    from_folders = bench.builds()
    one, two = bench.zips(bench.v1, top=top, name="1.zip"), bench.zips(bench.v2, method=method, name="2.zip")

    assert from_folders == bench.builds(one, two)
    assert V2 == bench.applies(one)


@pytest.mark.system
def test_another_tools_zip_gives_the_bytes_that_folders_give(bench):
    from_folders = bench.builds()
    for name, level in (("v1", "-1"), ("v2", "-9")):
        subprocess.run(["zip", "-qr", level, f"{name}.zip", name], cwd=bench.folder, check=True)

    assert from_folders == bench.builds(bench.folder / "v1.zip", bench.folder / "v2.zip")


def test_what_macos_puts_into_a_zip_is_left_off(bench):
    from_folders = bench.builds()
    zipped = bench.zips(bench.v2, top="course/")
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr("__MACOSX/course/._index.html", b"attributes")

    assert from_folders == bench.builds(bench.v1, zipped)


def test_the_same_versions_give_the_same_bytes(bench):
    assert bench.builds() == bench.builds()


def test_releases_in_a_store_are_versions_too(bench):
    data = bench.folder / "data"
    for folder in (bench.v1, bench.v2):
        words = ["catalog", "import", str(folder), "--data", str(data), "--course", "water", "--title", "Water"]
        assert CliRunner().invoke(qanat, words).exit_code == 0

    bench.builds(f"{data}:water@1", f"{data}:water")

    assert {f"site/{path}": content for path, content in V2.items()} == bench.applies(f"{data}:water@1")


def test_show_tells_what_everybody_may_know(bench):
    bench.builds()

    shown = json.loads(bench.types("show", bench.file, "--json"))

    assert shown["bytes"] == bench.file.stat().st_size == shown["header_bytes"] + sum(shown["bytes_by_codec"].values())
    assert {"removed": 2, "changed": 1, "added": 3} == shown["operations"]
    assert ("base", True, False) == (shown["profile"], shown["from"].startswith("12"), "to" in shown)
    assert sum(shown["bytes_by_codec"].values()) == sum(group["wire_bytes"] for group in shown["groups"])


def test_show_tells_more_to_who_has_the_base(bench):
    bench.builds()

    shown = json.loads(bench.types("show", bench.file, "--from", bench.v1, "--json"))

    assert {"unchanged": 2, "removed": 2, "new": 2, "same": 0, "held": 2, "copies": 0} == shown["operations"]
    assert ("core", {"plain": 2, "jpeg-xl": 0}) == (shown["layer"], shown["codecs"])


def test_show_in_words(bench):
    bench.types("full", bench.v1, "--out", bench.file)

    shown = bench.types("show", bench.file)

    assert "A full pack" in shown
    assert "5 new" in shown
    assert "group   1" in shown


def test_build_can_answer_in_json(bench):
    answer = json.loads(bench.types("build", bench.v1, bench.v2, "--out", bench.file, "--json"))

    assert (bench.file.stat().st_size, "base") == (answer["bytes"], answer["profile"])


def refusal(bench, *words):
    with pytest.raises(Fault) as refused:
        bench.types(*words)
    assert refused.value.hint
    return refused.value


def test_a_folder_in_use_is_not_written_to(bench):
    bench.builds()

    fault = refusal(bench, "apply", bench.file, "--from", bench.v1, "--out", bench.v2)

    assert isinstance(fault, CallerFault)
    assert V2 == read_folder(bench.v2)


def test_another_base_is_refused_by_name(bench):
    bench.builds()
    (bench.v1 / "index.html").write_bytes(b"edited since")

    fault = refusal(bench, "apply", bench.file, "--from", bench.v1, "--out", bench.out)

    assert "was not made on" in fault.sentence
    assert not bench.out.exists()


def test_a_patch_without_its_base_says_what_is_missing(bench):
    bench.builds()

    assert "--from" in refusal(bench, "apply", bench.file, "--out", bench.out).hint


def test_another_root_than_the_one_asked_for_is_refused(bench):
    bench.builds()

    fault = refusal(bench, "apply", bench.file, "--from", bench.v1, "--out", bench.out, "--root", "12" + "ab" * 32)

    assert isinstance(fault, PackRefused)
    assert ["file.patch", "v1", "v2"] == sorted(path.name for path in bench.folder.iterdir())


def test_a_damaged_patch_leaves_nothing(bench):
    data = bytearray(bench.builds())
    data[-1] ^= 1
    bench.file.write_bytes(data)

    assert isinstance(refusal(bench, "apply", bench.file, "--from", bench.v1, "--out", bench.out), PackRefused)
    assert ["file.patch", "v1", "v2"] == sorted(path.name for path in bench.folder.iterdir())


@pytest.mark.parametrize("version", ["nowhere", "v1/index.html", "v1:water@1", "nowhere:water"])
def test_what_is_no_version_is_said(bench, version, monkeypatch):
    monkeypatch.chdir(bench.folder)

    assert isinstance(refusal(bench, "full", version, "--out", bench.file), CallerFault)


def test_a_hostile_zip_is_refused(bench):
    zipped = bench.zips(bench.v1)
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr("../../outside.txt", b"out")

    assert isinstance(refusal(bench, "full", zipped, "--out", bench.file), ContentFault)


def test_no_folder_to_write_to_is_said(bench):
    assert "Make it first" in refusal(bench, "full", bench.v1, "--out", bench.folder / "no" / "where").hint


def test_a_file_that_is_not_there_is_said(bench):
    assert isinstance(refusal(bench, "show", bench.folder / "nothing.patch"), CallerFault)


@pytest.mark.slow
def test_a_box_applies_without_what_only_a_hub_has(bench):
    """The chunker, the hub's database and liblzma's own library are forbidden to the child."""
    bench.builds()
    script = (
        "import sys, ctypes\n"
        "for name in ('pyfastcdc', 'sqlalchemy', 'sync.patch.build', 'sync.patch.anchors'): sys.modules[name] = None\n"
        "from provisioning.cli import qanat\n"
        f"qanat.main(['sync', 'patch', 'apply', {str(bench.file)!r}, '--from', {str(bench.v1)!r},"
        f" '--out', {str(bench.out)!r}], standalone_mode=False)\n"
    )

    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[3])

    assert V2 == read_folder(bench.out)
