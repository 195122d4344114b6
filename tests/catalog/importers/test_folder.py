import os
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.fault import CallerFault, ContentFault
from catalog.importers.archive import DEPTH_MAX
from catalog.importers.course import Imported

Read = Callable[..., Imported]


def paths(imported: Imported) -> list[str]:
    return [entry.path for layer in imported.layers for entry in layer.entries]


def test_a_site_becomes_one_activity(reading: Read, site: Path) -> None:
    imported = reading(site)

    assert [("site", "html", "site/index.html")] == [(one.id, one.kind, one.path) for one in imported.activities]
    assert ["site/img/a.png", "site/index.html"] == paths(imported)
    assert ("The water & us", "folder") == (imported.title, imported.report.format)


def test_the_one_folder_that_holds_everything_is_left_off(reading: Read, site: Path, tmp_path: Path) -> None:
    (tmp_path / "outer").mkdir()
    site.rename(tmp_path / "outer" / "export-2026")

    assert ["site/img/a.png", "site/index.html"] == paths(reading(tmp_path / "outer"))


def test_the_same_files_give_the_same_layers_wherever_they_lie(reading: Read, site: Path, tmp_path: Path) -> None:
    first = reading(site).layers
    site.rename(tmp_path / "other name")

    assert first == reading(tmp_path / "other name").layers


@pytest.mark.parametrize("page", ["index.htm", "INDEX.HTML", "start.html"])
def test_the_page_to_start_with_may_have_another_name(reading: Read, tmp_path: Path, page: str) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / page).write_text("hello")

    assert f"site/{page}" == reading(tmp_path / "course").activities[0].path


def test_a_title_in_an_old_encoding_is_read(reading: Read, site: Path) -> None:
    (site / "index.html").write_bytes('<meta charset="windows-1256"><title>الماء</title>'.encode("cp1256"))

    assert "الماء" == reading(site).title


def test_a_site_without_a_title_is_called_like_its_folder(reading: Read, site: Path) -> None:
    (site / "index.html").write_text("no title")

    assert "lessons" == reading(site).title


def test_an_empty_folder_is_refused(reading: Read, tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)

    with pytest.raises(ContentFault, match="empty is empty"):
        reading(tmp_path / "empty")


def test_a_folder_without_a_page_is_refused_with_what_to_do(reading: Read, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.odt").write_bytes(b"odt")

    with pytest.raises(ContentFault, match=r"index\.html"):
        reading(tmp_path / "notes")


def test_a_folder_of_films_and_documents_becomes_an_activity_for_each(
    reading: Read, tmp_path: Path, film: Path, captions: Path, document: Path
) -> None:
    folder = tmp_path / "week 1"
    folder.mkdir()
    for one in (film, captions, document):
        one.rename(folder / one.name)
    (folder / "notes.odt").write_bytes(b"odt")
    imported = reading(folder)

    assert [("le-sol", "pdf"), ("the-water", "video")] == [(one.id, one.kind) for one in imported.activities]
    assert ["notes.odt: not a kind of file that can be imported."] == imported.report.left_out


def test_a_link_out_of_the_folder_is_not_followed(reading: Read, site: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the staff's passwords")
    (site / "a.txt").symlink_to(tmp_path / "secret")
    (site / "b.txt").symlink_to("/etc/passwd")
    (site / "c").symlink_to(tmp_path)
    (site / "d").symlink_to("d")
    (site / "e").symlink_to(".")
    imported = reading(site)

    assert ["site/img/a.png", "site/index.html"] == paths(imported)
    assert [f"{name}: a link that leads elsewhere." for name in ("a.txt", "b.txt", "c", "d", "e")] == (
        imported.report.left_out
    )


def test_a_link_to_a_file_inside_is_followed(reading: Read, site: Path) -> None:
    (site / "b.png").symlink_to("img/a.png")

    assert ["site/b.png", "site/img/a.png", "site/index.html"] == paths(reading(site))


def test_a_pipe_is_left_out_and_not_waited_for(reading: Read, site: Path) -> None:
    os.mkfifo(site / "pipe")

    assert ["pipe: not a file (a pipe or a device)."] == reading(site).report.left_out


def test_what_computers_leave_behind_is_left_out(reading: Read, site: Path) -> None:
    for junk in (".DS_Store", "Thumbs.db", "._index.html"):
        (site / junk).write_bytes(b"junk")
    (site / ".git").mkdir()
    (site / ".git" / "config").write_bytes(b"junk")
    imported = reading(site)

    assert ["site/img/a.png", "site/index.html"] == paths(imported)
    assert 4 == len(imported.report.left_out)


def test_a_name_that_is_not_utf8_is_refused_with_a_sentence(reading: Read, site: Path) -> None:
    (site / os.fsdecode(b"le\xe7on.html")).write_text("latin-1")
    imported = reading(site)

    assert ["site/img/a.png", "site/index.html", "site/le?on.html"] == paths(imported)


def test_names_that_differ_only_in_capital_letters_are_refused(reading: Read, site: Path) -> None:
    (site / "Index.html").write_text("other")

    with pytest.raises(ContentFault, match="differ only in capital letters"):
        reading(site)


def test_folders_that_go_on_for_ever_are_refused(reading: Read, site: Path) -> None:
    (site / "/".join(["d"] * (DEPTH_MAX + 2))).mkdir(parents=True)

    with pytest.raises(ContentFault, match="deep"):
        reading(site)


def test_a_name_that_no_box_could_keep_is_refused(reading: Read, site: Path) -> None:
    (site / "a\nb.html").write_text("two lines")

    with pytest.raises(ContentFault, match="unsafe name"):
        reading(site)


def test_a_folder_that_is_not_there_is_the_callers_fault(reading: Read, tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="no nowhere here"):
        reading(tmp_path / "nowhere")
