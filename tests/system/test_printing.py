"""Office files through the real LibreOffice: printed as PDF, with nothing run and nothing fetched."""

import socket
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog import store as stores
from catalog.db import Database
from catalog.importers.course import Imported, read
from catalog.renditions.printer import printed
from catalog.renditions.studio import Studio
from catalog.store import Store

pytestmark = pytest.mark.system

PAGE = "The water\n\nالماء\n"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Store]:
    database = Database(tmp_path / "store.db", [stores.migrations])
    yield Store(tmp_path / "store", database)
    database.close()


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """An office file of some kind, made by the program itself."""

    def make(suffix: str) -> Path:
        source = tmp_path / ("table.csv" if suffix in ("xlsx", "ods") else "page.txt")
        source.write_text("a,b\n1,2\n" if source.suffix == ".csv" else PAGE)
        profile = f"-env:UserInstallation={(tmp_path / 'writer').as_uri()}"
        made = ["soffice", profile, "--headless", "--convert-to", suffix, "--outdir", str(tmp_path), str(source)]
        subprocess.run(made, check=True, capture_output=True)
        return source.with_suffix(f".{suffix}")

    return make


def imported(files: Store, source: Path) -> Imported:
    with files.batch() as batch:
        return read([source], batch, "en", None, lambda done, total: None, Studio.found())


@pytest.mark.parametrize("suffix", ["docx", "odt", "xlsx", "rtf"])
def test_an_office_file_becomes_a_pdf_with_the_file_beside_it(
    files: Store, written: Callable[[str], Path], suffix: str
) -> None:
    source = written(suffix)
    course = imported(files, source)

    activity = course.activities[0]
    entries = {entry.path: files.path(entry.digest) for layer in course.layers for entry in layer.entries}
    assert "pdf" == activity.kind
    assert entries[activity.path].read_bytes().startswith(b"%PDF")
    assert source.read_bytes() == entries[activity.attributes["renditions"][0]["path"]].read_bytes()


def test_a_file_that_cannot_be_printed_is_kept(files: Store, tmp_path: Path) -> None:
    source = tmp_path / "broken.docx"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "no xml")
    course = imported(files, source)

    assert "download" == course.activities[0].kind
    assert ["broken.docx: LibreOffice cannot print it; kept as a file to save."] == course.report.noted


def test_printing_fetches_nothing_that_a_file_links_to(tmp_path: Path, written: Callable[[str], Path]) -> None:
    """A picture that lies at a stranger's server would tell that server who prints."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            try:
                asked.append(server.accept()[0].recv(100))
            except OSError:
                return

        threading.Thread(target=answer, daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.png"
        plain = written("fodt").read_text()
        frame = (
            '<text:p><draw:frame text:anchor-type="as-char" svg:width="2cm" svg:height="2cm">'
            f'<draw:image xlink:href="{address}" xlink:type="simple"/></draw:frame></text:p></office:text>'
        )
        source = tmp_path / "linked.fodt"
        source.write_text(plain.replace("</office:text>", frame))
        made = printed(source, tmp_path / "place")
        server.shutdown(socket.SHUT_RDWR)

    assert made is not None
    assert [] == asked
