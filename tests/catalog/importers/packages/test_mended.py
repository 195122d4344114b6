"""Pages inside of packages get the mends that a site's pages get: links, known libraries, old fonts, wrong kinds."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from catalog.importers.course import Imported
from catalog.importers.repairs.zawgyi import unicode_of
from catalog.store import Store
from tests.made_packages import HEAD_12, as_json, zipped

Read = Callable[..., Imported]

ZAWGYI = "\u1031\u1014\u107b\u1015\u100a\u1039\u1031\u1010\u102c\u1039"
PAGE = (
    '<!doctype html><meta charset="utf-8"><title>Water</title><script src="https://code.jquery.com/jquery-3.7.1.min.js">'
    f'</script><img src="IMG/A.PNG"><script src="lib.js"></script><p style="font-family: Zawgyi-One">{ZAWGYI}</p>'
).encode()
FILES = {"start.html": PAGE, "img/a.png": b"\x89PNG\r\n\x1a\n1", "lib.js": b"<!doctype html><title>404</title>"}
MANIFEST = (
    f'<manifest identifier="c" {HEAD_12}><organizations><organization identifier="o"><title>{ZAWGYI}</title>'
    f'<item identifier="a" identifierref="r"><title>{ZAWGYI}</title></item></organization></organizations><resources>'
    '<resource identifier="r" type="webcontent" adlcp:scormtype="sco" href="Start.html"/></resources></manifest>'
)
CMI5 = (
    '<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"><course id="https://a.example/c">'
    "<title><langstring>C</langstring></title><description><langstring>c</langstring></description></course>"
    f'<au id="https://a.example/a"><title><langstring>{ZAWGYI}</langstring></title>'
    "<description><langstring>d</langstring></description><url>start.html</url></au></courseStructure>"
)
TINCAN = (
    '<tincan xmlns="http://projecttincan.com/tincan.xsd"><activities><activity id="https://a.example/a" type="x">'
    f"<name>{ZAWGYI}</name><launch>start.html</launch></activity></activities></tincan>"
)
ASK = [{"machineName": "H5P.Ask", "majorVersion": 1, "minorVersion": 2}]
H5P = {
    "h5p.json": as_json({"title": ZAWGYI, "mainLibrary": "H5P.Ask", "preloadedDependencies": ASK}),
    "content/content.json": b"{}",
    "H5P.Ask-1.2/library.json": b"{}",
    **{f"content/{name}": data for name, data in FILES.items()},
}


@pytest.mark.parametrize(
    ("package", "top"),
    [
        ({"imsmanifest.xml": MANIFEST.encode(), **FILES}, ""),
        ({"cmi5.xml": CMI5.encode(), **FILES}, ""),
        ({"tincan.xml": TINCAN.encode(), **FILES}, ""),
        (H5P, "content/"),
    ],
    ids=["scorm", "cmi5", "xapi", "h5p"],
)
def test_a_page_in_a_package_is_mended_as_any_other(
    reading: Read, files: Store, tmp_path: Path, package: Mapping[str, bytes], top: str
) -> None:
    found = reading(zipped(tmp_path / "a.zip", package))

    entries = {entry.path.partition("/")[2]: entry for entry in found.layers[0].entries}
    page = files.path(entries[f"{top}start.html"].digest).read_text()
    depth = "../" if top else ""
    assert f'src="{depth}vendored/jquery-3.7.1.min.js"' in page
    assert 'src="img/a.png"' in page
    assert unicode_of(ZAWGYI) in page
    assert "Zawgyi" not in page
    assert "vendored/jquery-3.7.1.min.js" in entries
    assert unicode_of(ZAWGYI) == found.activities[0].title["en"]
    assert [] == found.report.external_links
    assert [
        f"{top}lib.js: holds a web page in place of a .js file, probably a saved error page; what needs it fails."
    ] == (found.report.noted)
    assert f"{top}start.html: Burmese text in Zawgyi; it is Unicode now." in found.report.repaired


def test_names_of_an_old_alphabet_are_found_by_the_manifest(reading: Read, tmp_path: Path) -> None:
    manifest = MANIFEST.replace("Start.html", "水的故事/开始.html").encode()
    package = zipped(tmp_path / "gbk.zip", {"imsmanifest.xml": manifest, "XXXXXXXX/YYYY.html": b"<p>water"})
    raw = package.read_bytes().replace(b"XXXXXXXX", "水的故事".encode("gbk")).replace(b"YYYY", "开始".encode("gbk"))
    package.write_bytes(raw)

    assert "c/水的故事/开始.html" == reading(package).activities[0].path
